"""Float networks quantised: held to ONNX Runtime, to golden, and to what each method promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from tests.quantise import float_models as nets

from intaglio.compiler.load_onnx import parse_onnx
from intaglio.golden.network import run_graph
from intaglio.quantise.calibrate import Statistics, calibrated, squared_error
from intaglio.quantise.forward import forward
from intaglio.quantise.grid import grid_of
from intaglio.quantise.network import read_float
from intaglio.quantise.passes import simplified
from intaglio.quantise.place import places_of
from intaglio.quantise.rounding import learned
from intaglio.quantise.run import Quantised, quantise
from intaglio.quantise.scheme import METHODS, Scheme
from intaglio.spec.errors import IntaglioError
from intaglio.spec.graph import Op
from intaglio.spec.requant import quant_of

SAMPLES = 4


@pytest.fixture(scope="module")
def net() -> tuple[bytes, Any]:
    rng = np.random.default_rng(0)
    data = nets.mixed_net(rng)
    return data, rng.normal(size=(SAMPLES, 1, 3, 10, 10)).astype(np.float32)


def made(net: tuple[bytes, Any], scheme: Scheme) -> Quantised:
    return quantise(net[0], "net.onnx", {"x": net[1]}, scheme)


def golden(done: Quantised, x: Any) -> Any:
    """Return the real output of golden operators with ONNX Runtime's roundings."""
    graph = parse_onnx(done.data, "q.onnx")
    (number,) = graph.inputs
    tensor = graph.tensors[number]
    limits = np.iinfo(tensor.dtype)
    steps = np.rint(x / np.float32(quant_of(tensor).scale)) + quant_of(tensor).zero_point
    codes = np.clip(steps, limits.min, limits.max).astype(tensor.dtype).transpose(0, 2, 3, 1)
    out = graph.tensors[graph.outputs[0]]
    found = run_graph(graph, {number: codes}, "onnxruntime")[out.number]
    return (found.astype(np.float64) - quant_of(out).zero_point) * quant_of(out).scale


def test_numpy_runs_a_float_network_as_onnx_runtime_does(net: tuple[bytes, Any]) -> None:
    model = read_float(net[0], "net.onnx")
    for x in net[1]:
        (expected,) = nets.by_runtime(net[0], {"x": x})
        np.testing.assert_allclose(forward(model, {"x": x})["z"], expected, rtol=1e-4, atol=1e-6)


def test_passes_fold_all_that_is_no_operator_of_the_array(net: tuple[bytes, Any]) -> None:
    model, certificates = simplified(read_float(net[0], "net.onnx"), {"x": net[1][0]})
    assert [node.op for node in model.nodes] == [
        *("Conv", "Relu", "Conv", "Clip", "Conv", "Add", "MaxPool"),
        *("GlobalAveragePool", "Flatten", "Gemm", "Softmax"),
    ]
    by_name = {c.name: c for c in certificates}
    assert by_name["identities"].exact and by_name["padding"].exact
    assert by_name["batch normalisation"].sqnr_db is not None
    assert by_name["batch normalisation"].sqnr_db > 100
    assert places_of(model).fused == 2


@pytest.mark.parametrize(
    ("settings", "least_db"),
    [
        *(({"method": method}, 30) for method in METHODS),
        ({"symmetric": True}, 25),
        ({"affine_weights": True}, 30),
        ({"granularity": "tensor"}, 30),
        ({"act_bits": 4, "weight_bits": 4}, 10),
        ({"weights": "two-term"}, 15),
        ({"weights": "shift"}, 10),
        ({"rounding": "learned", "weight_bits": 4}, 18),
    ],
    ids=str,
)
def test_golden_equals_onnx_runtime(
    net: tuple[bytes, Any], settings: dict[str, Any], least_db: float
) -> None:
    done = made(net, Scheme(**settings))
    assert done.outputs["z"] > least_db
    real = np.stack([nets.by_runtime(done.data, {"x": x})[0][0] for x in net[1]])
    np.testing.assert_array_equal(golden(done, net[1][:, 0]).reshape(real.shape), real)


def test_sixteen_bits_are_within_a_step_of_onnx_runtimes_floats(net: tuple[bytes, Any]) -> None:
    done = made(net, Scheme(act_bits=16, weight_bits=16))
    assert done.outputs["z"] > 70
    (real,) = nets.by_runtime(done.data, {"x": net[1][0]})
    assert np.abs(golden(done, net[1][0]).reshape(real.shape) - real).max() <= 2.0**-15


def test_groups_have_scales_of_their_own_and_onnx_runtime_reads_them(
    net: tuple[bytes, Any],
) -> None:
    plain = made(net, Scheme(weight_bits=4))
    done = made(net, Scheme(weight_bits=4, granularity="group", group_size=2))
    finer, coarser = (
        next(layer.weight_sqnr_db for layer in d.layers if layer.name == "pw")
        for d in (done, plain)
    )
    assert finer is not None and coarser is not None and finer > coarser
    (real,) = nets.by_runtime(done.data, {"x": net[1][0]}, apart=True)
    whole = forward(read_float(net[0], "net.onnx"), {"x": net[1][0]})["z"]
    assert np.abs(real - whole).max() < 0.05
    kinds = {n.attributes.group_scale for n in parse_onnx(done.data, "q").nodes if n.op is Op.CONV}
    assert kinds == {"integer"}  # scales of groups, as lanes with such scales take them
    assert np.abs(golden(done, net[1][0]).reshape(real.shape) - real).max() < 0.02


def test_narrow_codes_stay_within_their_bits(net: tuple[bytes, Any]) -> None:
    graph = parse_onnx(made(net, Scheme(act_bits=4, weight_bits=4)).data, "q.onnx")
    for node in graph.nodes:
        if node.op in (Op.CONV, Op.DEPTHWISE, Op.DENSE):
            assert np.abs(np.asarray(graph.tensors[node.inputs[1]].data)).max() <= 7
        if node.op in (Op.CONV, Op.DEPTHWISE, Op.ADD):
            assert node.attributes.clamp is not None
            assert node.attributes.clamp[1] - node.attributes.clamp[0] <= 15


def test_layers_have_bits_of_their_own(net: tuple[bytes, Any]) -> None:
    done = made(net, Scheme(layers=(("dw", 8), ("*", 4))))
    assert {layer.name: layer.weight_bits for layer in done.layers if layer.weight_bits} == {
        **{"conv1": 4, "dw": 8, "pw": 4, "fc": 4}
    }
    assert done.float_bytes > 4 * done.weight_bytes


def test_least_squares_beat_the_whole_range_where_there_are_outliers(
    rng: np.random.Generator,
) -> None:
    found = Statistics()
    found.add(np.append(rng.normal(size=5000), 40.0))
    errors = {
        method: squared_error(
            found.values,
            grid_of(calibrated(found, method, 4, symmetric=False, percentile=99.9), 4, False),
        )
        for method in METHODS
    }
    assert errors["mse"] == min(errors.values())
    assert errors["minmax"] > 1.1 * errors["mse"]
    low, high = calibrated(found, "percentile", 8, symmetric=False, percentile=99.9)
    assert high < 40 and low > found.low


def test_learned_rounding_lowers_the_error_of_outputs(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 24)) @ rng.normal(size=(24, 24))
    weights = rng.normal(size=(6, 24))
    step = np.abs(weights).max(axis=1, keepdims=True) / 7
    nearest = np.clip(np.rint(weights / step), -7, 7).astype(np.int64)
    found = learned(weights, nearest, step, 7, (x.T @ x)[None])
    before, after = (np.square((c * step - weights) @ x.T).sum(axis=1) for c in (nearest, found))
    assert (after <= before).all()
    assert after.sum() < 0.65 * before.sum()
    assert np.abs(found).max() <= 7


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "guess"},
        {"weight_bits": 5},
        {"weights": "shift", "granularity": "group"},
        {"rounding": "learned", "granularity": "group"},
        {"affine_weights": True, "weight_bits": 4},
        {"layers": (("a", 3),)},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(IntaglioError) as fault:
        Scheme(**settings)
    assert {finding.code for finding in fault.value.findings} == {"E101"}


def test_a_quantised_file_is_not_quantised_again(net: tuple[bytes, Any]) -> None:
    with pytest.raises(IntaglioError, match="quantised already"):
        read_float(made(net, Scheme(method="minmax")).data, "q.onnx")


def test_weights_beside_the_file_are_read(net: tuple[bytes, Any], tmp_path: Path) -> None:
    proto = onnx.load_model_from_string(net[0])
    path = tmp_path / "apart.onnx"
    onnx.save_model(proto, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    model = read_float(path.read_bytes(), str(path), tmp_path)
    assert (model.constants["w1"] == read_float(net[0], "net.onnx").constants["w1"]).all()


def test_operators_of_others_are_left_to_the_reference_evaluator() -> None:
    nodes = [helper.make_node("Softsign", ["x"], ["y"]), helper.make_node("Erf", ["y"], ["z"])]
    data = nets.model(nodes, {"x": (1, 3)}, ["z"], {})
    x = np.array([[-1.0, 0.5, 2.0]], np.float32)
    (expected,) = nets.by_runtime(data, {"x": x})
    np.testing.assert_allclose(
        forward(read_float(data, "f"), {"x": x})["z"], expected, rtol=1e-4, atol=1e-6
    )


def test_factors_that_are_expanded_before_they_multiply() -> None:
    shape = helper.make_tensor("whole", onnx.TensorProto.INT64, [4], [1, 6, 5, 4])
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["x"], ["m"]),
            helper.make_node("Sigmoid", ["m"], ["g"]),
            helper.make_node("Expand", ["g", "whole"], ["e"]),
            helper.make_node("Mul", ["x", "e"], ["y"]),
        ],
        "attention",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1, 6, 5, 4))],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [shape],
    )
    opset = [helper.make_opsetid("", 13)]
    data = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    x = np.random.default_rng(4).normal(size=(SAMPLES, 1, 6, 5, 4)).astype(np.float32)
    done = quantise(data, "net.onnx", {"x": x}, Scheme())
    assert [node.op for node in parse_onnx(done.data, "q").nodes] == [Op.MEAN, Op.TABLE, Op.MUL]
    (expected,) = nets.by_runtime(data, {"x": x[0]})
    error = np.mean((golden(done, x[0]).transpose(0, 3, 1, 2) - expected) ** 2)
    assert 10 * np.log10(np.mean(expected**2) / error) > 30
