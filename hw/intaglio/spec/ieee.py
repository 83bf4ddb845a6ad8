"""IEEE 754 binary formats as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IeeeFormat:
    """A binary interchange format: sign, biased exponent, mantissa; subnormals, infinity, NaN.

    value = (-1)**s * (hidden.mantissa) * 2**(max(e, 1) - bias); e = 0 has hidden bit 0; the
    greatest e holds infinity (mantissa 0) and NaN.

    Parameters
    ----------
    exponent_bits, mantissa_bits : int
        Widths of the two fields.
    """

    exponent_bits: int
    mantissa_bits: int

    @property
    def bits(self) -> int:
        """Width of a code."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def precision(self) -> int:
        """Significant bits of a normal number, the hidden one counted."""
        return self.mantissa_bits + 1

    @property
    def bias(self) -> int:
        """What is subtracted from the exponent field."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def least_exponent(self) -> int:
        """Power of two of the leading bit of the least normal number."""
        return 1 - self.bias

    @property
    def quantum(self) -> int:
        """Power of two of the least subnormal number; every value is a multiple of it."""
        return self.least_exponent - self.mantissa_bits

    @property
    def infinity(self) -> int:
        """Code of plus infinity."""
        return ((1 << self.exponent_bits) - 1) << self.mantissa_bits

    @property
    def nan(self) -> int:
        """Code of the one NaN that we produce: quiet, positive, no payload."""
        return self.infinity | 1 << (self.mantissa_bits - 1)

    def __str__(self) -> str:
        return f"fp{self.bits}"


FP16 = IeeeFormat(5, 10)
FP32 = IeeeFormat(8, 23)
IEEE_FORMATS = {str(form): form for form in (FP16, FP32)}
