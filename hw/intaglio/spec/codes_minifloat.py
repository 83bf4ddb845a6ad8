"""FP8 and FP4: formats whose every value is an integer times one power of two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes import Format, number_format
from intaglio.spec.errors import ConfigError, Finding

BLOCK_SIZE = 32
"""Elements of an MX block: they share one exponent."""
BLOCK_BIAS = 127
"""Bias of the shared 8-bit exponent of an MX block."""
BLOCK_NAN = 255
"""Shared exponent that makes the whole block NaN."""


@dataclass(frozen=True)
class Minifloat(Format):
    """Sign, exponent and mantissa without infinity or NaN; subnormals are kept.

    value(code) = integer(code) * 2**quantum, where

        integer(s, e, m) = (-1)**s * (m + (2**M if e else 0)) * 2**(max(e, 1) - 1)
        quantum = 1 - bias - M

    Product rule: integers multiply, quanta add. Alignment rule: none, all products of two formats
    have one quantum. Scale rule: the quanta and any real scale go to the requantiser, so that the
    bias costs no gates in fixed accumulation. Accumulator:
    :func:`intaglio.spec.codes.accumulator_format`.

    Parameters
    ----------
    name : str
        As in ``fp8_e4m3``.
    bits : int
        At most 8.
    exponent_bits : int
        E, 1 to 5; M = bits - 1 - E, 0 or more.
    bias : int
        Any integer; 2**(E-1) - 1 is usual.

    Raises
    ------
    ConfigError
        E203: a field is outside its range.

    Source: Qualcomm FP8-quantization (no infinity, no NaN); OCP MX 1.0 for the 4-bit values.
    """

    exponent_bits: int
    bias: int

    def __post_init__(self) -> None:
        if not (1 <= self.exponent_bits <= 5 and 0 <= self.mantissa_bits and self.bits <= 8):
            raise ConfigError(
                Finding(
                    "E203",
                    f"there is no minifloat e{self.exponent_bits}m{self.mantissa_bits}",
                    where="format",
                    have=f"{self.exponent_bits} exponent and {self.mantissa_bits} mantissa bits",
                    need="1 to 5 exponent bits, 0 or more mantissa bits, 8 bits in all",
                    help="name one of " + ", ".join(form.name for form in FORMATS),
                )
            )

    @property
    def mantissa_bits(self) -> int:
        """Width of the mantissa field, the hidden bit not counted."""
        return self.bits - 1 - self.exponent_bits

    @property
    def significand_bits(self) -> int:
        """Width of the mantissa with its hidden bit."""
        return self.mantissa_bits + 1

    @property
    def greatest_shift(self) -> int:
        """Greatest left shift of the significand in :meth:`integers`."""
        return (1 << self.exponent_bits) - 2

    @property
    def quantum(self) -> int:
        """Power of two that every value is an integer multiple of."""
        return 1 - self.bias - self.mantissa_bits

    @property
    def point(self) -> int:
        """Fraction bits: the quantum's, of other sign."""
        return -self.quantum

    @property
    def scale_rule(self) -> str:
        """As for integers; blocks of 32 may share a power of two beside it."""
        return "one scale per output channel (weights) or tensor (activations); MX: per block of 32"

    def integer(self, code: int) -> int:
        """Return value / 2**quantum of `code`."""
        exponent = code >> self.mantissa_bits & ((1 << self.exponent_bits) - 1)
        mantissa = code & ((1 << self.mantissa_bits) - 1)
        if exponent:
            mantissa |= 1 << self.mantissa_bits
        magnitude = mantissa << (max(exponent, 1) - 1)
        return -magnitude if code >> (self.bits - 1) else magnitude

    def value(self, code: int) -> Fraction:
        """Return the number that `code` stands for."""
        return self.integer(code) * Fraction(2) ** self.quantum

    @property
    def greatest_integer(self) -> int:
        """Greatest integer of a code."""
        return ((2 << self.mantissa_bits) - 1) << self.greatest_shift

    @property
    def max(self) -> float:
        """Greatest value."""
        return float(self.greatest_integer) * 2.0**self.quantum

    def values(self, codes: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the value of each code; float64 holds all of them exactly."""
        return np.asarray(self.decode(codes) * 2.0**self.quantum, np.float64)


def _usual(bits: int, exponent_bits: int) -> Minifloat:
    name = f"fp{bits}_e{exponent_bits}m{bits - 1 - exponent_bits}"
    return Minifloat(name, bits, exponent_bits, (1 << (exponent_bits - 1)) - 1)


FORMATS = (*(_usual(8, e) for e in (2, 3, 4, 5)), *(_usual(4, e) for e in (1, 2, 3)))


def minifloat(name: str, bias: int | None = None) -> Minifloat:
    """Return the format called `name` (``fp8_e4m3``), with another bias if one is given.

    Raises
    ------
    ConfigError
        E206: no format has this name. E203: it is no minifloat.
    """
    form = number_format(name)
    if not isinstance(form, Minifloat):
        raise ConfigError(
            Finding(
                "E203",
                f"{name} is no minifloat",
                where="format",
                have=name,
                need=", ".join(known.name for known in FORMATS),
                help="name one of these",
            )
        )
    return form if bias is None else replace(form, bias=bias)


def product_bits(act: Minifloat, wgt: Minifloat) -> int:
    """Return the width of the greatest product: the sum of both (M + 1) + (2**E - 2)."""
    return (act.greatest_integer * wgt.greatest_integer).bit_length()
