"""Real scales as integers: a multiplier and a shift."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from intaglio.spec.errors import Finding, ModelError

MULTIPLIER_FRACTION_BITS = 31
FP32_MANTISSA_BITS = 24
ADD_LEFT_SHIFT = 20
ADD_LEFT_SHIFT_16 = 15
SHIFTS = range(-31, 31)
FP32_SHIFTS = range(-64, 8)


@dataclass(frozen=True)
class Scale:
    """A factor that the requantiser applies.

    Which of two meanings holds is told by the rounding mode that goes with it:

    - modes 0 to 3: ``multiplier * 2**(shift - 31)``, shift in :data:`SHIFTS`;
    - mode 4: ``multiplier * 2**shift``, a float32 taken apart into its 24-bit mantissa and its
      exponent, shift in :data:`FP32_SHIFTS`.

    Parameters
    ----------
    multiplier : int
        0 to 2**31 - 1. :func:`multiplier` makes it at least 2**30, :func:`fp32_scale` at least
        2**23 and below 2**24; 0 is the scale that sends all to 0.
    shift : int
        Positive scales up.
    """

    multiplier: int
    shift: int


IDENTITY = Scale(1 << 30, 1)
"""Scale 1 of modes 0 to 3, exact in each for 31-bit values: what maximum pooling uses."""


def multiplier(scale: float) -> Scale:
    """Return the nearest ``multiplier * 2**(shift - 31)`` with 2**30 <= multiplier < 2**31.

    Ties of the mantissa go up; scales too small for any effect (shift below -31) become 0.

    Parameters
    ----------
    scale : float
        0 or more, below 2**30.

    Raises
    ------
    ModelError
        E304: the scale is negative, not finite or too large.

    Source: TensorFlow Lite, quantization_util.cc, QuantizeMultiplier.
    """
    if not 0 <= scale < math.inf:
        raise _scale_error(scale, SHIFTS)
    mantissa, shift = math.frexp(scale)
    fixed = math.floor(mantissa * 2**MULTIPLIER_FRACTION_BITS + 0.5)
    if fixed == 1 << MULTIPLIER_FRACTION_BITS:
        fixed, shift = fixed >> 1, shift + 1
    if shift not in SHIFTS and shift > 0:
        raise _scale_error(scale, SHIFTS)
    return Scale(fixed, shift) if shift in SHIFTS else Scale(0, 0)


def fp32_scale(scale: float) -> Scale:
    """Return `scale`, rounded to float32, as ``multiplier * 2**shift`` with a 24-bit multiplier.

    Exact, but for scales below 2**-41: no 32-bit accumulator times them reaches one half, so that
    they become 0.

    Raises
    ------
    ModelError
        E304: the scale is negative, not finite or 2**31 or more.
    """
    single = float(np.float32(scale))
    if not 0 <= single < math.inf:
        raise _scale_error(scale, FP32_SHIFTS)
    mantissa, exponent = math.frexp(single)
    shift = exponent - FP32_MANTISSA_BITS
    if shift not in FP32_SHIFTS and shift > 0:
        raise _scale_error(scale, FP32_SHIFTS)
    fixed = int(mantissa * 2**FP32_MANTISSA_BITS)
    return Scale(fixed, shift) if fixed and shift in FP32_SHIFTS else Scale(0, 0)


def q15(scale: Scale) -> Scale:
    """Return `scale` with its multiplier rounded to 16 bits, in place: the low 16 bits are 0.

    multiplier = min(floor((multiplier + 2**15) / 2**16), 2**15 - 1) * 2**16. With it, mode 3 is
    mode 1, which is what the gates do. Rounding twice changes nothing.

    Source: TensorFlow Lite, common.cc, MultiplyByQuantizedMultiplier on int64.
    """
    return Scale(min((scale.multiplier + (1 << 15)) >> 16, (1 << 15) - 1) << 16, scale.shift)


def add_rescales(
    sa: float, sb: float, sy: float, left: int = ADD_LEFT_SHIFT
) -> tuple[Scale, Scale, Scale]:
    """Return the scales of operand a, operand b and the sum of a quantised addition.

    With m = 2 * max(sa, sb): sa / m, sb / m and m / (2**20 * sy), all of mode 0. The operands are
    shifted left by 20 bits first (:func:`intaglio.spec.quant.rescale_add_operand`).

    Parameters
    ----------
    sa, sb, sy : float
        Scales of both operands and of the output, as float32 values.
    left : int
        :data:`ADD_LEFT_SHIFT`, or :data:`ADD_LEFT_SHIFT_16` for codes of 16 bits.

    Source: TensorFlow Lite, kernels/add.cc.
    """
    twice = 2.0 * max(sa, sb)
    return (
        multiplier(sa / twice),
        multiplier(sb / twice),
        multiplier(twice / (2.0**left * sy)),
    )


def mean_scale(sx: float, sy: float, count: int) -> Scale:
    """Return the scale sx / sy / count of a mean, to be applied in mode 0 to the sum.

    The division is folded into the multiplier, by truncation and after as large a left shift as
    there is room for; the multiplier may therefore lie below 2**30.

    Parameters
    ----------
    count : int
        Elements summed, 1 or more.

    Source: TensorFlow Lite, reduce.h, QuantizedMeanOrSum.
    """
    ratio = multiplier(sx / sy)
    left = min(count.bit_length() - 1, 32, MULTIPLIER_FRACTION_BITS + ratio.shift)
    return Scale((ratio.multiplier << left) // count, ratio.shift - left)


def average_scale(count: int) -> Scale:
    """Return the scale 1 / count with which mode 2 divides a sum of `count` int8 codes exactly.

    The result of mode 2 is sign(s) * floor((|s| + floor(n/2)) / n) for n = `count`.

    Proof. multiplier = ceil(2**t / n) = (2**t + e) / n with 0 <= e < n; t = 31 - shift is the
    largest with multiplier < 2**31. On the magnitude a = |s| mode 2 gives

        floor(a * multiplier / 2**t + 1/2) = floor((2*a + n) / (2*n) + a*e / (n * 2**t)).

    floor((a + floor(n/2)) / n) = floor((2*a + n) / (2*n)) for even n at once, and for odd n
    because 2*a + n is then odd and thus no multiple of 2*n. That fraction lies 1 / (2*n) or more
    below the next integer, so the results are equal if a*e / (n * 2**t) < 1 / (2*n), that is
    2*a*e < 2**t. A sum of n codes has a <= 128*n, and e < n: 2*a*e < 2**8 * n**2. For
    2**b <= n < 2**(b+1), t >= 30 + b, and 2**8 * n**2 < 2**(2*b + 10) <= 2**(30 + b) for b <= 20.

    Parameters
    ----------
    count : int
        Taps that lie inside the image, 1 to 2**16 - 1.

    Raises
    ------
    ModelError
        E304: `count` is outside its range.
    """
    if not 1 <= count < 1 << 16:
        raise ModelError(
            Finding(
                "E304",
                f"an average over {count} codes is not exact in 31 bits",
                have=f"{count} codes",
                need="1 to 65535 codes",
                help="pool in two steps, or use MEAN",
            )
        )
    t = MULTIPLIER_FRACTION_BITS - 1 + (count - 1).bit_length()
    while -(-(1 << t) // count) >= 1 << MULTIPLIER_FRACTION_BITS:
        t -= 1
    return Scale(-(-(1 << t) // count), MULTIPLIER_FRACTION_BITS - t)


def _scale_error(scale: float, shifts: range) -> ModelError:
    limit = 31 if shifts is FP32_SHIFTS else shifts.stop - 1
    return ModelError(
        Finding(
            "E304",
            f"scale {scale} cannot be applied by the requantiser",
            have=str(scale),
            need=f"0 or more and below 2**{limit}",
            help="quantise the network again: its scales differ too much",
        )
    )
