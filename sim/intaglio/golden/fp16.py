"""Two-way FP16 dot products, every operation rounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from intaglio.golden.ieee import decode, encode, fp_add, multiply
from intaglio.spec.ieee import FP16, IeeeFormat


def dot2(beats: Iterable[tuple[Sequence[int], Sequence[int]]], acc: IeeeFormat) -> int:
    """Return the code of the sum of pairs of FP16 products, from plus zero.

    acc <- RNE(acc + RNE(RNE(a0 * w0) + RNE(a1 * w1))), each in `acc`; a beat is
    ((a0, a1), (w0, w1)) as FP16 codes.
    """
    code = 0
    for act, wgt in beats:
        code = fp_add(code, pair_code(act, wgt, acc), acc)
    return code


def pair_code(act: Sequence[int], wgt: Sequence[int], acc: IeeeFormat) -> int:
    """Return the code of RNE(RNE(a0 * w0) + RNE(a1 * w1)), each in `acc`."""
    first, second = (
        encode(multiply(decode(a, FP16), decode(w, FP16)), acc)
        for a, w in zip(act, wgt, strict=True)
    )
    return fp_add(first, second, acc)
