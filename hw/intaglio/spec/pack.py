"""Codes of 1 to 16 bits packed into bytes without padding between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import ByteArray, IntArray

WIDEST = 16


def packed_bytes(count: int, bits: int) -> int:
    """Return the bytes of `count` codes: ceil(count * bits / 8)."""
    return -(-count * bits // 8)


def pack_codes(codes: npt.ArrayLike, bits: int) -> ByteArray:
    """Return `codes` as bytes: code n lies at bit n * `bits`, bit 0 of byte 0 first.

    Only the last byte may hold bits that belong to no code; they are 0. Axes are flattened, the
    last one fastest.

    Parameters
    ----------
    codes : int array
        Two's-complement or unsigned integers, or bit patterns, that fit `bits` bits.
    bits : int
        1 to 16.

    Raises
    ------
    ModelError
        E308: a code does not fit; the first one is named.
    """
    flat = np.asarray(codes, np.int64).reshape(-1)
    if not 1 <= bits <= WIDEST:
        raise _refused(f"{bits} bits", f"1 to {WIDEST} bits")
    least, most = -(1 << (bits - 1)), (1 << bits) - 1
    outside = np.flatnonzero((flat < least) | (flat > most))
    if outside.size:
        at = int(outside[0])
        raise _refused(f"code {flat[at]} at {at}", f"{least} to {most} for {bits} bits")
    columns = (flat[:, None] >> np.arange(bits)) & 1
    return np.packbits(columns.astype(np.uint8).reshape(-1), bitorder="little")


def unpack_codes(data: npt.ArrayLike, bits: int, count: int, *, signed: bool = True) -> IntArray:
    """Return the first `count` codes of bytes that :func:`pack_codes` made.

    Parameters
    ----------
    signed : bool
        Whether the top bit of a code is a sign.
    """
    flags = np.unpackbits(np.asarray(data, np.uint8), count=count * bits, bitorder="little")
    codes: IntArray = flags.reshape(count, bits).astype(np.int64) @ (1 << np.arange(bits))
    if signed:
        codes -= (codes >> (bits - 1)) << bits
    return codes


def _refused(have: str, need: str) -> ModelError:
    return ModelError(
        Finding(
            "E308",
            f"{have} cannot be packed: the range is {need}",
            where="packing",
            have=have,
            need=need,
            help="quantise the weights to the width that the configuration names",
        )
    )
