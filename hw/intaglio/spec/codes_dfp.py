"""Shared-exponent integers (dynamic fixed point): codes of a tensor and their one exponent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes_integer import IntegerFormat
from intaglio.spec.errors import Finding, FitError, ModelError
from intaglio.spec.formats import INT32, IntArray, IntFormat


@dataclass(frozen=True)
class DfpFormat(IntegerFormat):
    """A symmetric integer whose tensor has one exponent: value = code * 2**exponent.

    Product rule: codes multiply, exponents add. Alignment rule: of two tensors that are added, the
    one with the smaller exponent is shifted right. The code -2**(bits - 1) is not used: it is the
    one whose square, twice, overflows 32 bits at 16 bits.

    Source: Das et al., mixed precision training with integer operations, 2018.
    """

    @property
    def scale_rule(self) -> str:
        """What a real number's scale belongs to."""
        return "one power of two per tensor"

    @property
    def limit(self) -> int:
        """Greatest magnitude of a code: 2**(bits - 1) - 1."""
        return self.form.max


FORMATS = tuple(DfpFormat(f"dfp{bits}", bits) for bits in range(8, 17))


class Overflow(StrEnum):
    """What a 32-bit accumulator of 16-bit products does about overflow."""

    SPILL = "spill"
    """H1: a chain of at most :func:`safe_chain` products, then an FP32 addition."""
    PRESHIFT = "preshift"
    """H2: operands lose one bit, rounded to nearest even, and the chain is four times as long."""
    FLAG = "flag"
    """H3: a sticky flag tells that the sum wrapped; run again with a larger exponent."""
    WIDE = "wide"
    """H4: 48 bits, exact for 131071 products."""


WIDE_BITS = 48


def safe_chain(act_bits: int, wgt_bits: int, acc: IntFormat = INT32) -> int:
    """Return how many products of symmetric operands `acc` holds whatever their values.

    L = floor(acc.max / ((2**(act_bits - 1) - 1) * (2**(wgt_bits - 1) - 1))). Proof: a sum of n
    products is at most n times that in magnitude, by induction over n, so that L products fit; and
    L + 1 products of the greatest codes exceed acc.max.
    """
    return acc.max // (((1 << (act_bits - 1)) - 1) * ((1 << (wgt_bits - 1)) - 1))


def spill_chain(bits: int) -> int:
    """Return the products between two spills: the longest safe even chain, but at least a pair."""
    return max(safe_chain(bits, bits) // 2 * 2, 2)


def check_chain(act_bits: int, wgt_bits: int, terms: int, acc: IntFormat = INT32) -> None:
    """Raise unless any `terms` products fit `acc`.

    Raises
    ------
    FitError
        E402, with the longest chain that does.
    """
    most = safe_chain(act_bits, wgt_bits, acc)
    if terms > most:
        raise FitError(
            Finding(
                "E402",
                f"{terms} products of {act_bits} by {wgt_bits} bits can overflow {acc}",
                have=f"{terms} products",
                need=f"at most {most}",
                help="spill the accumulator, use fewer operand bits or a 48-bit accumulator",
            )
        )


def quantise(x: npt.ArrayLike, form: DfpFormat) -> tuple[IntArray, int]:
    """Return (codes, exponent): the nearest codes with exponent floor(log2 max|x|) - (bits - 2).

    Ties go to even; codes saturate at +-(2**(bits - 1) - 1). All zeros have exponent 0.

    Raises
    ------
    ModelError
        E306: a value is not finite.
    """
    real = np.asarray(x, np.float64)
    peak = float(np.abs(real).max(initial=0.0))
    if not math.isfinite(peak):
        raise ModelError(
            Finding(
                "E306",
                f"a tensor with the value {peak} has no shared exponent",
                have=str(peak),
                need="finite values",
                help="remove NaN and infinity before quantising",
            )
        )
    exponent = math.frexp(peak)[1] - 1 - (form.bits - 2) if peak else 0
    codes = np.clip(np.rint(np.ldexp(real, -exponent)), -form.limit, form.limit)
    return codes.astype(np.int64), exponent


def scan_shift(acc: npt.ArrayLike, bits: int) -> int:
    """Return R = max(0, bit length of max|acc| - (bits - 1)): the shift that makes `acc` fit."""
    peak = max((abs(int(value)) for value in np.ravel(np.asarray(acc, np.int64))), default=0)
    return max(0, peak.bit_length() - (bits - 1))


def down_convert(acc: npt.ArrayLike, shift: int, bits: int) -> IntArray:
    """Return acc / 2**shift, ties to even, saturated at +-(2**(bits - 1) - 1).

    With :func:`scan_shift` only a value that rounds up to 2**(bits - 1) saturates.
    """
    value: Any = np.asarray(acc, np.int64)
    whole = value >> shift
    twice = (value - (whole << shift)) << 1
    one = 1 << shift
    rounded = whole + ((twice > one) | ((twice == one) & (whole & 1 == 1)))
    limit = (1 << (bits - 1)) - 1
    return np.asarray(np.clip(rounded, -limit, limit), np.int64)
