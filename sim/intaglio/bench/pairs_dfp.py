"""Rows of shared-exponent integers: safe chains, the vectors that overflow, exponent units."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.row import Row, Values
from intaglio.bench.stimulus import edges, uniform
from intaglio.gateware.exponent import ExponentScan, ExponentShift
from intaglio.gateware.pair_fma import PairFma
from intaglio.golden.dfp import pair_sum
from intaglio.spec.codes_dfp import Overflow, down_convert, safe_chain, scan_shift, spill_chain
from intaglio.spec.formats import INT32

BITS, LANES = 16, 4
SHIFT = 5


def chain_vector(act_bits: int, wgt_bits: int, products: int, sign: int = 1) -> list[list[int]]:
    """Return beats [a0, a1, w0, w1] of `products` products of the greatest codes."""
    act, wgt = (1 << (act_bits - 1)) - 1, sign * ((1 << (wgt_bits - 1)) - 1)
    beats = [[act, act, wgt, wgt]] * (products // 2)
    return [*beats, [act, 0, wgt, 0]] if products % 2 else beats


def _directed() -> list[list[list[int]]]:
    """Return a pair that fits, safe chains and those of one product more, and the lowest codes."""
    sums = [[[32767, 32767, 32767, 32767]], [[-32768, -32768, -32768, -32768]]]
    sums += [[[-32768, 0, 32767, 0], [-32768, -1, 32767, 32767]], [[-32768, 32767, -32768, -2]]]
    widths = ((16, 16), (16, 15), (15, 15), (16, 14), (14, 14), (13, 13), (16, 11))
    for act_bits, wgt_bits in widths:
        longest = safe_chain(act_bits, wgt_bits)
        for products in (longest, longest + 1):
            sums += [chain_vector(act_bits, wgt_bits, products, sign) for sign in (1, -1)]
    return sums


def _inputs(rng: np.random.Generator) -> Values:
    """Return directed sums, then sums of chance and of halfway operands."""
    sums = _directed()
    for n in range(120):
        reach = (32767, 32767, 600, 3)[n % 4]
        length = int(rng.integers(1, 40))
        sums.append(rng.integers(-reach, reach, (length, 4), endpoint=True).tolist())
    beats = []
    for total in sums:
        for at, (a0, a1, w0, w1) in enumerate(total):
            marks = {"first": int(at == 0), "last": int(at == len(total) - 1)}
            beats.append({"act": [a0, a1], "wgt": [w0, w1], **marks})
    return {"i": beats}


def _golden(mode: Overflow, chain: int, inputs: Values) -> Values:
    """Return accumulator and flag of each sum."""
    done: list[dict[str, int]] = []
    own: list[Any] = []
    for beat in inputs["i"]:
        own.append((beat["act"], beat["wgt"]))
        if beat["last"]:
            acc, overflow = pair_sum(own, mode, BITS, chain)
            done.append({"acc": acc, "overflow": int(overflow)})
            own = []
    return {"o": done}


def _fma_row(mode: Overflow, chain: int = 0) -> Row:
    return Row(
        name=f"dfp-pair-fma-{mode}" + (f"-chain{chain}" if chain else ""),
        build=partial(PairFma, BITS, mode, chain),
        inputs=_inputs,
        golden=partial(_golden, mode, chain or spill_chain(BITS)),
        backpressure=(0.0, 0.3),
    )


def _tensors(rng: np.random.Generator) -> Values:
    """Return tensors of every bit length, the greatest value of which stands anywhere."""
    payloads = []
    # A small tensor after a large one shows that nothing of it is left; the first has one payload.
    for length in (0, *(int(n) for n in rng.permutation(33))):
        top = min(1 << length, 1 << 31) - (length % 3 > 0 and length < 32)
        for sign in (1, -1):
            count = 1 if length == 0 else int(rng.integers(1, 5))
            value = rng.integers(-(top // 2), top // 2 + 1, (count, LANES))
            peak = min(sign * top, INT32.max)
            value[int(rng.integers(count)), int(rng.integers(LANES))] = peak
            for at in range(count):
                payloads.append({"value": value[at].tolist(), "last": int(at == count - 1)})
    # One bit alone in one lane: each is seen to matter, whatever lies below it.
    for single in _sparse(rng, 2):
        chosen = int(rng.integers(LANES))
        lanes = [single if n == chosen else 0 for n in range(LANES)]
        payloads.append({"value": lanes, "last": 1})
    return {"i": payloads}


def _shifts(inputs: Values) -> Values:
    """Return the shift of each tensor."""
    shifts, values = [], []
    for payload in inputs["i"]:
        values += payload["value"]
        if payload["last"]:
            shifts.append(scan_shift(values, BITS))
            values = []
    return {"o": shifts}


def _sparse(rng: np.random.Generator, count: int) -> list[int]:
    """Return powers of two of both signs, alone and with `count` different lower bits each."""
    values = [INT32.min]
    for top in range(INT32.bits - 1):
        for low in (0, *(1 << rng.integers(0, top, count) if top else ())):
            values += [(1 << top) + int(low), -(1 << top) - int(low)]
    return values


def _accs(shift: int, rng: np.random.Generator) -> Values:
    """Return edges, every tie and its neighbours near both ends and zero, then chance."""
    half = (1 << shift) >> 1
    limit = ((1 << (BITS - 1)) - 1) << shift
    ends = [0, limit - (2 << shift), -(limit - (2 << shift))]
    near = [end + half * n + d for end in ends for n in range(-9, 10) for d in (-1, 0, 1)]
    # A single bit beyond the range saturates; one at any place of a code comes through.
    bits = [sign * (limit | 1 << n) for sign in (1, -1) for n in range(INT32.bits - 1)]
    reach = min(1 << (BITS + shift), INT32.max)
    chance = [*uniform(rng, INT32, 100), *rng.integers(-reach, reach, 400)]
    values = [*edges(INT32), *near, *bits, *_sparse(rng, 8), *chance]
    values += values[: -len(values) % LANES]
    flat = [min(max(int(value), INT32.min), INT32.max) for value in rng.permutation(values)]
    return {"i": [flat[at : at + LANES] for at in range(0, len(flat), LANES)]}


def _shift_row(shift: int) -> Row:
    return Row(
        name="dfp-exponent-shift" + (f"-by{shift}" if shift != SHIFT else ""),
        build=partial(ExponentShift, LANES, BITS),
        settings={"shift": shift},
        inputs=partial(_accs, shift),
        golden=lambda inputs: {
            "o": [down_convert(accs, shift, BITS).tolist() for accs in inputs["i"]]
        },
    )


SHIFT_ROWS = tuple(_shift_row(shift) for shift in (SHIFT, 0, 1, 2, 10, 16, INT32.bits - BITS + 1))
ROWS = (
    *(_fma_row(mode) for mode in Overflow),
    _fma_row(Overflow.SPILL, 8),
    Row(
        name="dfp-exponent-scan",
        build=partial(ExponentScan, LANES, BITS),
        inputs=_tensors,
        golden=_shifts,
    ),
    *SHIFT_ROWS,
)
