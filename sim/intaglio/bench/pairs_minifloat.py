"""Rows of FP8 and FP4: products of all pairs of codes, exact sums, IEEE accumulation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.row import Row, Values
from intaglio.gateware.minifloat import MinifloatProduct
from intaglio.gateware.minifloat_dot import MinifloatDot, MinifloatFloatDot
from intaglio.golden.minifloat import block_dot, dot, float_dot, products
from intaglio.spec.codes_minifloat import BLOCK_NAN, Minifloat, minifloat
from intaglio.spec.ieee import FP16, FP32, IeeeFormat

E2M1, E4M3, E5M2 = (minifloat(name) for name in ("fp4_e2m1", "fp8_e4m3", "fp8_e5m2"))
TERMS = 512


def _all_pairs(fa: Minifloat, fw: Minifloat, rng: np.random.Generator) -> Values:
    """Return every pair of codes, in random order."""
    pairs = np.array([(a, w) for a in range(1 << fa.bits) for w in range(1 << fw.bits)])
    return {"i": rng.permutation(pairs).tolist()}


def _all_products(fa: Minifloat, fw: Minifloat, inputs: Values) -> Values:
    """Return the exact product of each pair."""
    act, wgt = np.array(inputs["i"]).T
    return {"o": [int(product) for product in products(act, wgt, fa, fw)]}


def _lengths(rng: np.random.Generator, longest: int, count: int) -> list[int]:
    """Return payloads per sum: one first, where latency is measured, and the longest once."""
    return [1, longest, *(int(n) for n in rng.integers(1, 14, count))]


def _codes(form: Minifloat, rng: np.random.Generator, shape: tuple[int, ...], kind: int) -> Any:
    """Return codes: of the greatest magnitude, subnormal or zero, of like exponents, or any."""
    sign = rng.integers(0, 2, shape) << (form.bits - 1)
    top = (1 << (form.bits - 1)) - 1
    if kind == 0:
        return np.full(shape, top)
    if kind == 1:
        return rng.integers(0, 1 << form.mantissa_bits, shape) | sign
    if kind == 2:
        # Sums near 0: neighbours in magnitude, signs by chance.
        middle = int(rng.integers(0, top + 1))
        return np.clip(middle + rng.integers(-1, 2, shape), 0, top) | sign
    return rng.integers(0, 1 << form.bits, shape)


def _sums(
    fa: Minifloat,
    fw: Minifloat,
    lanes: int,
    contexts: int,
    blocks: bool,
    count: int,
    rng: np.random.Generator,
) -> Values:
    """Return sums of payloads; those of `contexts` sums take turns."""
    queues: list[list[dict[str, Any]]] = [[] for _ in range(contexts)]
    lengths = _lengths(rng, TERMS // lanes, count)
    for n, length in enumerate(lengths):
        kind = n % 5 if length < 100 else 0
        act = _codes(fa, rng, (length, lanes), kind)
        wgt = _codes(fw, rng, (length, lanes), kind)
        if kind == 1:
            # Zeros beside codes of any exponent, between subnormals: a zero must not move the sum.
            wgt = np.where(rng.random(wgt.shape) < 0.5, wgt, _codes(fw, rng, wgt.shape, 3))
            act = np.where(rng.random((length, 1)) < 0.4, 0, act)
        if kind == 4:
            # What comes first goes again, the last first: exact sums end at 0.
            half = length // 2
            act[length - half :] = act[:half][::-1]
            wgt[length - half :] = wgt[:half][::-1] ^ (1 << (fw.bits - 1))
        centre, reach = (int(rng.integers(0, 256)), 6) if n % 2 else (127, 20)
        for at in range(length):
            beat = {"act": act[at].tolist(), "wgt": wgt[at].tolist()}
            beat |= {"first": int(at == 0), "last": int(at == length - 1)}
            if blocks:
                near = np.clip(centre + rng.integers(-reach, reach, 2), 0, 255)
                if n % 8 == 3 and rng.random() < 0.1:
                    near[int(rng.integers(2))] = BLOCK_NAN
                beat |= {"act_exponent": int(near[0]), "wgt_exponent": int(near[1])}
            queues[n % contexts].append(beat)
    shortest = min(map(len, queues))
    for queue in queues:
        # Turns end together: what is left over would wait for the others.
        del queue[shortest:]
        queue[-1]["last"] = 1
    return {"i": [queue[at] for at in range(shortest) for queue in queues]}


def _grouped(inputs: Values, contexts: int) -> list[list[dict[str, Any]]]:
    """Return the payloads of each sum, in the order of their ends."""
    running: list[list[dict[str, Any]]] = [[] for _ in range(contexts)]
    done = []
    for n, beat in enumerate(inputs["i"]):
        own = running[n % contexts]
        if beat["first"]:
            own.clear()
        own.append(beat)
        if beat["last"]:
            done.append(list(own))
    return done


def _beats(group: list[dict[str, Any]], fa: Minifloat, fw: Minifloat) -> list[int]:
    """Return the exact sum over lanes of each payload."""
    act = np.array([beat["act"] for beat in group])
    wgt = np.array([beat["wgt"] for beat in group])
    return [int(total) for total in dot(act, wgt, fa, fw)]


def _exact(fa: Minifloat, fw: Minifloat, inputs: Values) -> Values:
    """Return exact sums."""
    return {"o": [sum(_beats(group, fa, fw)) for group in _grouped(inputs, 1)]}


def _rounded(
    fa: Minifloat, fw: Minifloat, acc: IeeeFormat, contexts: int, inputs: Values
) -> Values:
    """Return IEEE codes of sums."""
    groups = _grouped(inputs, contexts)
    return {"o": [float_dot(_beats(group, fa, fw), fa, fw, acc) for group in groups]}


def _blocks(fa: Minifloat, fw: Minifloat, contexts: int, inputs: Values) -> Values:
    """Return FP32 codes of sums of scaled blocks."""
    done = []
    for group in _grouped(inputs, contexts):
        act = [beat["act_exponent"] for beat in group]
        wgt = [beat["wgt_exponent"] for beat in group]
        done.append(block_dot(_beats(group, fa, fw), act, wgt, fa, fw))
    return {"o": done}


def _float_row(
    form: Minifloat, acc: IeeeFormat, lanes: int, contexts: int, count: int = 150
) -> Row:
    return Row(
        name=f"minifloat-{form}-{acc}-lanes{lanes}-contexts{contexts}",
        build=partial(MinifloatFloatDot, form, form, acc, lanes, contexts),
        inputs=partial(_sums, form, form, lanes, contexts, False, count),
        golden=partial(_rounded, form, form, acc, contexts),
        backpressure=(0.0, 0.5),
    )


def _exact_row(form: Minifloat, lanes: int) -> Row:
    return Row(
        name=f"minifloat-{form}-exact-lanes{lanes}",
        build=partial(MinifloatDot, form, form, lanes, TERMS),
        inputs=partial(_sums, form, form, lanes, 1, False, 150),
        golden=partial(_exact, form, form),
        backpressure=(0.0, 0.5),
    )


def _product_row(fa: Minifloat, fw: Minifloat) -> Row:
    build: Callable[[], MinifloatProduct] = partial(MinifloatProduct, fa, fw)
    return Row(
        name=f"minifloat-product-{fa}-{fw}",
        build=build,
        inputs=partial(_all_pairs, fa, fw),
        golden=partial(_all_products, fa, fw),
        backpressure=(0.0, 0.5),
    )


ROWS = (
    _product_row(E2M1, E2M1),
    _product_row(E4M3, E2M1),
    _exact_row(E5M2, 1),
    _exact_row(E4M3, 16),
    _float_row(E4M3, FP16, 1, 4),
    _float_row(E5M2, FP16, 1, 1),
    _float_row(E4M3, FP32, 16, 4, count=60),
    Row(
        name=f"minifloat-{E2M1}-fp32-blocks",
        build=partial(MinifloatFloatDot, E2M1, E2M1, FP32, 16, 4, True),
        inputs=partial(_sums, E2M1, E2M1, 16, 4, True, 150),
        golden=partial(_blocks, E2M1, E2M1, 4),
        backpressure=(0.0, 0.5),
    ),
)
