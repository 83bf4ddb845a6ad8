"""One small quantised network for each ONNX operator, in the form of each operator set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.compiler import onnx_models as make

Array = npt.NDArray[Any]
IMAGE = (1, 4, 6, 6)
QONNX = "qonnx.custom_op.general"
QUANTISERS = 10
"""The operator set that brought QuantizeLinear; before it, quantisers are those of QONNX."""


class Net:
    """Collects nodes and constants of a network in one operator set."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.rng = np.random.default_rng(5)
        self.nodes: list[Any] = []
        self.constants: dict[str, Array] = {}

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node; return its first output, after which the others are named."""
        from onnx import helper

        name = f"{kind}{len(self.nodes)}"
        names = [name if place == 0 else f"{name}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=name, **attributes))
        return name

    def const(self, values: npt.ArrayLike, dtype: str = "int64") -> str:
        """Add a constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(values, dtype)
        return name

    def coded(self, name: str, scale: float = 0.05, point: int = 0) -> str:
        """Quantise a real value to signed bytes; return it as codes where there are some."""
        step = self.const(scale, "float32")
        if self.opset >= QUANTISERS:
            return self.node("QuantizeLinear", name, step, self.const(point, "int8"))
        more = [self.const(value, "float32") for value in (point, 8)]
        return self.node("Quant", name, step, *more, domain=QONNX, signed=1, narrow=0)

    def real(self, name: str, scale: float = 0.05, point: int = 0) -> str:
        """Quantise a real value and return it as a real value again."""
        codes = self.coded(name, scale, point)
        if self.opset < QUANTISERS:
            return codes
        step, zero = self.const(scale, "float32"), self.const(point, "int8")
        return self.node("DequantizeLinear", codes, step, zero)

    def weights(self, *shape: int) -> str:
        """Add real weights that are multiples of their scale, and quantise them."""
        codes = self.rng.integers(-127, 128, shape)
        return self.real(self.const(codes * np.float32(0.01), "float32"), 0.01)

    def bytes(self, *shape: int) -> str:
        """Add codes."""
        return self.const(self.rng.integers(-127, 128, shape), "int8")

    def scale(self, value: float) -> tuple[str, str]:
        """Add a scale and the zero point 0."""
        return self.const(value, "float32"), self.const(0, "int8")

    def model(self, result: str, shape: tuple[int, ...], rank: int) -> Any:
        """Return the network from a real input to the result, quantised once more."""
        out = self.real(result, 0.0625, -3)
        kinds = {"x": ("float32", shape)}
        return make.model(self.nodes, kinds, [out], self.constants, self.opset, "float32", rank)


Maker = Callable[[Net, str], str]


def unary(kind: str, **attributes: Any) -> Maker:
    return lambda n, x: n.node(kind, x, **attributes)


def pair(kind: str) -> Maker:
    return lambda n, x: n.node(kind, x, n.real(n.node("Relu", x), 0.04, 2))


def moved(kind: str, name: str, values: list[int], since: int, **rest: Any) -> Maker:
    """Return the maker of an operator whose numbers are an attribute before set `since`."""

    def maker(n: Net, x: str) -> str:
        if n.opset < since:
            return n.node(kind, x, **rest | {name: values})
        return n.node(kind, x, n.const(values), **rest)

    return maker


def clip(n: Net, x: str) -> str:
    if n.opset < 11:
        return n.node("Clip", x, min=-1.0, max=2.0)
    return n.node("Clip", x, n.const(-1, "float32"), n.const(2, "float32"))


def sliced(n: Net, x: str) -> str:
    if n.opset < 10:
        return n.node("Slice", x, axes=[2, 3], starts=[1, 0], ends=[5, 4])
    return n.node("Slice", x, n.const([1, 0]), n.const([5, 4]), n.const([2, 3]))


def padded(n: Net, x: str) -> str:
    pads = [0, 0, 1, 2, 0, 0, 2, 0]
    if n.opset < 11:
        return n.node("Pad", x, pads=pads)
    return n.node("Pad", x, n.const(pads))


def split(n: Net, x: str) -> str:
    first = moved("Split", "split", [1, 3], 13, axis=1, outputs=2)(n, x)
    return n.node("Concat", f"{first}_1", first, axis=1)


def resized(n: Net, x: str) -> str:
    scales = n.const([1, 1, 2, 2], "float32")
    if n.opset < 11:
        return n.node("Resize", x, scales, mode="nearest")
    regions = n.const([], "float32") if n.opset < 13 else ""
    return n.node("Resize", x, regions, scales, mode="nearest")


def upsampled(n: Net, x: str) -> str:
    return n.node("Upsample", x, n.const([1, 1, 2, 2], "float32"), mode="nearest")


def gemm(n: Net, x: str) -> str:
    bias = n.const(n.rng.integers(-900, 900, 5) * np.float32(0.05 * 0.01), "float32")
    return n.node("Gemm", x, n.weights(5, 16), bias, transB=1)


def dropout(n: Net, x: str) -> str:
    return n.node("Dropout", n.node("Relu", x))


def qlinear_conv(n: Net, x: str) -> str:
    codes = n.coded(x)
    scales = (n.scale(0.05), n.scale(0.01), n.scale(0.07))
    made = n.node("QLinearConv", codes, *scales[0], n.bytes(3, 4, 3, 3), *scales[1], *scales[2])
    return n.node("DequantizeLinear", made, *scales[2])


def qlinear_matmul(n: Net, x: str) -> str:
    codes = n.coded(x)
    scales = (n.scale(0.05), n.scale(0.01), n.scale(0.07))
    made = n.node("QLinearMatMul", codes, *scales[0], n.bytes(16, 5), *scales[1], *scales[2])
    return n.node("DequantizeLinear", made, *scales[2])


def summed(kind: str, *shape: int) -> Maker:
    def maker(n: Net, x: str) -> str:
        made = n.node(kind, n.coded(x), n.bytes(*shape))
        return n.node("Mul", n.node("Cast", made, to=1), n.const(0.0004, "float32"))

    return maker


MAKERS: dict[str, tuple[tuple[int, ...], Maker]] = {
    "QuantizeLinear": (IMAGE, lambda n, x: n.real(x, 0.09, 3)),
    "DequantizeLinear": (IMAGE, lambda n, x: n.real(x, 0.11, -4)),
    "Conv": (IMAGE, lambda n, x: n.node("Conv", x, n.weights(5, 4, 3, 3), pads=[1, 0, 1, 0])),
    "ConvTranspose": (
        IMAGE,
        lambda n, x: n.node("ConvTranspose", x, n.weights(4, 5, 2, 2), strides=[2, 2]),
    ),
    "Gemm": ((1, 16), gemm),
    "MatMul": ((1, 16), lambda n, x: n.node("MatMul", x, n.weights(16, 5))),
    **{kind: (IMAGE, pair(kind)) for kind in ("Add", "Sub", "Mul")},
    "Relu": (IMAGE, unary("Relu")),
    "Clip": (IMAGE, clip),
    "Softmax": ((1, 16), unary("Softmax")),
    "AveragePool": (IMAGE, unary("AveragePool", kernel_shape=[3, 2], pads=[1, 0, 1, 0])),
    "GlobalAveragePool": (IMAGE, unary("GlobalAveragePool")),
    "MaxPool": (IMAGE, unary("MaxPool", kernel_shape=[2, 2], strides=[2, 2])),
    "GlobalMaxPool": (IMAGE, unary("GlobalMaxPool")),
    "Concat": (IMAGE, lambda n, x: n.node("Concat", x, n.real(n.node("Relu", x), 0.04), axis=1)),
    "Expand": ((1, 4, 1, 1), lambda n, x: n.node("Expand", x, n.const([1, 1, 6, 5]))),
    "Reshape": (IMAGE, lambda n, x: n.node("Reshape", x, n.const([1, 4, 9, 4]))),
    "Flatten": (IMAGE, unary("Flatten")),
    "Squeeze": ((1, 4, 1, 6), moved("Squeeze", "axes", [2], 13)),
    "Unsqueeze": ((1, 4, 6), moved("Unsqueeze", "axes", [2], 13)),
    "Transpose": (IMAGE, unary("Transpose", perm=[0, 1, 3, 2])),
    "Slice": (IMAGE, sliced),
    "Split": (IMAGE, split),
    "Pad": (IMAGE, padded),
    "Resize": (IMAGE, resized),
    "Upsample": (IMAGE, upsampled),
    "DepthToSpace": (IMAGE, unary("DepthToSpace", blocksize=2)),
    "Identity": (IMAGE, lambda n, x: n.node("Identity", n.node("Relu", x))),
    "Dropout": (IMAGE, dropout),
    "QLinearConv": (IMAGE, qlinear_conv),
    "QLinearMatMul": ((1, 16), qlinear_matmul),
    "ConvInteger": (IMAGE, summed("ConvInteger", 3, 4, 3, 3)),
    "MatMulInteger": ((1, 16), summed("MatMulInteger", 16, 5)),
    "Cast": ((1, 16), summed("MatMulInteger", 16, 5)),
    **{
        kind: (IMAGE, unary(kind))
        for kind in (
            *("Sigmoid", "Tanh", "HardSwish", "HardSigmoid", "Gelu", "LeakyRelu", "Elu", "Swish"),
            *("Softplus", "Exp", "Abs", "Neg"),
        )
    },
}
"""Shape of the input, and what is made of it, for each operator."""


def opsets_of(kind: str, oldest: int) -> list[int]:
    """Return the operator sets in which an operator is defined and not deprecated."""
    from onnx import defs

    found = []
    for opset in range(oldest, defs.onnx_opset_version() + 1):
        try:
            schema = defs.get_schema(kind, opset)
        except defs.SchemaError:
            continue
        if not schema.deprecated:
            found.append(opset)
    return found


def network(kind: str, opset: int) -> Any:
    """Return the network of an operator in one operator set."""
    shape, maker = MAKERS[kind]
    n = Net(opset)
    return n.model(maker(n, n.real("x")), shape, rank=len(shape))
