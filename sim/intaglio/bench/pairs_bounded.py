"""Rows of the bounded float accumulator: greatest products, cancellation, codes of any kind."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.bounded_dot import BoundedFloatDot
from intaglio.golden.minifloat import float_dot, products
from intaglio.spec.codes_minifloat import Minifloat, minifloat
from intaglio.spec.ieee import FP32

LENGTH, SUMS = 48, 60


def _inputs(form: Minifloat, rng: np.random.Generator) -> Values:
    """Return sums of LENGTH payloads: greatest, least, cancelling to 0, near in magnitude, any."""
    sign = 1 << (form.bits - 1)
    shape = (SUMS, LENGTH)
    act = rng.integers(0, 1 << form.bits, shape)
    wgt = rng.integers(0, 1 << form.bits, shape)
    act[0], wgt[0] = sign - 1, sign - 1
    act[1], wgt[1] = sign - 1, 2 * sign - 1
    few = 1 << form.mantissa_bits
    act[2::4] = rng.integers(0, few, act[2::4].shape) | rng.integers(0, 2, act[2::4].shape) * sign
    wgt[2::4] = rng.integers(0, few + 1, wgt[2::4].shape)
    half = LENGTH // 2
    act[3::4, half:] = act[3::4, :half][:, ::-1]
    wgt[3::4, half:] = wgt[3::4, :half][:, ::-1] ^ sign
    first = np.zeros(shape, np.int64)
    last = np.zeros(shape, np.int64)
    first[:, 0], last[:, -1] = 1, 1
    columns = Columns(
        act=act.reshape(-1, 1), wgt=wgt.reshape(-1, 1), first=first.ravel(), last=last.ravel()
    )
    return {"i": columns}


def _golden(form: Minifloat, inputs: Values) -> Values:
    fields: dict[str, Any] = inputs["i"].fields  # type: ignore[attr-defined]
    beats = products(fields["act"], fields["wgt"], form, form).reshape(-1, LENGTH)
    return {"o": [float_dot([int(b) for b in one], form, form, FP32) for one in beats]}


ROWS = tuple(
    Row(
        name=f"bounded-dot-{form}-fp32",
        build=partial(BoundedFloatDot, form, form, FP32, LENGTH),
        inputs=partial(_inputs, form),
        golden=partial(_golden, form),
        backpressure=(0.0, 0.5),
        latency=None,
    )
    for form in (minifloat("fp8_e4m3"), minifloat("fp8_e5m2"))
)
