"""External suites: CMSIS-NN, ONNX node tests, random networks against LiteRT and ONNX Runtime."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from intaglio.api.suites import Case, data_folder, run_suite
from intaglio.api.suites_cmsis import case_graph, cmsis_cases
from intaglio.api.suites_layers import LAYERS
from intaglio.api.suites_ort import ort_cases
from intaglio.api.suites_run import mismatch
from intaglio.spec.errors import UsageError

REAL_NODES = {
    **{"Conv": 6, "ConvTranspose": 10, "AveragePool": 13, "MaxPool": 13, "GlobalAveragePool": 2}
}
INTEGER_NODES = {"ConvInteger": 2, "MatMulInteger": 1, "QLinearConv": 1, "QLinearMatMul": 8}


def test_all_cases_of_cmsis_nn(shared: Path) -> None:
    result = run_suite("cmsis-nn", data=shared)
    assert (result.cases, result.passed, result.failed) == (141, 141, ())
    assert sum(tally["cases"] for tally in result.categories.values()) == 141


def test_a_wrong_bit_is_seen(shared: Path) -> None:
    case = next(cmsis_cases(shared))
    assert case.run("golden") == ""
    with np.load(shared / "golden/cmsis_nn/conv_3.npz") as file:
        arrays = dict(file)
    import json

    index = json.loads((shared / "golden/cmsis_nn/index.json").read_text("utf-8"))
    entry = next(c for c in index["cases"] if c["case"] == "conv_3")
    graph = case_graph(entry, arrays)
    wrong = arrays["output"].copy()
    wrong.reshape(-1)[3] += 1
    found = mismatch(graph, {0: arrays["input"]}, wrong, "golden", "tflm")
    assert "1 of" in found
    assert "element 3" in found


def test_integer_node_tests_of_onnx_are_exact() -> None:
    result = run_suite("onnx-nodes")
    for name, count in INTEGER_NODES.items():
        assert result.categories[name] == {"cases": count, "passed": count}
    assert all(reason.startswith("needs ") for _, reason in result.failed)
    # Real ones of one and two dimensions, quantised to 16 bits, are within the stated error.
    for name, count in REAL_NODES.items():
        assert result.categories[name]["passed"] >= count
    assert result.passed >= 56


def test_an_error_beyond_the_bound_fails_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intaglio.api.suites_onnx_real.bound_of", lambda *_: 1e-9)
    result = run_suite("onnx-nodes")
    wrong = [name for name, reason in result.failed if "beyond the bound" in reason]
    assert "test_basic_conv_with_padding" in wrong


@pytest.mark.slow
def test_node_tests_of_onnx_in_gates() -> None:
    result = run_suite("onnx-nodes", "sim")
    assert all(reason.startswith("needs ") for _, reason in result.failed)
    assert result.passed >= 56


@pytest.mark.parametrize("suite", ["litert-random", "ort-random"])
def test_random_layers_and_graphs(suite: str, seed: int) -> None:
    pytest.importorskip("ai_edge_litert" if suite.startswith("litert") else "onnxruntime")
    result = run_suite(suite, seed=seed, count=100)
    assert result.failed == ()
    assert result.cases == 120


@pytest.mark.slow
@pytest.mark.parametrize("suite", ["litert-random", "ort-random"])
def test_many_random_layers_and_graphs(suite: str, seed: int) -> None:
    result = run_suite(suite, seed=seed + 1000, count=2000)
    assert result.failed == ()
    assert result.cases >= 2300


@pytest.mark.parametrize("place", [86])
def test_random_layers_that_once_failed(place: int) -> None:
    """Nine-bit weights of one row, with padding above: reads were tracked where none are."""
    pytest.importorskip("onnxruntime")
    case = next(islice(ort_cases(1001, 2000), place, None))
    assert case.run("golden") == ""


def test_random_layers_are_not_all_saturated(seed: int) -> None:
    """Codes that all clamp would compare nothing."""
    from intaglio.golden.network import run_graph

    rng = np.random.default_rng(seed)
    for kind in ("conv int8", "depthwise int8", "dense int8", "conv int8x4", "add int8"):
        seen: set[int] = set()
        for _ in range(8):
            graph = LAYERS[kind](rng)
            inputs = {
                n: rng.integers(-128, 128, graph.tensors[n].shape).astype(np.int8)
                for n in graph.inputs
            }
            seen |= set(np.unique(run_graph(graph, inputs)[graph.outputs[0]]).tolist())
        assert len(seen) > 30, kind


def test_missing_data_are_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAGLIO_SHARED", str(tmp_path))
    for folder in (None, tmp_path / "absent"):
        with pytest.raises(UsageError) as caught:
            data_folder(folder)
        (finding,) = caught.value.findings
        assert finding.code == "E103"
        assert "INTAGLIO_SHARED" in finding.help


def test_unknown_suites_and_devices_are_usage_errors() -> None:
    for arguments in (("cmsis",), ("cmsis-nn", "fpga")):
        with pytest.raises(UsageError, match="E101"):
            run_suite(*arguments)


def test_a_case_that_raises_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from intaglio.api import suites
    from intaglio.spec.errors import Finding, ModelError

    def broken(device: str) -> str:
        raise ModelError(Finding("E303", f"no such thing on {device}"))

    cases = [Case("good", "a", lambda device: ""), Case("bad", "a", broken)]
    monkeypatch.setattr(suites, "suites", lambda: {"cmsis-nn": lambda *_: iter(cases)})
    result = run_suite("cmsis-nn")
    assert result.failed == (("bad", "E303: no such thing on golden"),)
    assert result.categories == {"a": {"cases": 2, "passed": 1}}
