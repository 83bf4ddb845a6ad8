"""``quantise``, ``allocate``, ``evaluate`` and what they hand to ``run``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from intaglio.api.model import load
from intaglio.api.tour import demo_digits
from intaglio.spec.config_file import to_toml
from intaglio.spec.presets import PRESETS

Command = Callable[..., Any]
SAMPLES = 40


@pytest.fixture
def data(tmp_path: Path) -> Path:
    digits = demo_digits()
    path = tmp_path / "digits.npz"
    np.savez(path, images=digits.images[:SAMPLES], labels=digits.labels[:SAMPLES])
    return path


@pytest.fixture
def switched(tmp_path: Path) -> Path:
    path = tmp_path / "switched.toml"
    config = replace(PRESETS["tiny"], name="switched", precisions=(8, 4))
    path.write_text(to_toml(config))
    return path


def float_model(path: Path) -> Path:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4, 2, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["y"], name="relu"),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 2, 6, 6))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    np.savez(path.with_suffix(".npz"), anything=rng.normal(size=(6, 6, 6, 2)))
    return path


def test_a_float_model_is_quantised_and_run(intaglio: Command, tmp_path: Path) -> None:
    model = float_model(tmp_path / "net.onnx")
    words = ("--data", model.with_suffix(".npz"), "-o", "q.onnx", "--rounding", "learned")
    done = intaglio("quantise", model, *words, "--json")
    assert done.code == 0
    (layer,) = done.json["layers"]
    assert (layer["name"], layer["act_bits"], layer["weight_bits"]) == ("conv", 8, 8)
    assert layer["sqnr_db"] > 35
    assert done.json["fused_activations"] == 1
    assert done.json["scheme"]["method"] == "mse"
    again = intaglio("run", "q.onnx", "--reference", "onnxruntime", "--check", "golden", "--json")
    assert (again.code, again.json["mismatches"]) == (0, 0)


@pytest.mark.parametrize(
    ("words", "code", "finding"),
    [
        (("--method", "guess"), 2, "E101"),
        (("--layer", "conv"), 2, "E101"),
        (("--data", "nothing.npz"), 2, "E103"),
        (("--data", "other.npz"), 3, "E305"),
    ],
)
def test_what_cannot_be_quantised(
    intaglio: Command, tmp_path: Path, words: tuple[str, ...], code: int, finding: str
) -> None:
    model = float_model(tmp_path / "net.onnx")
    np.savez(tmp_path / "other.npz", x=np.zeros((1, 7)))
    given = () if "--data" in words else ("--data", model.with_suffix(".npz"))
    done = intaglio("quantise", model, *given, *words, "--json")
    assert (done.code, done.codes) == (code, [finding])


def test_accuracy_of_the_shipped_network(intaglio: Command, model: Path, data: Path) -> None:
    done = intaglio("evaluate", model, "--data", data, "--json")
    found = done.json
    assert done.code == 0
    assert found["samples"] == SAMPLES
    confusion = np.array(found["confusion"])
    assert confusion.shape == (10, 10)
    assert confusion.sum() == SAMPLES
    assert np.trace(confusion) == found["right"] > 0.9 * SAMPLES
    assert [c["support"] for c in found["classes"]] == confusion.sum(axis=1).tolist()
    assert found["gates"] is None


def test_data_without_labels_are_refused(intaglio: Command, model: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=demo_digits().images[:2])
    done = intaglio("evaluate", model, "--data", tmp_path / "x.npz", "--json")
    assert (done.code, done.codes) == (3, ["E307"])


def test_bits_are_allocated_and_run(
    intaglio: Command, model: Path, data: Path, switched: Path
) -> None:
    common = ("--config", switched, "--samples", "4")
    done = intaglio("allocate", model, "--data", data, *common, "--limit", "93%", "--json")
    assert done.code == 0
    found = done.json
    assert found["all_narrow"] < found["cost"] <= found["limit"] == 0.93 * found["all_wide"]
    bits = json.loads(Path(found["output"]).read_text())["bits"]
    assert set(bits.values()) == {4, 8}
    words = ("--config", switched, "--allocation", found["output"])
    ran = intaglio("run", model, *words, "--check", "golden", "--json")
    assert (ran.code, ran.json["mismatches"]) == (0, 0)
    assert sum(layer["model_cycles"] or 0 for layer in ran.json["layers"]) == found["cost"]
    least = intaglio("allocate", model, "--data", data, *common, "--limit", "1", "--json")
    assert (least.code, least.codes) == (4, ["E408"])


def test_allocations_of_others_are_refused(intaglio: Command, model: Path, tmp_path: Path) -> None:
    for text, code in (("{}", "E307"), ('{"schema": 1, "bits": {"z": 4}, "ranges": {}}', "E307")):
        (tmp_path / "bits.json").write_text(text)
        done = intaglio("run", model, "--allocation", tmp_path / "bits.json", "--json")
        assert (done.code, done.codes) == (3, [code])
    both = intaglio("run", model, "--bits", "4", "--allocation", tmp_path / "bits.json", "--json")
    assert (both.code, both.codes) == (2, ["E102"])


@pytest.mark.parametrize("budget", ["bytes", "bops", "energy"])
def test_other_budgets_with_losses_of_weights(
    intaglio: Command, model: Path, data: Path, switched: Path, tmp_path: Path, budget: str
) -> None:
    table = tmp_path / "traces.csv"
    names = [name for name, op in load(model).layers if op in {"conv", "depthwise", "dense"}]
    rows = [f"{name},{100 - index}" for index, name in enumerate(names)]
    table.write_text("\n".join(["layer,hessian_trace_per_param", *rows]))
    words = ("--config", switched, "--samples", "2", "--hessian", table, "--limit", "97%")
    done = intaglio("allocate", model, "--data", data, "--budget", budget, *words, "--json")
    assert done.code == 0
    assert done.json["cost"] <= done.json["limit"] < done.json["all_wide"]
    assert {group["bits"] for group in done.json["groups"]} == {4, 8}
    if budget == "bops":
        assert done.json["all_narrow"] < done.json["all_wide"]


@pytest.mark.parametrize(
    ("words", "code", "finding"),
    [
        (("--widths", "4,five"), 2, "E101"),
        (("--widths", "8"), 2, "E101"),
        (("--limit", "some"), 2, "E101"),
        (("--budget", "money"), 2, "E101"),
    ],
    ids=str,
)
def test_what_cannot_be_allocated(
    intaglio: Command,
    model: Path,
    data: Path,
    switched: Path,
    words: tuple[str, ...],
    code: int,
    finding: str,
) -> None:
    done = intaglio("allocate", model, "--data", data, "--config", switched, *words, "--json")
    assert (done.code, done.codes) == (code, [finding])


def test_a_table_is_allocated(intaglio: Command, tmp_path: Path) -> None:
    table = tmp_path / "layers.csv"
    table.write_text(
        "layer,tie_group,params,macs,hessian_trace_per_param,l2_perturb_int4,l2_perturb_int8,"
        "t_int4,t_int8\na,,100,1000,1.0,4,1,5,9\nb,T,100,1000,0.1,4,1,5,9\nc,T,50,500,0.1,2,1,2,4\n"
    )
    done = intaglio("allocate", table, "--budget", "t", "--limit", "50%", "--json")
    assert done.code == 0
    assert done.json["layers"] == {"a": 8, "b": 4, "c": 4}
    assert done.json["cost"] == 16
    assert intaglio("allocate", table, "--budget", "u", "--json").codes == ["E307"]
    assert intaglio("allocate", table, "--limit", "7", "--json").codes == ["E101"]


@pytest.mark.slow
def test_a_sample_runs_in_gates(intaglio: Command, model: Path, data: Path) -> None:
    words = ("--config", "tiny", "--device", "sim", "--sample", "4")
    found = intaglio("evaluate", model, "--data", data, *words, "--json").json["gates"]
    assert (found["count"], found["elements"], found["mismatches"]) == (4, 40, 0)
    assert found["right"] >= 3
    assert found["cycles"] > 1000
