"""Operators that the host runs, in exact integers where their reference has them.

Golden models and drivers run the same definitions; references outside check them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from intaglio.spec import moves
from intaglio.spec.float_pairs import float_pair
from intaglio.spec.formats import Array, IntArray, as_codes
from intaglio.spec.graph import Attributes, Op, Quantisation, Requant, pads_of
from intaglio.spec.quant import (
    ADD_LEFT_SHIFT,
    ADD_LEFT_SHIFT_16,
    Rounding,
    Scale,
    add_rescales,
    multiplier,
    requantise,
    rescale_add_operand,
    rounding_of,
)
from intaglio.spec.resize import bilinear
from intaglio.spec.scale_add import addend_weight
from intaglio.spec.softmax16 import softmax16
from intaglio.spec.softmax_float import softmax_float
from intaglio.spec.softmax_sums import softmax_sums
from intaglio.spec.transposed import transposed_acc, transposed_corner


@dataclass(frozen=True, eq=False)
class HostOperator:
    """An operator without its data.

    Parameters
    ----------
    op, attributes
        Of the node.
    quants : sequence of Quantisation
        Of each operand, then of the output.
    shape : tuple of int
        Of the output.
    requant : Requant
        Scales are empty where the operator has none of its own.
    reference : str
        Engine whose bits are wanted.
    """

    op: Op
    attributes: Attributes
    quants: Sequence[Quantisation]
    shape: tuple[int, ...]
    requant: Requant
    reference: str

    @property
    def clamp(self) -> tuple[int, int]:
        """Least and greatest output code."""
        return self.requant.low, self.requant.high


def run_host(operator: HostOperator, operands: Sequence[Array]) -> Array:
    """Return the output codes of an operator.

    Parameters
    ----------
    operands : sequence of arrays
        Codes of activations, and constants, in the node's order.
    """
    return _OPERATORS[operator.op](operator, operands)


def _requantised(acc: IntArray, requant: Requant) -> Array:
    multipliers = np.array([scale.multiplier for scale in requant.scales], np.int64)
    shifts = np.array([scale.shift for scale in requant.scales], np.int64)
    form = (Rounding(requant.rounding), requant.zero_point, requant.low, requant.high)
    codes = requantise(acc, multipliers, shifts, *form)
    return as_codes(codes, requant.low, requant.high)


def _centred(operator: HostOperator, operands: Sequence[Array], place: int) -> IntArray:
    """Return an operand less its zero point."""
    return operands[place].astype(np.int64) - operator.quants[place].zero_point


def _pair(operator: HostOperator, operands: Sequence[Array]) -> Array:
    """Both operands on one scale, then one requantisation; in float32 for ONNX Runtime."""
    if operator.reference == "onnxruntime":
        return _float_pair(operator, operands)
    qa, qb, qy = operator.quants
    low, high = operator.clamp
    left = ADD_LEFT_SHIFT_16 if operands[0].dtype == np.int16 else ADD_LEFT_SHIFT
    to_a, to_b, to_y = add_rescales(qa.scale, qb.scale, qy.scale, left)
    sign = 1 if operator.op is Op.ADD else -1
    total = rescale_add_operand(operands[0], qa.zero_point, to_a, left)
    total = total + sign * rescale_add_operand(operands[1], qb.zero_point, to_b, left)
    requant = Requant((to_y,), int(Rounding.DOUBLE), qy.zero_point, low, high)
    return _requantised(total, requant)


def _max_pool(operator: HostOperator, operands: Sequence[Array]) -> Array:
    x, attributes = operands[0], operator.attributes
    pads = pads_of(attributes, (x.shape[1], x.shape[2]), attributes.kernel)
    window = (attributes.kernel, attributes.stride, pads, attributes.dilation)
    return np.clip(moves.max_pool(x, *window), *operator.clamp)


def _float_pair(operator: HostOperator, operands: Sequence[Array]) -> Array:
    low, high = operator.clamp
    qa, qb, qy = operator.quants
    codes = float_pair(operator.op, operands[0], operands[1], qa, qb, qy)
    return as_codes(np.clip(codes, low, high), low, high)


def _multiply(operator: HostOperator, operands: Sequence[Array]) -> Array:
    """One requantisation of the product, in mode 0; in float32 for ONNX Runtime."""
    if operator.reference == "onnxruntime":
        return _float_pair(operator, operands)
    qa, qb, qy = operator.quants
    low, high = operator.clamp
    scale = multiplier(qa.scale * qb.scale / qy.scale)
    product = _centred(operator, operands, 0) * _centred(operator, operands, 1)
    requant = Requant((scale,), int(Rounding.DOUBLE), qy.zero_point, low, high)
    return _requantised(product, requant)


def _scale_add(operator: HostOperator, operands: Sequence[Array]) -> Array:
    """The product and the weighted addend in one sum, rounded once (:mod:`.scale_add`)."""
    qx, qf, qr, qy = operator.quants
    x, factors, addend = (_centred(operator, operands, place) for place in range(3))
    acc = x * factors + addend_weight(qx, qf, qr) * addend
    scale = multiplier(qx.scale * qf.scale / qy.scale)
    rounding = rounding_of(operator.op, operator.reference)
    requant = Requant((scale,), int(rounding), qy.zero_point, *operator.clamp)
    return _requantised(acc, requant)


def _prelu(operator: HostOperator, operands: Sequence[Array]) -> Array:
    """Two requantisations: of codes from zero up, and of products with the slopes."""
    qx, qa, qy = operator.quants
    low, high = operator.clamp
    x, slopes = (_centred(operator, operands, place) for place in range(2))
    up, down = multiplier(qx.scale / qy.scale), multiplier(qx.scale * qa.scale / qy.scale)

    def part(values: IntArray, scale: Scale) -> Array:
        requant = Requant((scale,), int(Rounding.DOUBLE), qy.zero_point, low, high)
        return _requantised(values, requant)

    return np.where(x >= 0, part(x, up), part(x * slopes, down))


def _matmul(operator: HostOperator, operands: Sequence[Array]) -> Array:
    acc = np.matmul(_centred(operator, operands, 0), _centred(operator, operands, 1))
    return _requantised(acc, operator.requant)


def _transposed_conv(operator: HostOperator, operands: Sequence[Array]) -> Array:
    x, weights, *bias = operands
    places = (operator.shape[1], operator.shape[2])
    kernel, size = (weights.shape[1], weights.shape[2]), (x.shape[1], x.shape[2])
    corner = transposed_corner(size, kernel, operator.attributes, places)
    zero_point = operator.quants[0].zero_point
    stride = operator.attributes.stride
    dilation = operator.attributes.dilation
    acc = transposed_acc(x, zero_point, weights, stride, places, corner, dilation)
    return _requantised(acc + bias[0].astype(np.int64) if bias else acc, operator.requant)


def _softmax(operator: HostOperator, operands: Sequence[Array]) -> Array:
    """Softmax in the forms other than the fixed point of int8."""
    x, (qx, qy), beta = operands[0], operator.quants, operator.attributes.beta
    if operator.reference == "onnxruntime" and x.dtype == np.int8 and beta == 1.0:
        return softmax_sums(x, qx.scale, qy, *operator.clamp)
    if x.dtype == np.int16 and (qy.scale, qy.zero_point) == (2.0**-15, 0):
        return softmax16(x, qx.scale, beta)
    return softmax_float(x, qx.scale, beta, qy, *operator.clamp)


def _resize(operator: HostOperator, operands: Sequence[Array]) -> Array:
    attributes, size = operator.attributes, (operator.shape[1], operator.shape[2])
    resized = bilinear if attributes.function == "bilinear" else moves.nearest
    return resized(operands[0], size, corners=attributes.corners, centres=attributes.centres)


def _pad(operator: HostOperator, operands: Sequence[Array]) -> Array:
    attributes, zero_point = operator.attributes, operator.quants[0].zero_point
    return moves.pad(operands[0], attributes.begin, attributes.end, zero_point, attributes.edge)


def _slice(operator: HostOperator, operands: Sequence[Array]) -> Array:
    attributes = operator.attributes
    return moves.cut(operands[0], attributes.begin, attributes.end, attributes.step)


def _depth_to_space(operator: HostOperator, operands: Sequence[Array]) -> Array:
    attributes = operator.attributes
    return moves.depth_to_space(operands[0], attributes.kernel[0], attributes.function or "dcr")


def _argmax(operator: HostOperator, operands: Sequence[Array]) -> Array:
    places = moves.argmax(operands[0], operator.attributes.order[0])
    return (places + operator.requant.zero_point).astype(np.int8)


_OPERATORS: dict[Op, Callable[[HostOperator, Sequence[Array]], Array]] = {
    Op.ADD: _pair,
    Op.SUB: _pair,
    Op.MAX_POOL: _max_pool,
    Op.MUL: _multiply,
    Op.SCALE_ADD: _scale_add,
    Op.PRELU: _prelu,
    Op.MATMUL: _matmul,
    Op.TRANSPOSED_CONV: _transposed_conv,
    Op.SOFTMAX: _softmax,
    Op.RESIZE: _resize,
    Op.PAD: _pad,
    Op.SLICE: _slice,
    Op.DEPTH_TO_SPACE: _depth_to_space,
    Op.RESHAPE: lambda operator, operands: operands[0].reshape(operator.shape),
    Op.CONCAT: lambda operator, operands: moves.concat(operands, operator.attributes.order[0]),
    Op.TRANSPOSE: lambda operator, operands: moves.transpose(
        operands[0], operator.attributes.order
    ),
    Op.ARGMAX: _argmax,
}
