"""Real networks in simulated gates: every operator's output is the reference kernels' output."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from intaglio.cli.app import run

# Model, reference file, and how many operators the reference holds.
MODELS = {
    "resnet8": ("mlperf_tiny/pretrainedResnet_quant", "resnet8_int8"),
    "ds-cnn": ("mlperf_tiny/kws_ref_model", "kws"),
    "vww": ("mlperf_tiny/vww_96_int8", "vww_96"),
    "digits": ("generated/digits_int8", "digits_int8"),
}


@pytest.mark.parametrize("stalls", ["0", "0.3", "0.9"])
@pytest.mark.parametrize("name", MODELS)
def test_every_operator_equals_the_reference(
    shared: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seed: int,
    name: str,
    stalls: str,
) -> None:
    model, case = MODELS[name]
    file = shared / "golden" / "litert_ref" / f"{case}.npz"
    words = ["run", f"{shared}/models/{model}.tflite", "--device", "sim", "--check", str(file)]
    words += ["--stalls", stalls, "--seed", str(seed), "--output", str(tmp_path / "out"), "--json"]
    code = run(words)
    found = json.loads(capsys.readouterr().out)
    with np.load(file) as arrays:
        written = {key: arrays[key].size for key in arrays.files if key[0] == "t"}
    inputs = {f"t{number:03d}" for number in _inputs(file)}
    expected = {key: size for key, size in written.items() if key not in inputs}
    assert code == 0, found.get("first_mismatch")
    assert found["mismatches"] == 0
    assert found["compared"] == {"tensors": len(expected), "elements": sum(expected.values())}
    assert all(layer["compared"] > 0 for layer in found["layers"])
    assert found["fused"]["compared"]["tensors"] == 1
    assert found["fused"]["cycles"] < found["cycles"]


def _inputs(file: Path) -> list[int]:
    """Return the tensors of a reference file that no operator wrote."""
    cases = json.loads((file.parent / "index.json").read_text())["cases"]
    case = next(case for case in cases if case["file"] == file.name)
    return [tensor["tensor"] for tensor in case["tensors"] if tensor["op"] == "INPUT"]
