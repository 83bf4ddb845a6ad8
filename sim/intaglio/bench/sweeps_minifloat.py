"""Long runs of FP8, FP4 and FP16, for :func:`intaglio.bench.vectors.sweep`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.bench.running import (
    COUNT,
    LONGEST,
    draw_codes,
    fields_of_inputs,
    plus,
    running,
    sweep_row,
)
from intaglio.gateware.fp16_dot import Fp16Dot
from intaglio.gateware.minifloat import MinifloatProduct
from intaglio.gateware.minifloat_dot import MinifloatDot, MinifloatFloatDot
from intaglio.golden.fp16 import pair_code
from intaglio.golden.ieee import Number, add, decode, encode, fp_add
from intaglio.golden.minifloat import dot, products
from intaglio.spec.codes_minifloat import BLOCK_BIAS, BLOCK_NAN, FORMATS, Minifloat, minifloat
from intaglio.spec.ieee import FP16, FP32, IeeeFormat

BLOCK_LANES = 16


def _exact(fa: Minifloat, fw: Minifloat, inputs: Values) -> Values:
    fields = fields_of_inputs(inputs)
    return running(dot(fields["act"], fields["wgt"], fa, fw), fields["first"], 1, 0, plus)


def _rounded(form: Minifloat, acc: IeeeFormat, contexts: int, inputs: Values) -> Values:
    fields = fields_of_inputs(inputs)
    terms = dot(fields["act"], fields["wgt"], form, form)

    def step(code: int, term: Any) -> int:
        exact = Number(term < 0, abs(int(term)), 2 * form.quantum)
        return encode(add(decode(code, acc), exact), acc)

    return running(terms, fields["first"], contexts, 0, step)


def _block_codes(rng: np.random.Generator) -> Values:
    """Return payloads with shared exponents: near one another, anywhere, and of NaN."""
    fields = dict(fields_of_inputs(draw_codes(4, 4, BLOCK_LANES, 4, rng)))
    near = rng.integers(100, 154, (2, COUNT))
    chance = np.where(rng.random((2, COUNT)) < 0.9, near, rng.integers(0, 256, (2, COUNT)))
    fields["act_exponent"], fields["wgt_exponent"] = chance
    return {"i": Columns(**fields)}


def _blocks(form: Minifloat, inputs: Values) -> Values:
    fields = fields_of_inputs(inputs)
    sums = dot(fields["act"], fields["wgt"], form, form).tolist()
    shared = zip(fields["act_exponent"].tolist(), fields["wgt_exponent"].tolist(), strict=True)

    def step(code: int, term: Any) -> int:
        total, exponents = term
        unit = 2 * form.quantum + sum(exponents) - 2 * BLOCK_BIAS
        exact = Number(total < 0, abs(total), unit, nan=BLOCK_NAN in exponents)
        return encode(add(decode(code, FP32), exact), FP32)

    return running(zip(sums, shared, strict=True), fields["first"], 4, 0, step)


def _fp16(acc: IeeeFormat, contexts: int, inputs: Values) -> Values:
    fields = fields_of_inputs(inputs)
    pairs = (
        pair_code(act, wgt, acc)
        for act, wgt in zip(fields["act"].tolist(), fields["wgt"].tolist(), strict=True)
    )

    def step(code: int, pair: int) -> int:
        return fp_add(code, pair, acc)

    return running(pairs, fields["first"], contexts, 0, step)


def _pairs(fa: Minifloat, fw: Minifloat, rng: np.random.Generator) -> Values:
    """Return every pair of codes, in random order."""
    grid = np.arange(1 << (fa.bits + fw.bits))
    chosen = rng.permutation(grid)
    return {"i": Columns(act=chosen >> fw.bits, wgt=chosen & ((1 << fw.bits) - 1))}


def _products(fa: Minifloat, fw: Minifloat, inputs: Values) -> Values:
    fields = fields_of_inputs(inputs)
    return {"o": products(fields["act"], fields["wgt"], fa, fw).tolist()}


def _dot_row(form: Minifloat, lanes: int) -> Row:
    return sweep_row(
        f"minifloat-{form}-exact-lanes{lanes}",
        partial(MinifloatDot, form, form, lanes, lanes * LONGEST),
        partial(draw_codes, form.bits, form.bits, lanes, 1),
        partial(_exact, form, form),
    )


def _float_row(form: Minifloat, acc: IeeeFormat, lanes: int, contexts: int) -> Row:
    return sweep_row(
        f"minifloat-{form}-{acc}-lanes{lanes}-contexts{contexts}",
        partial(MinifloatFloatDot, form, form, acc, lanes, contexts),
        partial(draw_codes, form.bits, form.bits, lanes, contexts),
        partial(_rounded, form, acc, contexts),
    )


def _fp16_row(acc: IeeeFormat, contexts: int) -> Row:
    return sweep_row(
        f"fp16-dot-{acc}-contexts{contexts}",
        partial(Fp16Dot, acc, contexts),
        partial(draw_codes, 16, 16, 2, contexts),
        partial(_fp16, acc, contexts),
    )


_E2M1, _E4M3, _E5M2 = (minifloat(name) for name in ("fp4_e2m1", "fp8_e4m3", "fp8_e5m2"))
EXHAUSTIVE = tuple(
    sweep_row(
        f"minifloat-product-{fa}-{fw}",
        partial(MinifloatProduct, fa, fw),
        partial(_pairs, fa, fw),
        partial(_products, fa, fw),
    )
    for fa in FORMATS
    for fw in FORMATS
    if fa == fw or (fa.bits, fw.bits) == (8, 4)
)
"""All pairs of codes of each format with itself, and of FP8 with FP4."""
SWEEPS = (
    *(_dot_row(form, 1) for form in FORMATS),
    _dot_row(_E4M3, 16),
    _dot_row(_E2M1, 16),
    *(_float_row(form, FP32, 1, 4) for form in FORMATS if form.bits == 8),
    _float_row(_E4M3, FP16, 1, 4),
    _float_row(_E5M2, FP16, 1, 1),
    _float_row(_E4M3, FP32, 16, 4),
    sweep_row(
        "minifloat-fp4_e2m1-fp32-blocks",
        partial(MinifloatFloatDot, _E2M1, _E2M1, FP32, BLOCK_LANES, 4, True),
        _block_codes,
        partial(_blocks, _E2M1),
    ),
    _fp16_row(FP16, 4),
    _fp16_row(FP16, 1),
    _fp16_row(FP32, 4),
)
"""A million payloads of each are worth comparing."""
