"""The node tests of the onnx package: single operators with expected outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from intaglio.api.suites import Case
from intaglio.api.suites_onnx_real import real_case
from intaglio.api.suites_run import mismatch
from intaglio.spec.errors import EnvironmentFault, Finding
from intaglio.spec.formats import Array

OPERATORS = {
    *("Conv", "ConvInteger", "QLinearConv", "ConvTranspose", "MatMulInteger", "QLinearMatMul"),
    *("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"),
}
INTEGERS = (np.int8, np.uint8, np.int16, np.uint16)
UNIT = ("scale_of_one", np.ones((), np.float32))


def onnx_node_cases() -> Iterator[Case]:
    """Yield the cases of :data:`OPERATORS`, as the onnx package generates them.

    Raises
    ------
    EnvironmentFault
        E501: the onnx package cannot generate its cases.
    """
    for case in _collected():
        nodes = case.model.graph.node
        if case.kind == "node" and len(nodes) == 1 and nodes[0].op_type in OPERATORS:
            yield Case(case.name, nodes[0].op_type, _Run(case))


def _collected() -> list[Any]:
    """Return the cases of the wanted operators; those of all operators take ten times as long."""
    import warnings
    from importlib import import_module

    try:
        from onnx.backend.test.case import node

        with warnings.catch_warnings():  # arithmetic of cases that overflow on purpose
            warnings.simplefilter("ignore")
            for name in sorted(OPERATORS):
                import_module(f"{node.__name__}.{name.lower()}")
            known = getattr(node, "_NodeTestCases", None)
            return list(known) if known else list(node.collect_testcases(None))
    except ImportError as error:
        raise EnvironmentFault(
            Finding(
                "E501",
                f"the onnx package cannot make its node tests: {error}",
                where="onnx.backend.test",
                have=str(error),
                need="onnx with its tests, and what they import",
                help="pip install 'intaglio[dev]'",
            )
        ) from error


class _Run:
    """Runs one case: what is constant in a network becomes an initialiser."""

    def __init__(self, case: Any) -> None:
        self._case = case

    def __call__(self, device: str) -> str:
        node = self._case.model.graph.node[0]
        inputs, outputs = self._case.data_sets[0]
        if inputs[0].dtype not in INTEGERS:
            return real_case(self._case, device)
        if len(outputs) > 1:
            return "needs places of the maximum as a second output, which are no codes"
        named = dict(zip(node.input, inputs, strict=True))
        rows = _rows(node.op_type, named, node, np.asarray(outputs[0]))
        reasons = (self._one(node, values, wanted, device) for values, wanted in rows)
        return next((reason for reason in reasons if reason), "")

    def _one(self, node: Any, values: dict[str, Array], wanted: Array, device: str) -> str:
        from intaglio.compiler.load_onnx import parse_onnx

        model = _model(self._case, node, values, wanted)
        graph = parse_onnx(model.SerializeToString(), self._case.name)
        first = values[node.input[0]]
        tensor = graph.tensors[graph.inputs[0]]
        codes = first.astype(np.int64) - tensor.offset
        if codes.ndim == 4:
            codes, wanted = codes.transpose(0, 2, 3, 1), wanted.transpose(0, 2, 3, 1)
        codes = codes.astype(tensor.dtype).reshape(tensor.shape)
        return mismatch(graph, {graph.inputs[0]: codes}, wanted, device, "onnxruntime")


def _rows(
    op: str, named: dict[str, Array], node: Any, wanted: Array
) -> list[tuple[dict[str, Array], Array]]:
    """Return a product of several matrices as one product for each, its rows those of a batch."""
    if "MatMul" not in op:
        return [(named, wanted)]
    a, b = node.input[0], node.input[3 if op == "QLinearMatMul" else 1]
    if named[a].ndim == 2:
        return [({**named, a: named[a][None]}, wanted[None])]
    count = len(named[a])
    return [
        ({**named, a: named[a][i : i + 1], b: named[b][i]}, wanted[i : i + 1]) for i in range(count)
    ]


def _model(case: Any, node: Any, values: dict[str, Array], wanted: Array) -> Any:
    """Return a model of one operator on codes; sums of 32 bits are requantised by 1."""
    from onnx import TensorProto, helper, numpy_helper

    first = node.input[0]
    given = {name: value for name, value in values.items() if name != first}
    if node.op_type in {"ConvInteger", "MatMulInteger"}:
        node, extra = _requantised(node, values)
        given |= extra
    elif node.op_type in {"MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"}:
        return _dequantised(case, node, values[first])
    kind = helper.np_dtype_to_tensor_dtype(values[first].dtype)
    sums = wanted.dtype == np.int32
    out = TensorProto.INT8 if sums else helper.np_dtype_to_tensor_dtype(wanted.dtype)
    graph = helper.make_graph(
        [node],
        case.name,
        [helper.make_tensor_value_info(first, kind, values[first].shape)],
        [helper.make_tensor_value_info(node.output[0], out, None)],
        [numpy_helper.from_array(value, name) for name, value in given.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


def _requantised(node: Any, values: dict[str, Array]) -> tuple[Any, dict[str, Array]]:
    """Return an operator on codes that gives the sums themselves, where 8 bits hold them."""
    from onnx import helper

    x, w, *points = node.input
    zero = [values[name].dtype.type(0) for name in (x, w)]
    extra = {UNIT[0]: UNIT[1], "x_zero": np.array(zero[0]), "w_zero": np.array(zero[1])}
    extra["y_zero"] = np.array(0, np.int8)
    names = [points[0] if points else "x_zero", points[1] if len(points) > 1 else "w_zero"]
    inputs = [x, UNIT[0], names[0], w, UNIT[0], names[1], UNIT[0], "y_zero"]
    kind = "QLinearConv" if node.op_type == "ConvInteger" else "QLinearMatMul"
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return helper.make_node(kind, inputs, list(node.output), **attributes), extra


def _dequantised(case: Any, node: Any, x: Array) -> Any:
    """Return a pool between quantisers of scale 1."""
    from onnx import helper, numpy_helper

    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    zero = np.array(0, x.dtype)
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    nodes = [
        helper.make_node("DequantizeLinear", ["x", UNIT[0], "zero"], ["x_real"]),
        helper.make_node(node.op_type, ["x_real"], ["y_real"], **attributes),
        helper.make_node("QuantizeLinear", ["y_real", UNIT[0], "zero"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        case.name,
        [helper.make_tensor_value_info("x", kind, x.shape)],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(UNIT[1], UNIT[0]), numpy_helper.from_array(zero, "zero")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
