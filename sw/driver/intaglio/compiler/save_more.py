"""How operators that move codes, or work on codes one by one or two by two, are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from intaglio.compiler import load_schema as schema
from intaglio.compiler.load_settings import MIRRORS
from intaglio.spec.graph import Activation, Graph, Node, Op

Numbers = npt.NDArray[np.int32]
_FUSED = {activation: code for code, activation in schema.ACTIVATIONS.items()}
_CLAMPS = {Activation.RELU: 19, Activation.RELU1: 20, Activation.RELU6: 21}
_TABLES = {
    "sigmoid": (14, ""),
    "tanh": (28, ""),
    "leaky_relu": (98, "LeakyReluOptions"),
    "hard_swish": (117, "HardSwishOptions"),
    "gelu": (150, "GeluOptions"),
    "gelu_tanh": (150, "GeluOptions"),
}


class Written(NamedTuple):
    """An operator as a file holds it.

    Parameters
    ----------
    code, version : int
        Builtin operator and its version.
    table : str
        Name of its options; empty: none.
    options : dict
        Fields of the options, by the names of the schema's builders.
    constants : tuple of arrays
        Operands that are attributes in a graph.
    before : int
        Where these constants stand among the operands.
    """

    code: int
    table: str = ""
    options: Mapping[str, Any] = MappingProxyType({})
    constants: tuple[Numbers, ...] = ()
    before: int = 1
    version: int = 2


def written(node: Node, graph: Graph) -> Written | None:
    """Return how a node is written; None: it is none of these operators."""
    return _WRITTEN[node.op](node, graph) if node.op in _WRITTEN else None


def _numbers(*values: int) -> Numbers:
    return np.array(values, np.int32)


def _fused(code: int, table: str) -> Callable[[Node, Graph], Written]:
    def make(node: Node, graph: Graph) -> Written:
        del graph
        return Written(code, table, {"FusedActivationFunction": _FUSED[node.attributes.activation]})

    return make


def _table(node: Node, graph: Graph) -> Written:
    attributes = node.attributes
    if attributes.function == "requantise":
        if attributes.activation is not Activation.NONE:
            return Written(_CLAMPS[attributes.activation], version=1)
        return Written(114, "QuantizeOptions")
    code, table = _TABLES[attributes.function]
    options: dict[str, Any] = {}
    if attributes.function == "leaky_relu":
        options = {"Alpha": attributes.beta}
    elif attributes.function.startswith("gelu"):
        options = {"Approximate": attributes.function == "gelu_tanh"}
    del graph
    return Written(code, table, options, version=1 if code in {117, 150} else 2)


def _pad(node: Node, graph: Graph) -> Written:
    del graph
    attributes = node.attributes
    pairs = np.ascontiguousarray(np.array([attributes.begin, attributes.end], np.int32).T)
    if attributes.edge == "zero":
        return Written(34, "PadOptions", constants=(pairs,))
    mode = {name: code for code, name in MIRRORS.items()}[attributes.edge]
    return Written(100, "MirrorPadOptions", {"Mode": mode}, (pairs,))


def _slice(node: Node, graph: Graph) -> Written:
    del graph
    attributes = node.attributes
    bounds = (attributes.begin, attributes.end, attributes.step)
    return Written(45, "StridedSliceOptions", constants=tuple(_numbers(*part) for part in bounds))


def _resize(node: Node, graph: Graph) -> Written:
    attributes = node.attributes
    size = _numbers(*graph.tensors[node.outputs[0]].shape[1:3])
    options = {"AlignCorners": attributes.corners, "HalfPixelCenters": attributes.centres}
    near = attributes.function == "nearest"
    table = "ResizeNearestNeighborOptions" if near else "ResizeBilinearOptions"
    return Written(97 if near else 23, table, options, (size,), version=3)


def _transposed(node: Node, graph: Graph) -> Written:
    attributes = node.attributes
    options = {
        "Padding": {name: code for code, name in schema.PADDINGS.items()}[str(attributes.padding)],
        "StrideH": attributes.stride[0],
        "StrideW": attributes.stride[1],
        "FusedActivationFunction": _FUSED[attributes.activation],
    }
    size = _numbers(*graph.tensors[node.outputs[0]].shape)
    return Written(67, "TransposeConvOptions", options, (size,), before=0, version=3)


_WRITTEN: dict[Op, Callable[[Node, Graph], Written]] = {
    Op.SUB: _fused(41, "SubOptions"),
    Op.MUL: _fused(18, "MulOptions"),
    Op.TABLE: _table,
    Op.PRELU: lambda node, graph: Written(54, version=1),
    Op.CONCAT: lambda node, graph: Written(
        2, "ConcatenationOptions", {"Axis": node.attributes.order[0]}
    ),
    Op.PAD: _pad,
    Op.SLICE: _slice,
    Op.TRANSPOSE: lambda node, graph: Written(
        39, "TransposeOptions", constants=(_numbers(*node.attributes.order),)
    ),
    Op.RESIZE: _resize,
    Op.ARGMAX: lambda node, graph: Written(
        56, "ArgMaxOptions", {"OutputType": 2}, (_numbers(*node.attributes.order),)
    ),
    Op.DEPTH_TO_SPACE: lambda node, graph: Written(
        5, "DepthToSpaceOptions", {"BlockSize": node.attributes.kernel[0]}, version=1
    ),
    Op.TRANSPOSED_CONV: _transposed,
}
