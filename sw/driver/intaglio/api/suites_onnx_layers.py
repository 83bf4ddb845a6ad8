"""Random ONNX networks in QDQ and QOperator form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from intaglio.spec.formats import Array

Rng = np.random.Generator
Shape = tuple[int, ...]
OPSET, MICROSOFT = 17, "com.microsoft"


@dataclass
class OnnxNet:
    """An ONNX model that grows node by node.

    Attributes
    ----------
    inputs : list of (name, shape, type of codes)
    """

    rng: Rng
    inputs: list[tuple[str, Shape, str]] = field(default_factory=list)
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    forms: dict[str, tuple[str, str, Shape, str]] = field(default_factory=dict)
    output: str = ""

    def constant(self, array: Array) -> str:
        """Return the name of a new initialiser."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        """Return the output of a new node."""
        from onnx import helper

        name = f"n{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes)
        )
        return name

    def quant(self, dtype: str, low: float, high: float) -> tuple[str, str]:
        """Return the names of a random scale and zero point."""
        limits = np.iinfo(dtype)
        scale = np.float32(np.exp(self.rng.uniform(math.log(low), math.log(high))))
        point = self.rng.integers(limits.min, limits.max + 1)
        return self.constant(np.array(scale)), self.constant(np.array(point).astype(dtype))

    def scale(self, codes: str) -> float:
        """Return the scale of codes."""
        from onnx import numpy_helper

        wanted = self.forms[codes][0]
        found = next(c for c in self.constants if c.name == wanted)
        return float(numpy_helper.to_array(found))

    def input(self, shape: Shape, dtype: str) -> str:
        """Return the name of a new input of codes."""
        name = f"x{len(self.inputs)}"
        self.inputs.append((name, shape, dtype))
        self.forms[name] = (*self.quant(dtype, 0.005, 0.1), shape, dtype)
        return name

    def real(self, codes: str) -> str:
        """Return the real values of codes."""
        scale, point, *_ = self.forms[codes]
        return self.node("DequantizeLinear", [codes, scale, point])

    def codes(self, real: str, shape: Shape, dtype: str, low: float, high: float) -> str:
        """Return the codes of real values, with a random scale."""
        scale, point = self.quant(dtype, low, high)
        name = self.node("QuantizeLinear", [real, scale, point])
        self.forms[name] = (scale, point, shape, dtype)
        return name

    def to_bytes(self) -> bytes:
        """Return the model as a file."""
        from onnx import TensorProto, helper

        kinds = {"int8": TensorProto.INT8, "uint8": TensorProto.UINT8}
        inputs = [helper.make_tensor_value_info(n, kinds[t], s) for n, s, t in self.inputs]
        _, _, shape, dtype = self.forms[self.output]
        out = helper.make_tensor_value_info(self.output, kinds[dtype], shape)
        graph = helper.make_graph(self.nodes, "random", inputs, [out], self.constants)
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=8)
        return bytes(model.SerializeToString())


def conv(net: OnnxNet, x: str, *, wgt: str, operator: bool, depthwise: bool) -> str:
    """Append a convolution and return its codes."""
    rng, (scale, point, shape, dtype) = net.rng, net.forms[x]
    kernel = [int(n) for n in rng.integers(1, min(4, shape[2] + 1, shape[3] + 1), 2)]
    channels = shape[1]
    groups = channels if depthwise else 1
    out = channels * int(rng.integers(1, 3)) if depthwise else int(rng.integers(1, 13))
    weights = (out, channels // groups, *kernel)
    strides = [int(n) for n in rng.integers(1, 3, 2)]
    pads = [int(n) for n in rng.integers(0, 2, 4)]
    several = wgt == "int8" and rng.random() < 0.7
    count = out if several else 1
    scales = np.exp(rng.uniform(math.log(0.002), math.log(0.02), count)).astype(np.float32)
    zeros = rng.integers(0, 256, count) if wgt == "uint8" else np.zeros(count)
    limits = (0, 256) if wgt == "uint8" else (-127, 128)
    codes = net.constant(rng.integers(*limits, weights).astype(wgt))
    ws = net.constant(scales if several else scales[0])
    wz = net.constant(zeros.astype(wgt) if several else zeros.astype(wgt)[0])
    terms = math.prod(weights[1:])
    own = net.scale(x)
    bias = net.constant(rng.integers(-5000, 5001, out).astype(np.int32))
    reach = own * float(scales.max()) * math.sqrt(terms) * 74 * 74 / 40
    places = tuple(
        (shape[2 + i] + pads[i] + pads[2 + i] - kernel[i]) // strides[i] + 1 for i in range(2)
    )
    after = (1, out, *places)
    settings: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": strides,
        "pads": pads,
        "group": groups,
    }
    if operator:
        ys, yz = net.quant(dtype, reach * 0.7, reach * 1.4)
        inputs = [x, scale, point, codes, ws, wz, ys, yz, bias]
        name = net.node("QLinearConv", inputs, **settings)
        net.forms[name] = (ys, yz, after, dtype)
        return name
    bs = net.constant(np.float32(own) * (scales if several else scales[0]))
    bz = net.constant(np.zeros(count if several else (), np.int32))
    axis: dict[str, Any] = {"axis": 0} if several else {}
    real_w = net.node("DequantizeLinear", [codes, ws, wz], **axis)
    real_b = net.node("DequantizeLinear", [bias, bs, bz], **axis)
    y = net.node("Conv", [net.real(x), real_w, real_b], **settings)
    if rng.random() < 0.5:
        y = net.node("Relu", [y])
    return net.codes(y, after, dtype, reach * 0.7, reach * 1.4)


def _image(rng: Rng, dtype: str) -> tuple[OnnxNet, str]:
    net = OnnxNet(rng)
    shape = (1, int(rng.integers(1, 9)), *(int(n) for n in rng.integers(3, 9, 2)))
    return net, net.input(shape, dtype)


def _conv(act: str, wgt: str, *, operator: bool, depthwise: bool = False) -> Any:
    def make(rng: Rng) -> OnnxNet:
        net, x = _image(rng, act)
        net.output = conv(net, x, wgt=wgt, operator=operator, depthwise=depthwise)
        return net

    return make


def _matmul(act: str) -> Callable[[Rng], OnnxNet]:
    def make(rng: Rng) -> OnnxNet:
        net = OnnxNet(rng)
        terms, out = (int(n) for n in rng.integers(1, 40, 2))
        x = net.input((1, terms), act)
        scale, point, *_ = net.forms[x]
        codes = net.constant(rng.integers(-127, 128, (terms, out)).astype(np.int8))
        ws, wz = net.constant(np.array(0.01, np.float32)), net.constant(np.array(0, np.int8))
        reach = net.scale(x) * 0.01 * math.sqrt(terms) * 74 * 74 / 40
        ys, yz = net.quant(act, reach * 0.7, reach * 1.4)
        net.output = net.node("QLinearMatMul", [x, scale, point, codes, ws, wz, ys, yz])
        net.forms[net.output] = (ys, yz, (1, out), act)
        return net

    return make


def _pair(kind: str, act: str) -> Callable[[Rng], OnnxNet]:
    def make(rng: Rng) -> OnnxNet:
        net, a = _image(rng, act)
        b = net.input(net.forms[a][2], act)
        one, two = net.scale(a), net.scale(b)
        reach = one * two * 74 if kind == "QLinearMul" else max(one, two)
        ys, yz = net.quant(act, reach * 0.5, reach * 2)
        inputs = [a, *net.forms[a][:2], b, *net.forms[b][:2], ys, yz]
        net.output = net.node(kind, inputs, MICROSOFT)
        net.forms[net.output] = (ys, yz, net.forms[a][2], act)
        return net

    return make


def _global_average(act: str) -> Callable[[Rng], OnnxNet]:
    def make(rng: Rng) -> OnnxNet:
        net, x = _image(rng, act)
        own = net.scale(x)
        ys, yz = net.quant(act, own * 0.5, own * 2)
        net.output = net.node("QLinearGlobalAveragePool", [x, *net.forms[x][:2], ys, yz], MICROSOFT)
        net.forms[net.output] = (ys, yz, (1, net.forms[x][2][1], 1, 1), act)
        return net

    return make


def _max_pool(rng: Rng) -> OnnxNet:
    net, x = _image(rng, "uint8")
    scale, point, shape, dtype = net.forms[x]
    y = net.node("MaxPool", [net.real(x)], kernel_shape=[2, 2], strides=[2, 2])
    net.output = net.node("QuantizeLinear", [y, scale, point])
    net.forms[net.output] = (scale, point, (1, shape[1], shape[2] // 2, shape[3] // 2), dtype)
    return net


def _softmax(rng: Rng) -> OnnxNet:
    net = OnnxNet(rng)
    count = int(rng.integers(2, 40))
    x = net.input((1, count), "uint8")
    ys, yz = net.constant(np.array(1 / 256, np.float32)), net.constant(np.array(0, np.uint8))
    inputs = [x, *net.forms[x][:2], ys, yz]
    net.output = net.node("QLinearSoftmax", inputs, MICROSOFT, axis=-1, opset=13)
    net.forms[net.output] = (ys, yz, (1, count), "uint8")
    return net


def _concat(rng: Rng) -> OnnxNet:
    net, a = _image(rng, "uint8")
    shape = net.forms[a][2]
    b = net.input(shape, "uint8")
    own = max(net.scale(a), net.scale(b))
    ys, yz = net.quant("uint8", own, own * 2)
    inputs = [ys, yz, a, *net.forms[a][:2], b, *net.forms[b][:2]]
    net.output = net.node("QLinearConcat", inputs, MICROSOFT, axis=1)
    net.forms[net.output] = (ys, yz, (1, 2 * shape[1], *shape[2:]), "uint8")
    return net


def random_chain(rng: Rng) -> OnnxNet:
    """Return a random chain of convolutions, sums and pools in QDQ form."""
    net, x = _image(rng, "uint8")
    for _ in range(int(rng.integers(1, 4))):
        before = x
        x = conv(net, x, wgt="int8", operator=False, depthwise=bool(rng.random() < 0.3))
        if net.forms[x][2] == net.forms[before][2]:
            reach = max(net.scale(x), net.scale(before))
            y = net.node("Add", [net.real(x), net.real(before)])
            x = net.codes(y, net.forms[x][2], "uint8", reach * 0.7, reach * 1.5)
    net.output = x
    return net


LAYERS: dict[str, Callable[[Rng], OnnxNet]] = {
    "QLinearConv u8s8": _conv("uint8", "int8", operator=True),
    "QLinearConv u8u8": _conv("uint8", "uint8", operator=True),
    "QLinearConv s8s8": _conv("int8", "int8", operator=True),
    "QLinearConv depthwise": _conv("uint8", "int8", operator=True, depthwise=True),
    "QDQ Conv u8s8": _conv("uint8", "int8", operator=False),
    "QDQ Conv s8s8": _conv("int8", "int8", operator=False),
    "QDQ Conv depthwise": _conv("uint8", "int8", operator=False, depthwise=True),
    "QLinearMatMul u8s8": _matmul("uint8"),
    "QLinearMatMul s8s8": _matmul("int8"),
    "QLinearAdd u8": _pair("QLinearAdd", "uint8"),
    "QLinearAdd s8": _pair("QLinearAdd", "int8"),
    "QLinearMul u8": _pair("QLinearMul", "uint8"),
    "QLinearGlobalAveragePool u8": _global_average("uint8"),
    "QLinearGlobalAveragePool s8": _global_average("int8"),
    "QDQ MaxPool": _max_pool,
    "QLinearSoftmax": _softmax,
    "QLinearConcat": _concat,
}
