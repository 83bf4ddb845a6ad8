from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from intaglio.bench.result import BenchError, RowResult, require
from intaglio.bench.row import Row, Values
from intaglio.bench.run import run_row

MakeRow = Callable[..., Row]


@pytest.fixture(scope="module")
def good(adder: MakeRow, seed: int, tmp_path_factory: pytest.TempPathFactory) -> RowResult:
    return run_row(adder(), seed=seed, output=tmp_path_factory.mktemp("verify"))


def test_a_good_component_passes_at_every_stall_probability(good: RowResult) -> None:
    require([good])
    assert good.payloads == 3 * 62
    assert good.cycles > 62 / 0.1  # the run at 0.9 takes ten cycles a payload


def test_latency_is_measured(good: RowResult) -> None:
    assert good.latency_cycles == 1


def test_a_wrong_payload_is_shown_by_its_value(adder: MakeRow, seed: int, tmp_path: Path) -> None:
    result = run_row(adder("edge"), seed=seed, output=tmp_path)
    assert "o[9] differs, expected -4, got -3" in result.faults[0]
    assert result.folder is not None
    assert (result.folder / "simulation.log").is_file()
    with pytest.raises(BenchError, match="E602: adder, seed") as caught:
        require([result])
    assert "intaglio verify adder --seed" in caught.value.findings[0].help


def test_a_stuck_component_is_named(adder: MakeRow, seed: int, tmp_path: Path) -> None:
    result = run_row(adder("stuck", patience_cycles=100), seed=seed, output=tmp_path)
    assert any("i[0] stuck: 0 of 62" in fault for fault in result.faults)


def test_a_payload_that_moves_while_waiting_is_a_fault(
    adder: MakeRow, seed: int, tmp_path: Path
) -> None:
    result = run_row(adder("unstable", backpressure=(0.9,)), seed=seed, output=tmp_path)
    assert any("changed before it was taken" in fault for fault in result.faults)


def test_missing_and_surplus_outputs_are_faults(adder: MakeRow, seed: int, tmp_path: Path) -> None:
    def short(inputs: Values) -> Values:
        return {"o": adder().golden(inputs)["o"][:-1]}

    result = run_row(adder(golden=short, backpressure=(0.3,)), seed=seed, output=tmp_path)
    assert any("one payload too many" in fault for fault in result.faults)


def test_a_wrong_latency_is_a_fault(adder: MakeRow, seed: int, tmp_path: Path) -> None:
    row = adder(backpressure=(0.0,))
    build = row.build

    def slow() -> object:
        component = build()
        component.latency_cycles = 2  # type: ignore[attr-defined]
        return component

    result = run_row(adder(build=slow, backpressure=(0.0,)), seed=seed, output=tmp_path)
    assert result.faults == ("latency is 1 cycles, latency_cycles says 2",)


def test_nothing_compared_is_a_fault(adder: MakeRow, seed: int, tmp_path: Path) -> None:
    row = adder(inputs=lambda _: {"i": []}, golden=lambda _: {"o": []}, latency=None)
    assert run_row(row, seed=seed, output=tmp_path).faults == ("nothing was compared",)


def test_a_failing_row_is_run_again_with_waves(adder: MakeRow, seed: int, tmp_path: Path) -> None:
    row = adder("edge", backpressure=(0.0,))
    result = run_row(row, seed=seed, waves_on_fail=True, output=tmp_path)
    assert result.waves is not None
    assert "o__payload" in result.waves.read_text()


def test_the_seed_decides_the_stimulus(adder: MakeRow, tmp_path: Path) -> None:
    row = adder(backpressure=(0.5,))
    cycles = [run_row(row, seed=s, output=tmp_path).cycles for s in (1, 1, 2)]
    assert cycles[0] == cycles[1] != cycles[2]
