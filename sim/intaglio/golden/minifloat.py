"""Products and dot products of FP8 and FP4, exact or accumulated in an IEEE format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.golden.ieee import Number, add, decode, encode
from intaglio.spec.codes import accumulator_format
from intaglio.spec.codes_minifloat import BLOCK_BIAS, BLOCK_NAN, Minifloat
from intaglio.spec.ieee import FP32, IeeeFormat

Exact = npt.NDArray[Any]


def products(act: npt.ArrayLike, wgt: npt.ArrayLike, fa: Minifloat, fw: Minifloat) -> Exact:
    """Return the exact integer products of codes, in units of 2**(fa.quantum + fw.quantum).

    int64 where every product fits, else Python integers.
    """
    kind: Any = _kind(fa, fw, 1)
    return np.asarray(fa.decode(act).astype(kind) * fw.decode(wgt).astype(kind))


def dot(act: npt.ArrayLike, wgt: npt.ArrayLike, fa: Minifloat, fw: Minifloat) -> Exact:
    """Return the exact integer dot products along the last axis."""
    terms = np.shape(act)[-1]
    kind: Any = _kind(fa, fw, terms)
    return np.asarray(products(act, wgt, fa, fw).astype(kind).sum(axis=-1))


def float_dot(beats: Sequence[int], fa: Minifloat, fw: Minifloat, acc: IeeeFormat) -> int:
    """Return the IEEE code after adding exact integer sums one by one, each addition rounded once.

    acc <- RNE(acc + beat * 2**(fa.quantum + fw.quantum)), from plus zero. A beat is one product,
    or the exact sum of the products of a fused unit.
    """
    unit = fa.quantum + fw.quantum
    code = 0
    for beat in beats:
        exact = Number(beat < 0, abs(int(beat)), unit)
        code = encode(add(decode(code, acc), exact), acc)
    return code


def block_dot(
    beats: Sequence[int],
    act_exponents: Sequence[int],
    wgt_exponents: Sequence[int],
    fa: Minifloat,
    fw: Minifloat,
    acc: IeeeFormat = FP32,
) -> int:
    """Return the IEEE code of an MX dot product: as :func:`float_dot`, each beat scaled.

    A beat counts 2**(ea + ew - 254) times; exponent 255 makes it NaN.
    """
    unit = fa.quantum + fw.quantum
    code = 0
    for beat, ea, ew in zip(beats, act_exponents, wgt_exponents, strict=True):
        bad = BLOCK_NAN in (ea, ew)
        exact = Number(beat < 0, abs(int(beat)), unit + ea + ew - 2 * BLOCK_BIAS, nan=bad)
        code = encode(add(decode(code, acc), exact), acc)
    return code


def _kind(fa: Minifloat, fw: Minifloat, terms: int) -> type:
    return np.int64 if accumulator_format(fw, fa, terms).bits <= 64 else object
