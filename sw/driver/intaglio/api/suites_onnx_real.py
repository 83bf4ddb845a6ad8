"""Node tests of real numbers, quantised to 16 bits: equal to golden, and within a stated error."""

from __future__ import annotations

from typing import Any

import numpy as np

from intaglio.api.suites_run import mismatch
from intaglio.spec.errors import ModelError
from intaglio.spec.formats import INT16, Array

MOST = INT16.max - 1  # leaves room for the rounding of a scale to float32
DEEP = "needs windows of three dimensions: the array has rows and columns"


def real_case(case: Any, device: str) -> str:
    """Return why a case of real numbers fails; empty: it does not.

    Input, weights and output get symmetric scales of 16 bits from their greatest magnitudes, and
    the operator stands between quantisers. The device's codes have to equal those of the golden
    operators, and their real values may lie as far from the case's as :func:`bound_of` says. The
    images of a batch run one by one.
    """
    node = case.model.graph.node[0]
    inputs, outputs = case.data_sets[0]
    x, expected = np.asarray(inputs[0]), np.asarray(outputs[0])
    reason = _needs(x, len(outputs))
    if reason:
        return reason
    images = ([x[i : i + 1], *inputs[1:]] for i in range(len(x)))
    reasons = (
        _image(case, node, own, wanted[None], device)
        for own, wanted in zip(images, expected, strict=True)
    )
    return next((reason for reason in reasons if reason), "")


def _image(case: Any, node: Any, inputs: list[Array], expected: Array, device: str) -> str:
    """Return why one image of a case fails; empty: it does not."""
    from intaglio.compiler.load_onnx import parse_onnx
    from intaglio.golden.network import run_graph

    x = inputs[0]
    scales = [_scale(array) for array in (*inputs, expected)]
    if "Max" in node.op_type:  # a maximum is one of the codes
        scales[-1] = scales[0]
    model = _between_quantisers(case, node, inputs, expected, scales)
    try:
        graph = parse_onnx(model.SerializeToString(), case.name)
    except ModelError as error:
        return f"needs another form: {error.findings[0].message}"
    tensor = graph.tensors[graph.inputs[0]]
    codes = _codes(x, scales[0])
    if tensor.shape != x.shape:  # a row of an image, else as ONNX has it
        codes = _last(codes).reshape(tensor.shape)
    given = {graph.inputs[0]: codes}
    found = run_graph(graph, given, "own")[graph.outputs[0]]
    wanted = _last(expected)
    off = np.abs(found.reshape(wanted.shape) * float(scales[-1]) - wanted)
    allowed = bound_of(node.op_type, inputs, scales)
    if off.max() > allowed:
        return f"error {off.max():.3g} beyond the bound {allowed:.3g}"
    return mismatch(graph, given, found, device, "own", deep=len(inputs) > 1)


def bound_of(op: str, inputs: list[Array], scales: list[np.float32]) -> float:
    """Return the greatest error that quantisation may cause.

    Each code is off by at most half a step. A sum of K products: K * (max|w| * sx + max|x| * sw +
    sx * sw / 2) / 2, an average or a maximum: sx / 2; then half a step of the output. One per mille
    is for the rounding of multipliers.
    """
    sx, sy = float(scales[0]), float(scales[-1])
    total = sx / 2
    if op in {"Conv", "ConvTranspose"}:
        w, sw = inputs[1], float(scales[1])
        # A pixel of a transposed convolution has as many products at most.
        terms = w.size // w.shape[0 if op == "Conv" else 1]
        greatest = float(np.abs(w).max()), float(np.abs(inputs[0]).max())
        total = terms * (greatest[0] * sx + greatest[1] * sw + sx * sw / 2) / 2
    return (total + sy / 2) * 1.001


def _needs(x: Array, outputs: int) -> str:
    if outputs > 1:
        return "needs places of the maximum as a second output, which are no codes"
    if x.ndim > 4:
        return DEEP
    return ""


def _scale(array: Array) -> np.float32:
    return np.float32(max(float(np.abs(array).max()), 1e-6) / MOST)


def _codes(array: Array, scale: np.float32) -> Array:
    return np.clip(np.rint(array / float(scale)), INT16.min, INT16.max).astype(np.int16)


def _last(array: Array) -> Array:
    """Return an image, or a row of one, with channels last."""
    return np.moveaxis(array, 1, -1)


def _between_quantisers(
    case: Any, node: Any, inputs: list[Array], expected: Array, scales: list[np.float32]
) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    constants = {"zero": np.array(0, np.int16), "x_s": scales[0], "y_s": scales[-1]}
    nodes = [helper.make_node("DequantizeLinear", ["x", "x_s", "zero"], ["x_real"])]
    names = ["x_real"]
    if len(inputs) > 1:
        constants |= {"w": _codes(inputs[1], scales[1]), "w_s": scales[1]}
        nodes.append(helper.make_node("DequantizeLinear", ["w", "w_s", "zero"], ["w_real"]))
        names.append("w_real")
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    nodes += [
        helper.make_node(node.op_type, names, ["y_real"], **attributes),
        helper.make_node("QuantizeLinear", ["y_real", "y_s", "zero"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        case.name,
        [helper.make_tensor_value_info("x", TensorProto.INT16, inputs[0].shape)],
        [helper.make_tensor_value_info("y", TensorProto.INT16, expected.shape)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
