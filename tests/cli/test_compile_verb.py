"""``intaglio compile``: objectives, the log of passes, bytes on the bus, the peak."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


def test_objectives_and_what_they_move(intaglio: Run, model: Any) -> None:
    found = {}
    for name in ("latency", "energy", "area"):
        words = ("compile", model, "--config", "tiny", "--objective", name, "--json")
        done = intaglio(*words, "-o", f"{name}.program")
        assert done.code == 0
        found[name] = json.loads(done.out)
        moved = found[name]["traffic_bytes"]
        parts = ("tensors_read", "constants_read", "commands_read", "written")
        assert moved["total"] == sum(moved[part] for part in parts)
        assert found[name]["objective"] == name
        assert isinstance(found[name]["passes"], list)
    totals = {name: entry["traffic_bytes"]["total"] for name, entry in found.items()}
    assert totals["energy"] <= totals["latency"]
    area = found["area"]
    assert area["tensor_bytes"] <= min(area["peak"]["size"], found["latency"]["tensor_bytes"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--objective", "speed"), "E101"),
        (("--objective", "area", "--solver", "guess"), "E101"),
        (("--solver", "cpsat"), "E102"),
        (("--objective", "energy", "--keep-all"), "E102"),
    ],
)
def test_what_compile_refuses(intaglio: Run, model: Any, words: tuple[str, ...], code: str) -> None:
    done = intaglio("compile", model, *words, "--json")
    assert done.code == 2
    assert json.loads(done.out)["errors"][0]["code"] == code
