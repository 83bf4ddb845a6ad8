"""Power codes: an integer code stands for its magnitude raised to a power."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from intaglio.spec.codes import Format
from intaglio.spec.errors import ConfigError, Finding


@dataclass(frozen=True)
class PowerFormat(Format):
    """value(q) = sign(q) * |q|**power for the two's-complement code q.

    Product rule: (q_w**p) * (q_x**p) = (q_w * q_x)**p, sign the product of both. Alignment rule:
    none. Scale rule: one real factor per tensor or output channel, for max|x| / (2**(bits-1) -
    1)**power. Accumulator: :func:`intaglio.spec.codes.accumulator_format`. The map keeps products,
    not sums: sums are formed of values.

    Parameters
    ----------
    name : str
        As in ``power4_p2``.
    bits : int
        2 to 8.
    power : Fraction
        1 / a of the quantiser's exponent a; above 0, at most 4.
    fraction_bits : int
        Values that are not integers are rounded to so many bits after the point, ties to even; 0
        for an integer power, which needs none.

    Raises
    ------
    ConfigError
        E203: a field is outside its range.

    Source: NUPES and PowerQuant; the integer powers make both exact.
    """

    power: Fraction = Fraction(1)
    fraction_bits: int = 0

    def __post_init__(self) -> None:
        rules = (
            ("bits", self.bits, 2 <= self.bits <= 8, "2 to 8"),
            ("power", self.power, 0 < self.power <= 4, "above 0, at most 4"),
            ("fraction_bits", self.fraction_bits, 0 <= self.fraction_bits <= 16, "0 to 16"),
        )
        findings = [
            Finding(
                "E203",
                f"{key} of a power code is {value}",
                where=f"format.{key}",
                have=str(value),
                need=need,
                help=f"set {key} to an allowed value",
            )
            for key, value, good, need in rules
            if not good
        ]
        if findings:
            raise ConfigError(findings)

    @property
    def point(self) -> int:
        """Fraction bits of every value."""
        return self.fraction_bits

    @property
    def whole(self) -> bool:
        """Whether the power is an integer, so that it may be taken after the product."""
        return self.power.denominator == 1 and not self.fraction_bits

    def integer(self, code: int) -> int:
        """Return sign * round(|q|**power * 2**fraction_bits)."""
        negative = code >> (self.bits - 1)
        size = (1 << self.bits) - code if negative else code
        root = self.power.denominator
        power = size**self.power.numerator << (self.fraction_bits * root)
        value = _rounded_root(power, root)
        return -value if negative else value


def _rounded_root(value: int, root: int) -> int:
    """Return value**(1/root) rounded to the nearest integer; a tie is impossible but for root 1.

    k is the answer if (2k - 1)**root <= 2**root * value < (2k + 1)**root.
    """
    low, high = 0, 1 << (value.bit_length() // root + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if (2 * middle - 1) ** root <= value << root:
            low = middle
        else:
            high = middle - 1
    return low


def power_format(bits: int, power: Fraction, fraction_bits: int = 0) -> PowerFormat:
    """Return the power code of these parameters with its usual name."""
    text = f"{power.numerator}" + (f"over{power.denominator}" if power.denominator > 1 else "")
    suffix = f"_f{fraction_bits}" if fraction_bits else ""
    return PowerFormat(f"power{bits}_p{text}{suffix}", bits, power, fraction_bits)


FORMATS = (
    *(power_format(bits, Fraction(power)) for bits in (4, 8) for power in (1, 2, 3)),
    power_format(4, Fraction(20, 11), 8),  # a = 0.55, the best exponent that PowerQuant reports
    power_format(8, Fraction(20, 11), 8),
)
