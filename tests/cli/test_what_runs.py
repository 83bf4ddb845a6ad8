"""``check`` and ``estimate`` describe the network that runs, and say what became of the file's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.compiler.test_eca_tflite import attention

from intaglio import api
from intaglio.compiler.save_tflite import save_tflite

Command = Callable[..., Any]
AFTER = {
    "litert": {"mean": 1, "conv": 1, "table": 1, "mul": 1, "add": 1},
    "own": {"mean": 1, "conv": 1, "table": 1, "scale_add": 1},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "eca.tflite"
    path.write_bytes(save_tflite(attention("flat", 16, 3)))
    return path


@pytest.mark.parametrize("reference", AFTER)
def test_check(model: Path, reference: str) -> None:
    found = api.check_model(model, "tiny", reference=reference)
    assert found.ok
    assert found.runs == AFTER[reference]
    assert found.operators is not None
    assert found.operators["reshape"] == 5
    assert found.layers == sum(found.operators.values()) > sum(AFTER[reference].values())
    assert "convolution over channels" in {entry.name for entry in found.passes}
    assert found.host == ()


@pytest.mark.parametrize("reference", AFTER)
def test_estimate_is_what_compile_makes(model: Path, reference: str) -> None:
    found = api.estimate(model, "tiny", reference=reference)
    plan = api.compile(api.load(model), "tiny", reference=reference)
    assert [entry.name for entry in found.passes] == [entry.name for entry in plan.log]
    assert [layer.name for layer in found.layers] == [layer.name for layer in plan.program.layers]
    assert [layer.op for layer in found.layers] == [
        op for op, count in AFTER[reference].items() for _ in range(count)
    ]


@pytest.mark.parametrize("reference", AFTER)
@pytest.mark.parametrize("device", ["golden", "sim"])
def test_a_run_is_held_to_what_runs(
    model: Path, intaglio: Command, reference: str, device: str
) -> None:
    where = ("--config", "tiny", "--device", device, "--check", "golden", "--reference", reference)
    done = intaglio("run", str(model), *where, "--json")
    assert done.code == 0
    assert done.json["mismatches"] == 0
    assert done.json["compared"]["elements"] == 6 * 5 * 16


def test_commands_say_so(model: Path, intaglio: Command) -> None:
    text = intaglio("check", str(model), "--config", "tiny").out
    assert "what runs: 5 layers: 1 mean, 1 conv, 1 table, 1 mul, 1 add" in text
    assert "pass convolution over channels: 1 operators, bit-exact" in text
    own = intaglio("estimate", str(model), "--config", "tiny", "--reference", "own", "--json").json
    assert [layer["op"] for layer in own["layers"]] == list(AFTER["own"])
    assert {entry["certificate"] for entry in own["passes"]} == {"bit-exact", "sqnr"}
    digits = intaglio("check", str(api.demo_digits().model)).out
    assert "what runs: all of them" in digits
