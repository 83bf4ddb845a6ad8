"""Runs a float network in numpy: what calibration measures, and what quantised ones are held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_fold import folded
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.compiler.load_onnx_values import Constant, RefusedError
from intaglio.quantise.forward_codes import dequantize, quantize
from intaglio.quantise.forward_window import average_pool, conv, max_pool
from intaglio.spec.errors import Finding, ModelError

Array = npt.NDArray[Any]
Function = Callable[[OnnxNode, Sequence[Array]], Array]


def forward(
    model: OnnxModel,
    inputs: Mapping[str, Array],
    see: Callable[[OnnxNode, Sequence[Array]], None] | None = None,
) -> dict[str, Array]:
    """Return every value of a network for one input.

    Convolutions, products, pools and functions of one number are computed here in float32; all
    other operators by the reference evaluator of the onnx package, one by one.

    Parameters
    ----------
    inputs : mapping of name to float32 array
        In the shapes of the file.
    see : callable, optional
        Told each operator and its operands before it runs.

    Raises
    ------
    ModelError
        E303: an operator that neither knows.
    """
    values: dict[str, Array] = {**model.constants, **inputs}
    for node in model.nodes:
        operands = [values[name] if name else np.zeros(0, np.float32) for name in node.inputs]
        if see is not None:
            see(node, operands)
        results = _results(node, operands, model)
        values.update(zip(node.outputs, results, strict=False))
    return values


def _results(node: OnnxNode, operands: Sequence[Array], model: OnnxModel) -> Sequence[Array]:
    try:
        own = FUNCTIONS.get(node.op) if not node.domain and len(node.outputs) == 1 else None
        if own is not None:
            return [own(node, operands)]
        constant = folded(node, [Constant(array) for array in operands])
        if constant is not None:
            return [constant.values]
    except RefusedError:  # a form that is not computed here
        pass
    return _by_reference(node, operands, model)


def _by_reference(node: OnnxNode, operands: Sequence[Array], model: OnnxModel) -> list[Array]:
    """Return what the onnx package's evaluator gives for one operator."""
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    attributes = {
        key: numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for key, value in node.attributes.items()
    }
    names = [name for name in node.outputs if name]
    try:
        proto = helper.make_node(
            node.op, list(node.inputs), list(node.outputs), domain=node.domain, **attributes
        )
        given = {name: a for name, a in zip(node.inputs, operands, strict=True) if name}
        graph = helper.make_graph(
            [proto],
            "one",
            [helper.make_tensor_value_info(n, _kind(a), a.shape) for n, a in given.items()],
            [helper.make_tensor_value_info(name, 1, None) for name in names],
        )
        whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", model.opset)])
        results = ReferenceEvaluator(whole).run(names, given)
    except (RuntimeError, NotImplementedError, ValueError, TypeError, IndexError) as error:
        raise ModelError(
            Finding(
                "E303",
                f"operator {node.index} {node.op} {node.name!r} cannot be computed: {error}",
                where=f"{model.file}: operator {node.index}",
                have=f"{node.domain}.{node.op}" if node.domain else node.op,
                need="an operator of the standard set",
                help="replace it by standard ones, or leave it out",
            )
        ) from error
    by_name = dict(zip(names, (np.asarray(r) for r in results), strict=True))
    return [by_name.get(name, np.zeros(0)) for name in node.outputs]


def _kind(array: Array) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(array.dtype))


def gemm(node: OnnxNode, a: Sequence[Array]) -> Array:
    """Return alpha * A * B + beta * C."""
    x = a[0].T if node.integer("transA") else a[0]
    w = a[1].T if node.integer("transB") else a[1]
    y: Any = x @ w * np.float32(node.real("alpha", 1.0))
    if len(a) > 2 and a[2].size:
        y = y + a[2] * np.float32(node.real("beta", 1.0))
    return np.asarray(y, np.float32)


def _clip(node: OnnxNode, a: Sequence[Array]) -> Array:
    low: Any = a[1] if len(a) > 1 and a[1].size else np.float32(node.real("min", -np.inf))
    high: Any = a[2] if len(a) > 2 and a[2].size else np.float32(node.real("max", np.inf))
    return np.asarray(np.clip(a[0], low, high), np.float32)


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x.astype(np.float64))), np.float32)


def _softmax(node: OnnxNode, a: Sequence[Array]) -> Array:
    axis = node.integer("axis", -1)
    e = np.exp(a[0] - a[0].max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True), np.float32)


def _batch_norm(node: OnnxNode, a: Sequence[Array]) -> Array:
    x, scale, bias, mean, variance = a
    along = (1, -1, *(1 for _ in x.shape[2:]))
    factor = scale / np.sqrt(variance + np.float32(node.real("epsilon", 1e-5)))
    return np.asarray(
        (x - mean.reshape(along)) * factor.reshape(along) + bias.reshape(along), np.float32
    )


def _leaky(node: OnnxNode, a: Sequence[Array]) -> Array:
    return np.where(a[0] < 0, a[0] * np.float32(node.real("alpha", 0.01)), a[0])


def _flatten(node: OnnxNode, a: Sequence[Array]) -> Array:
    rows = int(np.prod(a[0].shape[: node.integer("axis", 1)]))
    return a[0].reshape(rows, -1)


FUNCTIONS: dict[str, Function] = {
    "Conv": conv,
    "Gemm": gemm,
    "MatMul": lambda _, a: a[0] @ a[1],
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": lambda _, a: a[0].mean(axis=tuple(range(2, a[0].ndim)), keepdims=True),
    "GlobalMaxPool": lambda _, a: a[0].max(axis=tuple(range(2, a[0].ndim)), keepdims=True),
    "BatchNormalization": _batch_norm,
    "Relu": lambda _, a: np.maximum(a[0], np.float32(0)),
    "LeakyRelu": _leaky,
    "Clip": _clip,
    "Sigmoid": lambda _, a: _sigmoid(a[0]),
    "Tanh": lambda _, a: np.tanh(a[0]),
    "Softmax": _softmax,
    "Flatten": _flatten,
    "Transpose": lambda node, a: a[0].transpose(node.ints("perm") or None),
    "Dropout": lambda _, a: a[0],
    "QuantizeLinear": quantize,
    "DequantizeLinear": dequantize,
}
