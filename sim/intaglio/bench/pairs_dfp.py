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


def _accs(rng: np.random.Generator) -> Values:
    """Return edges, every tie and its neighbours near both ends and zero, then chance."""
    half = 1 << (SHIFT - 1)
    ends = [0, ((1 << (BITS - 1)) - 3) << SHIFT, -(((1 << (BITS - 1)) - 3) << SHIFT)]
    near = [end + half * n + d for end in ends for n in range(-9, 10) for d in (-1, 0, 1)]
    reach = 1 << (BITS + SHIFT)
    values = [*edges(INT32), *near, *uniform(rng, INT32, 100), *rng.integers(-reach, reach, 400)]
    values += values[: -len(values) % LANES]
    flat = [int(value) for value in values]
    return {"i": [flat[at : at + LANES] for at in range(0, len(flat), LANES)]}


ROWS = (
    *(_fma_row(mode) for mode in Overflow),
    _fma_row(Overflow.SPILL, 8),
    Row(
        name="dfp-exponent-scan",
        build=partial(ExponentScan, LANES, BITS),
        inputs=_tensors,
        golden=_shifts,
    ),
    Row(
        name="dfp-exponent-shift",
        build=partial(ExponentShift, LANES, BITS),
        settings={"shift": SHIFT},
        inputs=_accs,
        golden=lambda inputs: {
            "o": [down_convert(accs, SHIFT, BITS).tolist() for accs in inputs["i"]]
        },
    ),
)
