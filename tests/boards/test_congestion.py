"""A router that does not get on is ended, and says how near it came."""

from __future__ import annotations

from pathlib import Path

import pytest

from intaglio.boards import route as routing
from intaglio.boards import toolchain
from intaglio.boards.congestion import PATIENCE, Crowding
from intaglio.boards.route import route
from intaglio.boards.synth import synthesise
from intaglio.boards.toolchain import Program, Progress
from intaglio.spec.errors import FitError
from intaglio.spec.target import load_target


def log(folder: Path, counts: list[int]) -> Path:
    file = folder / "log.txt"
    file.write_text(
        "".join(
            f"Info:     iter={n + 1} wires=700000 overused={count} overuse={count} archfail=NA\n"
            for n, count in enumerate(counts)
        )
    )
    return file


def test_no_log_and_falling_counts_are_no_reason(tmp_path: Path) -> None:
    assert not Crowding(tmp_path / "log.txt").stuck()
    assert not Crowding(log(tmp_path, list(range(100, 0, -1)))).stuck()
    assert not Crowding(log(tmp_path, [90, 40, *[50] * (PATIENCE - 1)])).stuck()
    assert not Crowding(log(tmp_path, [90, *[95] * PATIENCE, 0])).stuck()


def test_a_least_that_is_too_old_ends_it(tmp_path: Path) -> None:
    crowding = Crowding(log(tmp_path, [90, 40, *[50] * PATIENCE]))
    assert crowding.stuck()
    with pytest.raises(FitError, match="40 are used twice after 2 rounds and no fewer after 22"):
        raise crowding.error(load_target("ulx3s-85f"))


def test_routing_reports_it_and_keeps_nothing(
    core: tuple[str, str], tools: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    netlist = synthesise(*core, load_target("ulx3s-85f"))
    real = toolchain.execute

    def crowded(
        tool: Program, arguments: tuple[str, ...], *, cwd: Path, progress: Progress, **more: object
    ) -> tuple[int, str]:
        if not tool.name.startswith("nextpnr"):
            return real(tool, arguments, cwd=cwd, progress=progress, **more)  # type: ignore[arg-type]
        log(cwd, [9, *[9] * PATIENCE])
        assert more["hopeless"]()  # type: ignore[operator]
        return -9, ""

    monkeypatch.setattr(routing, "execute", crowded)
    for _ in range(2):
        with pytest.raises(FitError, match="E406"):
            route(netlist, (77,))
