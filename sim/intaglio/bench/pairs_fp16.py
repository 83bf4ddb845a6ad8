"""Rows of the FP16 dot product: every class of number, near ties, cancellation."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.row import Row, Values
from intaglio.gateware.fp16_dot import Fp16Dot
from intaglio.golden.fp16 import dot2
from intaglio.spec.ieee import FP16, FP32, IeeeFormat

ONE = FP16.bias << FP16.mantissa_bits
LEAST_NORMAL = 1 << FP16.mantissa_bits
SIGN = 1 << (FP16.bits - 1)
CORNERS = (0, 1, LEAST_NORMAL - 1, LEAST_NORMAL, ONE, ONE + 1, FP16.infinity - 1)
SPECIAL = (*CORNERS, FP16.infinity, FP16.nan, FP16.infinity + 1)


def _chance(rng: np.random.Generator, kind: int, count: int) -> Any:
    """Return codes: any, around one, small, large, or corners with infinity and NaN."""
    ranges = ((0, FP16.infinity), (ONE - 2048, ONE + 2048), (0, 8192), (0x5000, FP16.infinity))
    codes = rng.integers(*ranges[kind % len(ranges)], count) | rng.integers(0, 2, count) * SIGN
    if kind % 5 == 4:
        corners = rng.choice(SPECIAL, count) | rng.integers(0, 2, count) * SIGN
        codes = np.where(rng.random(count) < 0.2, corners, codes)
    return codes


def _beats(rng: np.random.Generator, kind: int, length: int) -> list[list[int]]:
    """Return beats (a0, a1, w0, w1) of a sum."""
    beats = [_chance(rng, kind, 4) for _ in range(length)]
    if kind % 3 == 2:
        # What comes first goes again: sums cancel to the last bit.
        half = length // 2
        for n in range(half):
            beats[length - 1 - n] = beats[n] ^ np.array([SIGN, SIGN, 0, 0])
    return [[int(code) for code in beat] for beat in beats]


def _corner_pairs() -> list[list[list[int]]]:
    """Return sums of one beat: every pair of corners in each lane, beside a small product."""
    codes = [code | sign for code in SPECIAL for sign in (0, SIGN)]
    pairs = [(a, w, ONE | (a & SIGN)) for a in codes for w in codes]
    return [[[a, 1, w, one]] for a, w, one in pairs] + [[[1, a, one, w]] for a, w, one in pairs]


def _nans() -> list[list[list[int]]]:
    """Return sums of one beat: NaN that a single bit tells from infinity, as each operand."""
    codes = [FP16.infinity | 1 << n for n in range(FP16.mantissa_bits)]
    beats = [[code if n == at else ONE for n in range(4)] for code in codes for at in range(4)]
    return [[beat] for beat in beats]


def _near_ties(rng: np.random.Generator) -> list[list[list[int]]]:
    """Return single products next to halfway between two subnormals.

    Significands multiply to nearly an odd multiple of half the quantum, so that what decides lies
    far below the bits that are kept.
    """
    hidden = 1 << FP16.mantissa_bits
    sums = []
    # Exponent fields that add to n: a product's integer counts 2**(n + 2 * (quantum - 1)).
    for n in range(4, 12):
        half = 1 << (1 - FP16.quantum - n)
        for _ in range(40):
            act = int(rng.integers(hidden, 2 * hidden))
            odd = 2 * int(rng.integers(0, max(1, hidden * act // half))) + 1
            wgt = round(odd * half / act)
            if hidden <= wgt < 2 * hidden:
                field = int(rng.integers(1, n))
                codes = (act - hidden | field << 10, wgt - hidden | (n - field) << 10)
                sums.append([[codes[0], 0, codes[1] | int(rng.integers(0, 2)) * SIGN, 0]])
    return sums


def _sparse(rng: np.random.Generator, shape: tuple[int, ...], field: int) -> Any:
    """Return codes whose significands have one bit, all but one, or few, near an exponent field.

    What such numbers leave below another one's last place is a single bit, or lacks one: it shows
    whether each of the bits that only count together is counted.
    """
    bits, full = FP16.mantissa_bits, (1 << FP16.mantissa_bits) - 1
    one = 1 << rng.integers(0, bits, shape)
    few = rng.integers(0, full, shape) & rng.integers(0, full, shape)
    mantissa = np.choose(rng.integers(0, 5, shape), [one, full ^ one, few, 0 * one, full + 0 * one])
    most = (1 << FP16.exponent_bits) - 2
    exponent = np.clip(field + rng.integers(-13, 14, shape), 0, most)
    return exponent << bits | mantissa | rng.integers(0, 2, shape) * SIGN


def _sparse_sums(rng: np.random.Generator, count: int) -> list[list[list[int]]]:
    """Return sums of few beats of sparse numbers, factors of 1 and of 2**n among them."""
    sums = []
    for _ in range(count):
        length = int(rng.integers(1, 4))
        acts = _sparse(rng, (length, 2), int(rng.choice((1, 8, 15, 24))))
        wgts = _sparse(rng, (length, 2), FP16.bias)
        powers = int(rng.integers(FP16.bias - 12, FP16.bias + 4)) << FP16.mantissa_bits
        wgts = np.where(rng.random((length, 2)) < 0.5, powers, wgts)
        sums.append(np.concatenate([acts, wgts], axis=1).tolist())
    return sums


def draw_inputs(contexts: int, count: int, sparse: int, rng: np.random.Generator) -> Values:
    """Return corners, near ties, `count` sums of chance and `sparse` of sparse numbers."""
    sums = [_beats(rng, 1, 1), *_corner_pairs(), *_nans(), *_near_ties(rng)]
    sums += [_beats(rng, kind, int(rng.integers(1, 12))) for kind in range(count)]
    return _turns(contexts, sums + _sparse_sums(rng, sparse))


def _turns(contexts: int, sums: list[list[list[int]]]) -> Values:
    """Return the beats of `contexts` sums in turns."""
    queues: list[list[dict[str, Any]]] = [[] for _ in range(contexts)]
    for beats in sums:
        queue = min(queues, key=len)
        for at, (a0, a1, w0, w1) in enumerate(beats):
            marks = {"first": int(at == 0), "last": int(at == len(beats) - 1)}
            queue.append({"act": [a0, a1], "wgt": [w0, w1], **marks})
    shortest = min(map(len, queues))
    return {"i": [queue[at] for at in range(shortest) for queue in queues]}


def sparse_inputs(contexts: int, count: int, rng: np.random.Generator) -> Values:
    """Return sums of sparse numbers alone."""
    return _turns(contexts, _sparse_sums(rng, count))


def _ties_but_one_bit(rng: np.random.Generator, each: int) -> list[list[list[int]]]:
    """Return single products that one bit 2**n parts from halfway between two codes, for all n.

    Significands of 11 bits are few enough to look at all pairs. Halfway is 2**half in units of
    their product.
    """
    numbers = np.arange(1 << FP16.mantissa_bits, 2 << FP16.mantissa_bits)
    size = np.outer(numbers, numbers)
    sums = []
    for half in range(FP16.mantissa_bits - 1, 2 * FP16.precision):
        rest = (size & ((2 << half) - 1)) ^ (1 << half)
        subnormal = 1 - FP16.quantum - half  # exponent fields that add to this make it so
        for n in range(half):
            acts, wgts = np.nonzero(rest == 1 << n)
            if not len(acts):
                continue
            for at in rng.integers(0, len(acts), each):
                total = subnormal if half > FP16.mantissa_bits else int(rng.integers(24, 36))
                field = int(rng.integers(max(1, total - 30), min(total, 31)))
                act = int(acts[at]) | field << FP16.mantissa_bits
                wgt = int(wgts[at]) | (total - field) << FP16.mantissa_bits
                sign = int(rng.integers(0, 2)) * SIGN
                sums += [[[act, 0, wgt ^ sign, 0]], [[0, act, 0, wgt ^ sign]]]
    return sums


def tie_inputs(contexts: int, each: int, rng: np.random.Generator) -> Values:
    """Return products that one bit parts from a tie, `each` for every place of both."""
    return _turns(contexts, _ties_but_one_bit(rng, each))


def _golden(acc: IeeeFormat, contexts: int, inputs: Values) -> Values:
    """Return the code of each sum, in the order of their ends."""
    running: list[list[Any]] = [[] for _ in range(contexts)]
    done = []
    for n, beat in enumerate(inputs["i"]):
        own = running[n % contexts]
        if beat["first"]:
            own.clear()
        own.append((beat["act"], beat["wgt"]))
        if beat["last"]:
            done.append(dot2(own, acc))
    return {"o": done}


ROWS = tuple(
    Row(
        name=f"fp16-dot-{acc}-contexts{contexts}",
        build=partial(Fp16Dot, acc, contexts),
        inputs=partial(draw_inputs, contexts, 500, 500),
        golden=partial(_golden, acc, contexts),
        backpressure=(0.0, 0.3),
    )
    for acc, contexts in ((FP16, 1), (FP32, 4))
)
