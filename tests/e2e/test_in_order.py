"""Accelerators of one command at a time: bytes, cycles, and what is told without counters."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from intaglio.api.bench_random import KINDS, random_shape
from intaglio.api.bench_trial import run_trial
from intaglio.api.layer_cycles import memory_model
from intaglio.api.tour import demo_digits
from intaglio.bench.device import SimDevice
from intaglio.bench.library import MemorySettings
from intaglio.bench.pairs_whole import BARE, IN_ORDER
from intaglio.bench.programs import small_program
from intaglio.cli.app import run
from intaglio.golden.machine import GoldenDevice
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.errors import DeviceError, FitError
from intaglio.spec.timing import predict

TRIALS = 12  # of each operator in the slow test


class Noted(SimDevice):
    """A device that keeps what its runs took."""

    def __init__(self, config: ArrayConfig, memory: MemorySettings) -> None:
        super().__init__(config, memory)
        self.found: list[RunStats] = []

    def run(self, commands: bytes) -> RunStats:
        """Run and note."""
        self.found.append(super().run(commands))
        return self.found[-1]


@pytest.mark.parametrize("latency", [1, 20])
@pytest.mark.parametrize("config", [IN_ORDER, BARE], ids=[IN_ORDER.name, BARE.name])
def test_a_program_takes_the_cycles_of_the_model(
    config: ArrayConfig, latency: int, rng: np.random.Generator
) -> None:
    job = small_program(config, rng, (5, 9))
    memory = MemorySettings(latency=latency)
    gates = Noted(config, memory)
    after = job.run(gates)
    gates.close()
    for region, expected in job.run(GoldenDevice(config)).items():
        assert (after[region] == expected).all()
    model = predict(job.commands, config, memory_model(memory))
    (found,) = gates.found
    assert found.cycles == model.cycles
    if config.counters:
        assert found.marks == model.marks
        assert {name: found.counters[name] for name in model.counters} == model.counters
    else:
        assert found.marks == {}
        assert list(found.counters) == ["COMMANDS"]


def test_digits_runs_on_the_smallest_board_as_the_model_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", demo_digits().images[:1])
    words = ["run", str(demo_digits().model), "--config", "icebreaker", "--device", "sim"]
    assert run([*words, "--input", "x.npy", "--check", "golden", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mismatches"] == 0
    assert found["compared"]["elements"] > 1000
    assert found["cycles"] == found["model_cycles"]
    assert list(found["counters"]) == ["COMMANDS"]
    # Without a trace nothing tells where one layer ends and the next begins.
    assert sum(layer["cycles"] is not None for layer in found["layers"]) < len(found["layers"])


def test_absent_counters_are_refused_and_not_zero() -> None:
    bare = SimDevice(BARE)
    with pytest.raises(DeviceError) as caught:
        run_trial(random_shape("conv", lambda low, _: low), bare, 1)
    assert caught.value.findings[0].code == "E704"
    bare.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_random_layers_take_the_cycles_of_the_model(kind: str, seed: int) -> None:
    device = SimDevice(IN_ORDER)
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    ran = 0
    for number in range(TRIALS):
        shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
        try:
            trial = run_trial(shape, device, seed + number)
        except FitError:
            continue
        ran += 1
        assert trial.mismatches == 0
        assert trial.cycles == trial.model_cycles, shape
        assert trial.explained
    assert ran
    device.close()
