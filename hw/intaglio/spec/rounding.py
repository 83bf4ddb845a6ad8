"""Which rounding and which scales make an operator equal to its reference engine."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np

from intaglio.spec.errors import Finding, ModelError, UsageError
from intaglio.spec.graph import Activation, Op, Quantisation
from intaglio.spec.scale import Scale, fp32_scale, multiplier, q15


class Rounding(IntEnum):
    """How acc * scale becomes an integer; the value is the field of the COMPUTE record."""

    DOUBLE = 0
    """First to 31 fraction bits, ties up, then by the shift, ties away from zero."""
    SINGLE_UP = 1
    """Once, ties towards plus infinity."""
    SINGLE_AWAY = 2
    """Once, ties away from zero."""
    I64_Q15 = 3
    """Multiplier of 16 bits; once, ties towards plus infinity."""
    FP32_RNE = 4
    """As float32: accumulator and product to 24 significant bits, then to an integer, all ties
    to even."""
    SINGLE_RNE = 5
    """Once, ties to even: near FP32_RNE, but not equal to it."""


REFERENCE_MODES = tuple(mode for mode in Rounding if mode is not Rounding.SINGLE_RNE)
"""Modes that some reference engine rounds with."""

_EIGHT = {
    Op.CONV: Rounding.DOUBLE,
    Op.DEPTHWISE: Rounding.DOUBLE,
    Op.DENSE: Rounding.DOUBLE,
    Op.TRANSPOSED_CONV: Rounding.DOUBLE,
    Op.MATMUL: Rounding.DOUBLE,
    Op.ADD: Rounding.DOUBLE,
    Op.SUB: Rounding.DOUBLE,
    Op.MUL: Rounding.DOUBLE,
    Op.SCALE_ADD: Rounding.SINGLE_UP,
    Op.PRELU: Rounding.DOUBLE,
    Op.TABLE: Rounding.SINGLE_AWAY,
    Op.MEAN: Rounding.DOUBLE,
    Op.AVERAGE_POOL: Rounding.SINGLE_AWAY,
    Op.MAX_POOL: Rounding.SINGLE_AWAY,
}
_CONVS = (Op.CONV, Op.DEPTHWISE, Op.TRANSPOSED_CONV)
_SIXTEEN = _EIGHT | dict.fromkeys(_CONVS, Rounding.I64_Q15)
_AWAY = {Op.DENSE: Rounding.SINGLE_AWAY}
_WEIGHTED = (*_CONVS, Op.DENSE, Op.MATMUL)
_OWN = dict.fromkeys((*_WEIGHTED, Op.MEAN), Rounding.SINGLE_UP)
_PAIRS = (Op.ADD, Op.SUB, Op.MUL, Op.PRELU)
_FLOAT = dict.fromkeys((*_WEIGHTED, *_PAIRS, Op.MEAN, Op.AVERAGE_POOL), Rounding.FP32_RNE)

# Reference engine -> bits of an activation -> rounding of each operator.
_ROUNDINGS: dict[str, dict[int, dict[Op, Rounding]]] = {
    "litert": {4: _EIGHT | _AWAY, 8: _EIGHT | _AWAY, 16: _SIXTEEN | _AWAY},
    "tflm": {4: _EIGHT, 8: _EIGHT, 16: _SIXTEEN | {Op.DENSE: Rounding.I64_Q15}},
    "onnxruntime": dict.fromkeys((4, 8, 16), _EIGHT | _FLOAT),
    "own": dict.fromkeys((4, 8, 16), _EIGHT | _OWN),
}
REFERENCES = tuple(_ROUNDINGS)
"""Engines whose bits can be asked for, as every command spells them."""


def require_reference(reference: str) -> None:
    """Check the name of a reference engine.

    Raises
    ------
    UsageError
        E101: there is no such reference.
    """
    if reference not in _ROUNDINGS:
        raise UsageError(
            Finding(
                "E101",
                f"{reference} is no reference engine",
                where="reference",
                have=reference,
                need=", ".join(_ROUNDINGS),
                help="name one of these",
            )
        )


def rounding_of(op: Op, reference: str, bits: int = 8) -> Rounding:
    """Return the rounding that makes an integer operator equal to a reference engine.

    AVERAGE_POOL goes with :func:`average_scale` but in mode 4, MAX_POOL with :data:`IDENTITY`.

    Parameters
    ----------
    op : Op
        An operator that is requantised: not RESHAPE, not SOFTMAX.
    reference : str
        ``"litert"`` (LiteRT's reference kernels), ``"tflm"`` (TensorFlow Lite Micro),
        ``"onnxruntime"`` (ONNX Runtime on a CPU) or ``"own"`` (one rounding, ties up).
    bits : int
        Of the activations: 4, 8 or 16; those of 4 bits are ours, and round as those of 8.

    Raises
    ------
    UsageError
        E101: there is no such reference.
    ModelError
        E303: the operator has no requantisation.
    """
    require_reference(reference)
    table = _ROUNDINGS[reference][bits]
    if op not in table:
        raise ModelError(
            Finding(
                "E303",
                f"{op.value} is not requantised",
                have=op.value,
                need=", ".join(known.value for known in table),
                help="run it on the host",
            )
        )
    return table[op]


def operator_scales(
    op: Op,
    sx: float,
    weights: Quantisation,
    sy: float,
    rounding: Rounding,
    *,
    older: bool = False,
) -> tuple[Scale, ...]:
    """Return the scale sx * sw / sy of CONV, DEPTHWISE or DENSE for each weight scale sw.

    Formed in double precision from the float32 scales, with two exceptions: mode 4 rounds to
    float32 at each step, and modes 0 and 3 round sx * sw to float32 for a DENSE operator whose
    weights have one scale.

    Parameters
    ----------
    sx, sy : float
        Scales of input and output.
    weights : Quantisation
        Of the weights; one scale, or one for each output channel.
    older : bool
        The kernels for unsigned codes, which round sx * sw to float32 in every operator.
    """
    single = np.float32
    twice = rounding in (Rounding.DOUBLE, Rounding.I64_Q15) and op is Op.DENSE
    twice = (twice and weights.scales.size == 1) or older
    scales = []
    for sw in weights.scales:
        if rounding is Rounding.FP32_RNE:
            scales.append(fp32_scale(float(single(sx) * sw / single(sy))))
            continue
        product = float(single(sx) * sw) if twice else float(single(sx)) * float(sw)
        scale = multiplier(product / float(single(sy)))
        scales.append(q15(scale) if rounding is Rounding.I64_Q15 else scale)
    return tuple(scales)


def clamp_range(
    activation: Activation, scale: float, zero_point: int, low: int, high: int
) -> tuple[int, int]:
    """Return the least and the greatest code that a fused activation lets through.

    Bounds of the activation become zero_point + round(bound / scale), in float32 with ties away
    from zero, and never leave [`low`, `high`].
    """

    def code(bound: float) -> int:
        ratio = float(np.float32(bound) / np.float32(scale))
        return zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), bound))

    least, greatest = {
        Activation.NONE: (low, high),
        Activation.RELU: (zero_point, high),
        Activation.RELU6: (zero_point, code(6.0)),
        Activation.RELU1: (code(-1.0), code(1.0)),
    }[activation]
    return max(low, least), min(high, greatest)
