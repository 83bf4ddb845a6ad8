"""Run-time precision: which codes a byte holds when an array is switched from layer to layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import IntArray, IntFormat, dot_format, signed

ALL = (4, 8, 16)


@dataclass(frozen=True)
class Precisions:
    """The precisions that an array was built for.

    Operands come as bytes, as many at every precision: D of activations and D of weights a cycle.

    - 16 bits: two neighbouring bytes, the lower half first, are a code: D / 2 products a cycle.
    - 8 bits: each byte is a code: D products.
    - 4 bits: a byte of activations holds two pixels, one of weights two channels, the first in
      bits 0 to 3; each pixel meets each channel: 4 * D products. The first pixel's activations
      count 8 more than they are (:meth:`surpluses`), which the compiler takes off the bias.

    Parameters
    ----------
    bits : tuple of int
        Two or three of 4, 8 and 16, ascending.

    Raises
    ------
    ConfigError
        E203: any other set.
    """

    bits: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.bits) < 2 or self.bits != tuple(b for b in ALL if b in self.bits):
            raise ConfigError(
                Finding(
                    "E203",
                    f"precisions are {list(self.bits)}",
                    where="precisions",
                    have=str(list(self.bits)),
                    need="two or three of 4, 8 and 16, ascending",
                    help="a single precision needs no array that switches",
                )
            )

    @property
    def name(self) -> str:
        """As units call it: ``int4_int8``."""
        return "_".join(f"int{bits}" for bits in self.bits)

    def sums(self, bits: int) -> int:
        """Return the sums that a lane keeps: two pixels of two channels at 4 bits, else one."""
        return 4 if bits == 4 else 1

    def products(self, bits: int, depth: int) -> int:
        """Return the products that `depth` bytes add to each sum in a cycle."""
        return depth // 2 if bits == 16 else depth

    def sum_format(self, bits: int, depth: int, longest: int) -> IntFormat:
        """Return the format of any sum over `longest` cycles."""
        code = signed(bits)
        # With its surplus an activation is one bit wider.
        act = signed(bits + any(self.surpluses(bits)))
        return dot_format(act, code, self.products(bits, depth) * longest)

    def surpluses(self, bits: int) -> tuple[int, ...]:
        """Return what is added to the activations of each pixel."""
        return (8, 0) if bits == 4 else (0,)


def codes(data: npt.ArrayLike, bits: int) -> IntArray:
    """Return the codes in bytes: shape (..., D) to (..., codes of a sum, sums along this operand).

    At 16 bits (..., D / 2, 1), at 8 (..., D, 1), at 4 (..., D, 2).
    """
    each = np.asarray(data, np.int64) & 0xFF
    if bits == 16:
        whole = (each[..., ::2] | each[..., 1::2] << 8)[..., np.newaxis]
    elif bits == 8:
        whole = each[..., np.newaxis]
    else:
        whole = np.stack([each & 15, each >> 4], axis=-1)
    half = 1 << (bits - 1)
    return np.asarray((whole ^ half) - half, np.int64)
