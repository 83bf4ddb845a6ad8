"""Two-way FP16 dot products, every operation rounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from intaglio.golden.ieee import add, decode, encode, fp_add, multiply
from intaglio.spec.ieee import FP16, IeeeFormat


def dot2(beats: Iterable[tuple[Sequence[int], Sequence[int]]], acc: IeeeFormat) -> int:
    """Return the code of the sum of pairs of FP16 products, from plus zero.

    acc <- RNE(acc + RNE(RNE(a0 * w0) + RNE(a1 * w1))), each in `acc`; a beat is
    ((a0, a1), (w0, w1)) as FP16 codes.
    """
    code = 0
    for act, wgt in beats:
        first, second = (
            encode(multiply(decode(a, FP16), decode(w, FP16)), acc)
            for a, w in zip(act, wgt, strict=True)
        )
        pair = encode(add(decode(first, acc), decode(second, acc)), acc)
        code = fp_add(code, pair, acc)
    return code
