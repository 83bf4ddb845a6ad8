"""The page of accuracy: what was promised, what was found, and whether it holds."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from intaglio.api import accuracy
from intaglio.api.layer_cycles import model_cycles
from intaglio.api.plan import compile as compile_model
from intaglio.estimate.grid import KINDS


def test_the_page_says_what_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    def simulated(model: Any, config: Any, *_: object) -> dict[str, Any]:
        cycles = model_cycles(compile_model(model, config).program, config)
        layers = [{"cycles": cycles.get(i, 0) * 2} for i in range(len(model.graph.nodes))]
        return {"layers": layers, "cycles": 2 * sum(cycles.values()), "mismatches": 0}

    monkeypatch.setattr(accuracy, "simulated", simulated)
    monkeypatch.setattr(accuracy, "CONFIGS", ("tiny",))
    text = accuracy.page()
    assert "-50.00%" in text  # twice as many cycles as the model says
    assert "promised 5%: **no**" in text
    for family, kind, name in product(("ecp5", "gowin", "ice40"), KINDS, ("dsp", "bram")):
        start = f"| {family} {name} | {kind} |"
        [line] = [line for line in text.splitlines() if line.startswith(start)]
        assert line.endswith("| yes |"), line


def test_without_the_board_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("INTAGLIO_SHARED", str(tmp_path))
    assert "Not measured here" in "\n".join(accuracy._board())
