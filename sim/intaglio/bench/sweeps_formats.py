"""Long runs of power codes and shared-exponent integers."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.bench.running import (
    COUNT,
    LONGEST,
    draw_codes,
    draw_marks,
    fields_of_inputs,
    plus,
    running,
    sweep_row,
)
from intaglio.gateware.exponent import ExponentScan, ExponentShift
from intaglio.gateware.pair_fma import PairFma
from intaglio.gateware.power import PowerDot, PowerPostDot, PowerPreDot
from intaglio.golden.dfp import pair_sum
from intaglio.golden.ieee import Number, add, decode, encode
from intaglio.golden.power import dot as power_dot
from intaglio.spec.codes_dfp import Overflow, down_convert
from intaglio.spec.codes_power import FORMATS as POWERS
from intaglio.spec.codes_power import PowerFormat
from intaglio.spec.formats import INT32
from intaglio.spec.ieee import FP32


def _power(form: PowerFormat, inputs: Values) -> Values:
    fields = fields_of_inputs(inputs)
    terms = power_dot(fields["act"], fields["wgt"], form)
    return running(terms, fields["first"], 1, 0, plus)


def _integers(rng: np.random.Generator) -> Values:
    """Return pairs of full-range operands, of few bits and of the greatest magnitude."""
    reach = rng.choice([32768, 32768, 200, 2], COUNT)[:, None]
    operands = [np.clip(rng.integers(-reach, reach + 1, (COUNT, 2)), -32768, 32767) for _ in "aw"]
    ends = rng.random((COUNT, 1)) < 0.2
    act, wgt = (np.where(ends, np.sign(v) * 32768 - (v > 0), v) for v in operands)
    return {"i": Columns(act=act, wgt=wgt, **draw_marks(rng, COUNT, 1))}


def _fma(mode: Overflow, inputs: Values) -> Values:
    """Return the sum and the flag of every prefix of each sum."""
    fields = fields_of_inputs(inputs)
    done: list[dict[str, int]] = []
    acc, flag = 0, 0
    for act, wgt, begins in zip(
        fields["act"].tolist(), fields["wgt"].tolist(), fields["first"].tolist(), strict=True
    ):
        if begins:
            acc = flag = 0
        if mode is Overflow.SPILL:
            # Every payload is the last one, so that each is a chain of its own.
            pair, wrapped = pair_sum([(act, wgt)], Overflow.FLAG, 16, 2)
            exact = Number(pair < 0, abs(pair), 0)
            acc = encode(add(decode(acc, FP32), exact), FP32)
        else:
            acc, wrapped = pair_sum([(act, wgt)], mode, 16, 2, acc)
        flag |= wrapped
        done.append({"acc": acc, "overflow": int(flag)})
    return {"o": done}


def _accs(lanes: int, shift: int, rng: np.random.Generator) -> Values:
    """Return accumulators around the codes' range, many of them ties."""
    values = rng.integers(-(1 << (16 + shift)), 1 << (16 + shift), (COUNT, lanes))
    half = np.int64(1) << (shift - 1)
    ties = rng.random((COUNT, lanes)) < 0.5
    return {"i": np.where(ties, (values >> (shift - 1) << (shift - 1)) ^ half, values).tolist()}


def _shifted(shift: int, inputs: Values) -> Values:
    return {"o": down_convert(np.array(inputs["i"]), shift, 16).tolist()}


def _magnitudes(lanes: int, rng: np.random.Generator) -> Values:
    """Return accumulators of every bit length, a tensor of each payload."""
    reach = np.int64(1) << rng.integers(0, 32, (COUNT, 1))
    values = np.clip(rng.integers(-reach, reach + 1, (COUNT, lanes)), INT32.min, INT32.max)
    return {"i": Columns(value=values, last=np.ones(COUNT, np.int64))}


def _scanned(inputs: Values) -> Values:
    peaks = np.abs(fields_of_inputs(inputs)["value"]).max(axis=1)
    return {"o": np.maximum(np.frexp(peaks.astype(np.float64))[1] - 15, 0).tolist()}


def _power_row(kind: type[PowerDot], order: str, form: PowerFormat) -> Row:
    return sweep_row(
        f"power-{order}-{form}",
        partial(kind, form, 2, 2 * LONGEST),
        partial(draw_codes, form.bits, form.bits, 2, 1),
        partial(_power, form),
    )


SWEEPS = (
    *(_power_row(PowerPreDot, "pre", form) for form in POWERS),
    *(_power_row(PowerPostDot, "post", form) for form in POWERS if form.whole),
    *(
        sweep_row(
            f"dfp-pair-fma-{mode}", partial(PairFma, 16, mode), _integers, partial(_fma, mode)
        )
        for mode in Overflow
    ),
    sweep_row("dfp-exponent-scan", partial(ExponentScan, 4, 16), partial(_magnitudes, 4), _scanned),
    sweep_row(
        "dfp-exponent-shift",
        partial(ExponentShift, 4, 16),
        partial(_accs, 4, 7),
        partial(_shifted, 7),
        shift=7,
    ),
)
"""A million payloads of each are worth comparing."""
