"""Operators of ONNX whose operands are all constant, and shapes, computed when a file is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Coded, Constant, GraphInput, Pending, Value

Array = npt.NDArray[Any]

MAX_FOLDED = 1 << 24
"""Elements; larger results are left to the operators."""


def folded(node: OnnxNode, values: Sequence[Value]) -> Constant | None:
    """Return the constant that an operator gives; None: it gives none, or is not folded."""
    if node.domain:
        return None
    if node.op == "Constant":
        return _constant(node)
    if node.op == "Shape" and len(values) == 1:
        return _shape(node, values[0])
    if node.op == "Transpose" and len(values) == 1 and isinstance(values[0], Constant):
        return _transposed(node, values[0])
    return _computed(node, values)


def _transposed(node: OnnxNode, value: Constant) -> Constant | None:
    """Return a constant with its axes in another order, its codes and scales with it."""
    rank = value.values.ndim
    order = node.ints("perm", tuple(reversed(range(rank))))
    if sorted(order) != list(range(rank)):
        return None
    codes = None if value.codes is None else np.transpose(value.codes, order)
    quant = value.quant
    if quant is not None and quant.axis is not None:
        quant = replace(quant, axis=order.index(quant.axis))
    return Constant(np.transpose(value.values, order), codes, quant)


def _computed(node: OnnxNode, values: Sequence[Value]) -> Constant | None:
    arrays = [value.values for value in values if isinstance(value, Constant)]
    if not values or len(arrays) < len(values) or node.op not in _FOLDS:
        return None
    if sum(array.size for array in arrays) > MAX_FOLDED:
        return None
    try:
        result = np.asarray(_FOLDS[node.op](node, arrays))
    except (ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError):
        return None
    return Constant(result) if result.size <= MAX_FOLDED else None


def _constant(node: OnnxNode) -> Constant | None:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if name in node.attributes:
            value = np.asarray(node.attributes[name])
            if name.startswith("value_float"):
                value = value.astype(np.float32)
            return Constant(value)
    return None


def _shape(node: OnnxNode, value: Value) -> Constant | None:
    if isinstance(value, Constant):
        shape = value.values.shape
    elif isinstance(value, Coded | GraphInput | Pending):
        shape = value.shape
    else:
        return None
    end = node.attributes.get("end")
    return Constant(np.array(shape[node.integer("start") : end], np.int64))


def _axes(node: OnnxNode, arrays: Sequence[Array]) -> tuple[int, ...]:
    if len(arrays) > 1:
        return tuple(int(v) for v in arrays[1].reshape(-1))
    return node.ints("axes")


def _cast(node: OnnxNode, arrays: Sequence[Array]) -> Array:
    from onnx import helper

    return arrays[0].astype(helper.tensor_dtype_to_np_dtype(node.integer("to")))


def _slice(node: OnnxNode, arrays: Sequence[Array]) -> Array:
    if len(arrays) < 3:
        raise ValueError("older form")
    starts, ends = arrays[1].tolist(), arrays[2].tolist()
    axes = arrays[3].tolist() if len(arrays) > 3 else list(range(len(starts)))
    steps = arrays[4].tolist() if len(arrays) > 4 else [1] * len(starts)
    parts = [slice(None)] * arrays[0].ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        parts[axis] = slice(start, end, step)
    return arrays[0][tuple(parts)]


def _divide(node: OnnxNode, arrays: Sequence[Array]) -> Array:
    del node
    a, b = arrays
    return (
        np.asarray(a / b, a.dtype) if a.dtype.kind == "f" else np.asarray(np.trunc(a / b), a.dtype)
    )


_FOLDS: dict[str, Callable[[OnnxNode, Sequence[Array]], Array]] = {
    "Identity": lambda node, a: a[0],
    "Cast": _cast,
    "Gather": lambda node, a: np.take(a[0], a[1].astype(np.int64), axis=node.integer("axis")),
    "Concat": lambda node, a: np.concatenate(a, axis=node.integer("axis")),
    "Unsqueeze": lambda node, a: np.expand_dims(a[0], _axes(node, a)),
    "Squeeze": lambda node, a: np.squeeze(a[0], _axes(node, a) or None),
    "Reshape": lambda node, a: a[0].reshape(tuple(int(v) for v in a[1])),
    "Slice": _slice,
    "Add": lambda node, a: a[0] + a[1],
    "Sub": lambda node, a: a[0] - a[1],
    "Mul": lambda node, a: a[0] * a[1],
    "Div": _divide,
}
