"""What drives a compared unit, and what must come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.explore.compare_formats_pairs import (
    FUSED_LANES,
    SCALE_BITS,
    SCALE_GROUP,
    SHIFT_GROUPS,
    TERMS,
    Pair,
)
from intaglio.explore.compare_formats_units import DFP_MODES, group_payloads
from intaglio.spec.codes import Format
from intaglio.spec.codes_shift import ShiftFormat

Reals = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
REACH = 4.0  # standard deviations at which values are cut off
KINDS = ("realistic", "uniform")
PAYLOADS = {1: 2000, 2: 1200, 16: 600}


@dataclass(frozen=True)
class Vectors:
    """Payloads of the streams ``i`` and ``o`` of a unit.

    Parameters
    ----------
    inputs : mapping
        Arrays of one row a payload, by field.
    outputs : sequence
        Payloads, as bench rows have them.
    """

    inputs: dict[str, npt.ArrayLike]
    outputs: Sequence[Any]


def vectors(pair: Pair, kind: str, seed: int = 1) -> Vectors:
    """Return sums of as many payloads as the longest sum of 16 lanes has.

    Parameters
    ----------
    kind : str
        ``realistic``: Gaussian weights; activations half Gaussian, half of them 0, none negative.
        ``uniform``: any code, with the sums of greatest magnitude first.
    """
    rng = np.random.default_rng(seed)
    length = TERMS // FUSED_LANES
    if pair.style == "group-scale":
        length = (
            3 * SCALE_GROUP if pair.lanes == 1 else length - length % group_payloads(pair.lanes)
        )
    rounds = max(PAYLOADS[pair.lanes] // (length * pair.contexts), 1)
    shape = (rounds * pair.contexts, length, pair.lanes)
    act, wgt = (_half_codes if pair.format == "fp16" else _table_codes)(pair, kind, rng, shape)
    at = np.repeat(np.tile(np.arange(length), rounds), pair.contexts)
    # Sums of one round take turns, a payload each.
    inputs: dict[str, npt.ArrayLike] = {
        "act": _take_turns(act, pair.contexts),
        "wgt": _take_turns(wgt, pair.contexts),
        "last": (at == length - 1).astype(np.int64),
    }
    if pair.style in _SUMS:
        side, outputs = _sums(pair, act, wgt, rng)
        return Vectors(inputs | side, outputs)
    inputs["first"] = (at == 0).astype(np.int64)
    return Vectors(inputs, _GOLDEN[_family(pair)](pair, act, wgt))


def _family(pair: Pair) -> str:
    return "fp16" if pair.format == "fp16" else pair.style


def _take_turns(codes: Codes, contexts: int) -> Codes:
    sums, length, lanes = codes.shape
    grouped = codes.reshape(sums // contexts, contexts, length, lanes)
    return grouped.transpose(0, 2, 1, 3).reshape(sums * length, lanes)


def _reals(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Reals, Reals]:
    """Return activations and weights within -1 and 1."""
    act = np.abs(rng.standard_normal(shape)) * (rng.random(shape) < 0.5)
    wgt = rng.standard_normal(shape)
    return np.clip(act / REACH, 0, 1), np.clip(wgt / REACH, -1, 1)


def nearest_codes(values: Reals, form: Format) -> Codes:
    """Return the code nearest to each value, where the greatest magnitude of the format is 1."""
    table = form.table()
    order = np.argsort(table, kind="stable")
    ordered = table[order] / np.abs(table).max()
    above = np.clip(np.searchsorted(ordered, values), 1, len(ordered) - 1)
    lower = values - ordered[above - 1] <= ordered[above] - values
    return np.asarray(order[above - lower], np.int64)


def _table_codes(
    pair: Pair, kind: str, rng: np.random.Generator, shape: tuple[int, ...]
) -> tuple[Codes, Codes]:
    act, wgt = pair.formats
    if kind == "realistic":
        a, w = _reals(rng, shape)
        return nearest_codes(a, act), nearest_codes(w, wgt)
    codes = [rng.integers(0, 1 << form.bits, shape) for form in (act, wgt)]
    for n, ends in enumerate(((0, 0), (0, -1), (-1, 0), (-1, -1))):
        for array, form, end in zip(codes, (act, wgt), ends, strict=True):
            if n < shape[0]:
                array[n] = np.argsort(form.table(), kind="stable")[end]
    return codes[0], codes[1]


def _half_codes(
    pair: Pair, kind: str, rng: np.random.Generator, shape: tuple[int, ...]
) -> tuple[Codes, Codes]:
    """Return FP16 codes; uniform ones are any but infinities and NaN."""
    if kind == "realistic":
        a, w = (x.astype(np.float16).view(np.uint16).astype(np.int64) for x in _reals(rng, shape))
        return a, w
    infinity, sign = 0x7C00, 0x8000
    act, wgt = (rng.integers(0, infinity, shape) | rng.integers(0, 2, shape) * sign for _ in "aw")
    return act, wgt


def _sums(
    pair: Pair, act: Codes, wgt: Codes, rng: np.random.Generator
) -> tuple[dict[str, npt.ArrayLike], list[Any]]:
    """Return the fields beside operands and what comes out of lanes of integers."""
    from intaglio.golden.accumulate import scale_group_sum, shift_group_sum
    from intaglio.golden.products import floored_shift_products, lane_sums
    from intaglio.spec.groups import ScaleGroups, ShiftGroups

    sums, length, lanes = act.shape
    fa, fw = pair.formats
    a, w = (form.decode(codes).reshape(-1, lanes) for form, codes in ((fa, act), (fw, wgt)))
    if pair.style == "shift-floor":
        each = floored_shift_products(a, wgt.reshape(-1, lanes), _shift_format(fw)).sum(axis=1)
    else:
        each = lane_sums(a, w, np.ones(len(a)), terms=lanes)
    each = each.reshape(sums, length)
    if pair.style == "group-scale":
        size = group_payloads(lanes)
        scale = rng.integers(0, 1 << SCALE_BITS, each.shape)
        scale[:1] = (1 << SCALE_BITS) - 1
        end = np.tile(np.arange(length) % size == size - 1, sums).astype(np.int64)
        groups = ScaleGroups(SCALE_GROUP, SCALE_BITS)
        # Every product by itself: groups are of products, whatever the lanes.
        products = (a * w).reshape(sums, length * lanes)
        totals = [
            scale_group_sum(p, s, groups)
            for p, s in zip(products, scale[:, size - 1 :: size], strict=True)
        ]
        return {"scale": scale.ravel(), "end": end}, totals
    groups_of = ShiftGroups(SHIFT_GROUPS if pair.style == "group-shift" else 1)
    index = rng.integers(0, groups_of.count, each.shape)
    index[:1] = 0
    done = [shift_group_sum(v, e, groups_of) for v, e in zip(each, index, strict=True)]
    return {"index": index.ravel()}, done


def _shift_format(form: Format) -> ShiftFormat:
    if not isinstance(form, ShiftFormat):
        raise TypeError(f"{form} is no shift code")
    return form


def _exact_dots(pair: Pair, act: Codes, wgt: Codes) -> list[Any]:
    return [sum(total) for total in _beats(pair, act, wgt)]


def _beats(pair: Pair, act: Codes, wgt: Codes) -> list[list[int]]:
    """Return the exact sum over lanes of each payload, by sum."""
    fa, fw = pair.formats
    if pair.style in ("table", "power"):
        from intaglio.golden import power

        totals = power.dot(act, wgt, fa)  # type: ignore[arg-type]
    else:
        from intaglio.golden import minifloat

        totals = minifloat.dot(act, wgt, fa, fw)  # type: ignore[arg-type]
    return [[int(beat) for beat in one] for one in totals]


def _rounded_dots(pair: Pair, act: Codes, wgt: Codes) -> list[Any]:
    from intaglio.golden.minifloat import float_dot
    from intaglio.spec.ieee import IEEE_FORMATS

    fa, fw = pair.formats
    acc = IEEE_FORMATS[pair.accumulator]
    beats = _beats(pair, act, wgt)
    return [float_dot(one, fa, fw, acc) for one in beats]  # type: ignore[arg-type]


def _half_dots(pair: Pair, act: Codes, wgt: Codes) -> list[Any]:
    from intaglio.golden.fp16 import dot2
    from intaglio.spec.ieee import IEEE_FORMATS

    acc = IEEE_FORMATS[pair.accumulator]
    return [
        dot2(zip(a.tolist(), w.tolist(), strict=True), acc) for a, w in zip(act, wgt, strict=True)
    ]


def _pair_sums(pair: Pair, act: Codes, wgt: Codes) -> list[Any]:
    from intaglio.golden.dfp import pair_sum
    from intaglio.spec.codes_dfp import Overflow, spill_chain

    mode = Overflow(DFP_MODES[pair.accumulator])
    fa, fw = pair.formats
    done = []
    for a, w in zip(fa.decode(act).tolist(), fw.decode(wgt).tolist(), strict=True):
        acc, overflow = pair_sum(list(zip(a, w, strict=True)), mode, fa.bits, spill_chain(fa.bits))
        done.append({"acc": acc, "overflow": int(overflow)})
    return done


_SUMS = ("operator", "rows", "shift", "shift-floor", "group-shift", "group-scale")
_GOLDEN: dict[str, Callable[[Pair, Codes, Codes], list[Any]]] = {
    **dict.fromkeys(("fixed", "table", "power"), _exact_dots),
    **dict.fromkeys(("pipelined", "single-cycle", "bounded"), _rounded_dots),
    "fp16": _half_dots,
    "pair": _pair_sums,
}
