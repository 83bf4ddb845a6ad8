"""Integer products and their sums, from the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes_shift import ShiftFormat
from intaglio.spec.formats import IntArray
from intaglio.spec.precisions import Precisions, codes


def products(
    act: npt.ArrayLike, wgt: npt.ArrayLike, surpluses: tuple[int, ...] = (0,), terms: int = 1
) -> IntArray:
    """Return sum_t (act[t][i] + surpluses[i]) * wgt[t][j] of each payload, j fastest.

    Parameters
    ----------
    act : int array (payloads, terms * pixels)
    wgt : int array (payloads, terms * channels)
    surpluses : tuple of int
        One a pixel.
    """
    a, w = np.asarray(act, np.int64), np.asarray(wgt, np.int64)
    acts = a.reshape(len(a), terms, len(surpluses)) + np.array(surpluses)
    wgts = w.reshape(len(w), terms, w.shape[1] // terms)
    sums: IntArray = np.einsum("nti,ntj->nij", acts, wgts)
    return sums.reshape(len(a), acts.shape[2] * wgts.shape[2])


def shift_products(act: npt.ArrayLike, codes: npt.ArrayLike, form: ShiftFormat) -> IntArray:
    """Return act * value(code) * 2**form.point, exactly."""
    return np.asarray(np.asarray(act, np.int64) * form.decode(codes), np.int64)


def floored_shift_products(act: npt.ArrayLike, codes: npt.ArrayLike, form: ShiftFormat) -> IntArray:
    """Return (-1)**sign * sum over terms of floor(act * 2**-exponent), exponents of None giving 0.

    Source: the DeepShift kernel, an arithmetic shift of the activation and a sign.
    """
    a, c = np.asarray(act, np.int64), np.asarray(codes, np.int64)
    total = np.zeros(np.broadcast_shapes(a.shape, c.shape), np.int64)
    for exponents, (at, width) in zip(form.terms, form.fields, strict=True):
        chosen = c >> at & ((1 << width) - 1)
        for index, exponent in enumerate(exponents):
            if exponent is not None:
                total += np.where(chosen == index, a >> exponent, 0)
    negative = form.signed & (c >> (form.bits - 1) == 1)
    return np.asarray(np.where(negative, -total, total), np.int64)


def lane_sums(
    act: npt.ArrayLike,
    wgt: npt.ArrayLike,
    last: npt.ArrayLike,
    surpluses: tuple[int, ...] = (0,),
    terms: int = 1,
) -> IntArray:
    """Return the sums of :func:`products` over payloads, each up to one with `last`.

    Parameters
    ----------
    act, wgt : int array (payloads, depth * terms * pixels) and (..., depth * terms * channels)
        Depth and terms alike are summed over.
    last : int array (payloads)
    terms : int
        Depth times terms.
    """
    each = products(act, wgt, surpluses, terms)
    ends = np.flatnonzero(np.asarray(last)) + 1
    return np.array([part.sum(axis=0) for part in np.split(each, ends)[:-1]], np.int64)


def runtime_sums(
    act: npt.ArrayLike,
    wgt: npt.ArrayLike,
    bits: npt.ArrayLike,
    last: npt.ArrayLike,
    precisions: Precisions,
) -> list[IntArray]:
    """Return the sums of a lane that is switched between precisions, one array a sum.

    sum[i, j] = sum over payloads and codes of (act[.., i] + surpluses[i]) * wgt[.., j], j fastest;
    the codes are those of :func:`intaglio.spec.precisions.codes`.

    Parameters
    ----------
    act, wgt : int array (payloads, D)
        Bytes.
    bits : int array (payloads)
        The precision, one value throughout a sum.
    last : int array (payloads)
    """
    ends = np.flatnonzero(np.asarray(last)) + 1
    sums = []
    pieces = zip(*(np.split(np.asarray(v), ends)[:-1] for v in (act, wgt, bits)), strict=True)
    for a, w, precision in pieces:
        a_codes, w_codes = (codes(v, int(precision[0])) for v in (a, w))
        a_codes = a_codes + np.array(precisions.surpluses(int(precision[0])))
        sums.append(np.einsum("ndi,ndj->ij", a_codes, w_codes).reshape(-1))
    return sums
