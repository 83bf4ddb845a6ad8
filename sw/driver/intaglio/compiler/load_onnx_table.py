"""Which operators of ONNX and QONNX are read, by which function, and what they become."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from intaglio.compiler import load_onnx_move as move
from intaglio.compiler import load_onnx_ops as ops
from intaglio.compiler import load_onnx_qops as qops
from intaglio.compiler import load_onnx_quant as quant
from intaglio.compiler import load_onnx_resize as resize
from intaglio.compiler import load_onnx_sums as sums
from intaglio.compiler import load_onnx_transposed as transposed
from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_expand import expand
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Value
from intaglio.spec.graph import Op

Handler = Callable[[Builder, OnnxNode], "Value | list[Value]"]

MICROSOFT = "com.microsoft"
QONNX = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")


class Taken(NamedTuple):
    """How an operator is read, the fewest and the most of its inputs, and what it becomes."""

    handler: Handler
    inputs: tuple[int, int]
    ops: tuple[Op, ...]


_CONVS, _DENSE = (Op.CONV, Op.DEPTHWISE), (Op.DENSE, Op.CONV)
_FUNCTIONS = {
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "HardSwish": "hard_swish",
    "HardSigmoid": "hard_sigmoid",
    "Gelu": "gelu",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Swish": "silu",
    "Softplus": "softplus",
    "Exp": "exp",
    "Abs": "abs",
    "Neg": "neg",
}
_LAYOUT = (Op.RESHAPE, Op.TRANSPOSE)

STANDARD: dict[str, Taken] = {
    "QuantizeLinear": Taken(quant.quantize, (2, 3), (Op.TABLE,)),
    "DequantizeLinear": Taken(quant.dequantize, (2, 3), ()),
    "Conv": Taken(ops.conv, (2, 3), _CONVS),
    "ConvTranspose": Taken(transposed.conv_transpose, (2, 3), (Op.TRANSPOSED_CONV,)),
    "Gemm": Taken(ops.gemm, (2, 3), _DENSE),
    "MatMul": Taken(ops.matmul, (2, 2), (*_DENSE, Op.MATMUL)),
    "Add": Taken(ops.pair(Op.ADD), (2, 2), (Op.ADD,)),
    "Sub": Taken(ops.pair(Op.SUB), (2, 2), (Op.SUB,)),
    "Mul": Taken(ops.pair(Op.MUL), (2, 2), (Op.MUL,)),
    "Relu": Taken(ops.relu, (1, 1), (Op.TABLE,)),
    "Clip": Taken(ops.clip, (1, 3), (Op.TABLE,)),
    "Softmax": Taken(ops.softmax, (1, 1), (Op.SOFTMAX,)),
    "AveragePool": Taken(ops.average, (1, 1), (Op.AVERAGE_POOL,)),
    "GlobalAveragePool": Taken(ops.global_average, (1, 1), (Op.MEAN,)),
    "MaxPool": Taken(move.max_pool, (1, 1), (Op.MAX_POOL,)),
    "GlobalMaxPool": Taken(move.global_max, (1, 1), (Op.MAX_POOL,)),
    "Concat": Taken(move.concat, (1, 256), (Op.CONCAT, Op.TABLE)),
    "Expand": Taken(expand, (2, 2), (Op.RESIZE, Op.CONCAT)),
    "Reshape": Taken(move.reshape, (1, 2), _LAYOUT),
    "Flatten": Taken(move.flatten, (1, 1), _LAYOUT),
    "Squeeze": Taken(move.squeeze, (1, 2), _LAYOUT),
    "Unsqueeze": Taken(move.unsqueeze, (1, 2), _LAYOUT),
    "Transpose": Taken(move.transpose, (1, 1), (Op.TRANSPOSE,)),
    "Slice": Taken(move.sliced, (1, 5), (Op.SLICE,)),
    "Split": Taken(move.split, (1, 2), (Op.SLICE,)),
    "Pad": Taken(move.pad, (1, 4), (Op.PAD,)),
    "Resize": Taken(resize.resize, (1, 4), (Op.RESIZE,)),
    "Upsample": Taken(resize.resize, (1, 2), (Op.RESIZE,)),
    "DepthToSpace": Taken(resize.depth_to_space, (1, 1), (Op.DEPTH_TO_SPACE,)),
    "Identity": Taken(move.identity, (1, 1), ()),
    "Dropout": Taken(move.identity, (1, 3), ()),
    "QLinearConv": Taken(qops.qlinear_conv, (8, 9), _CONVS),
    "QLinearMatMul": Taken(qops.qlinear_matmul, (8, 8), (*_DENSE, Op.MATMUL)),
    "ConvInteger": Taken(sums.integer_sum, (2, 4), _CONVS),
    "MatMulInteger": Taken(sums.integer_sum, (2, 4), _DENSE),
    "Cast": Taken(sums.cast, (1, 1), ()),
    **{name: Taken(ops.function(own), (1, 1), (Op.TABLE,)) for name, own in _FUNCTIONS.items()},
}
_MICROSOFT: dict[str, Taken] = {
    "QuantizeLinear": STANDARD["QuantizeLinear"],
    "DequantizeLinear": STANDARD["DequantizeLinear"],
    "QGemm": Taken(qops.qgemm, (8, 9), _DENSE),
    "QLinearAdd": Taken(qops.qlinear_pair(Op.ADD), (7, 8), (Op.ADD,)),
    "QLinearMul": Taken(qops.qlinear_pair(Op.MUL), (7, 8), (Op.MUL,)),
    "QLinearAveragePool": Taken(qops.qlinear_unary(ops.average), (4, 5), (Op.AVERAGE_POOL,)),
    "QLinearGlobalAveragePool": Taken(qops.qlinear_unary(ops.global_average), (4, 5), (Op.MEAN,)),
    "QLinearSigmoid": Taken(qops.qlinear_unary(ops.function("sigmoid")), (4, 5), (Op.TABLE,)),
    "QLinearLeakyRelu": Taken(qops.qlinear_unary(ops.function("leaky_relu")), (4, 5), (Op.TABLE,)),
    "QLinearSoftmax": Taken(qops.qlinear_unary(ops.softmax), (4, 5), (Op.SOFTMAX,)),
    "QLinearConcat": Taken(qops.qlinear_concat, (5, 1024), (Op.CONCAT, Op.TABLE)),
    "Gelu": STANDARD["Gelu"],
}
_QONNX: dict[str, Taken] = {
    "Quant": Taken(quant.quant, (4, 4), (Op.TABLE,)),
    "IntQuant": Taken(quant.quant, (4, 4), (Op.TABLE,)),
    "BipolarQuant": Taken(quant.bipolar, (2, 2), (Op.TABLE,)),
}
DOMAINS: dict[str, dict[str, Taken]] = {
    "": STANDARD,
    MICROSOFT: _MICROSOFT,
    **dict.fromkeys(QONNX, _QONNX),
}


def taken(node: OnnxNode) -> Taken | None:
    """Return how an operator is read; None: it is not."""
    return DOMAINS.get(node.domain, {}).get(node.op)


def operators_of(op: Op) -> tuple[str, ...]:
    """Return the names of the operators that may become `op`, sorted."""
    return tuple(sorted({n for t in DOMAINS.values() for n, entry in t.items() if op in entry.ops}))
