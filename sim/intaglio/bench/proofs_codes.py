"""Proofs of exact dot products of minifloats and power codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_exhaust import Exhausted, Fields
from intaglio.bench.proof_gates import Gates
from intaglio.bench.proof_overflow import Overflowed
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_sums import Sums, additive, bounded, run
from intaglio.bench.proof_terms import constant, extended, field
from intaglio.gateware.minifloat_dot import MinifloatDot
from intaglio.gateware.units import find_unit
from intaglio.golden.minifloat import products as minifloat_products
from intaglio.golden.power import dot as power_dot
from intaglio.spec.codes import Format

LAST = "i__payload.last"
MARKS = {"first": 1, "last": 1}


def _sums(component: Any) -> Sums:
    return Sums(("acc",), component.latency_cycles)


def _additive(component: Any, gates: Gates) -> Iterable[Claim]:
    yield from additive(component, gates, _sums(component))


def _lanes(component: Any, gates: Gates) -> Iterable[Claim]:
    """What a payload adds is the sum of what each lane adds with the others at code 0."""
    shape = component.i.payload.shape()
    width = gates.inputs["i__payload"].size()
    payload = z3.BitVec("payload", width)
    sums = _sums(component)

    def value(lanes: Iterable[int]) -> Any:
        mask = 1 << shape["first"].offset
        for n in lanes:
            for name in ("act", "wgt"):
                item = shape[name]
                bits = item.shape[n]
                mask |= ((1 << bits.width) - 1) << (item.offset + bits.offset)
        kept = (payload & constant(mask, width)) | constant(1 << shape["first"].offset, width)
        return run(gates, sums, z3.simplify(kept), {}).at(sums.written, "acc")

    before = constant(0, component.acc.bits)
    for n in range(component.lanes):
        alone, both = value([n]), value(range(n + 1))
        act, wgt = (field(payload, shape, name, n) for name in ("act", "wgt"))
        product = _product(component, act, wgt, component.acc.bits)
        yield Claim(f"product of lane {n}", alone == product)
        yield Claim(f"lane {n} adds", both == before + alone, free_products=True)
        before = both


def _product(component: MinifloatDot, act: Any, wgt: Any, width: int) -> Any:
    """Return the product of two codes from what exponent and mantissa mean."""
    size, places, negative = constant(1, width), constant(0, width), constant(0, 1)
    for code, form in ((act, component.act), (wgt, component.wgt)):
        mantissa = z3.Extract(form.mantissa_bits - 1, 0, code) if form.mantissa_bits else None
        exponent = extended(z3.Extract(form.bits - 2, form.mantissa_bits, code), width, False)
        normal = constant(1 << form.mantissa_bits, width)
        low = constant(0, width) if mantissa is None else extended(mantissa, width, False)
        size = size * (low + z3.If(exponent == 0, constant(0, width), normal))
        places = places + z3.If(exponent == 0, exponent, exponent - 1)
        negative = negative ^ z3.Extract(form.bits - 1, form.bits - 1, code)
    return z3.If(negative == 1, -(size << places), size << places)


def _minifloat(component: Any) -> Sequence[Step]:
    def golden(fields: Fields) -> Any:
        act, wgt = (fields[name][:, 0] for name in ("act", "wgt"))
        return minifloat_products(act, wgt, component.act, component.wgt)

    return _steps(component, golden, component.act, component.wgt)


def _power(component: Any) -> Sequence[Step]:
    def golden(fields: Fields) -> Any:
        return power_dot(fields["act"], fields["wgt"], component.form)

    return _steps(component, golden, component.form, component.form)


def _steps(component: Any, golden: Any, act: Format, wgt: Format) -> Sequence[Step]:
    largest = [int(np.abs(form.table()).argmax()) for form in (act, wgt)]
    # The largest code of a symmetric format, or the lowest of two's complement, times itself.
    furthest = int(act.table()[largest[0]]) * int(wgt.table()[largest[1]]) * component.lanes
    most = abs(furthest)
    extreme = {
        name: [code] * component.lanes for name, code in zip(("act", "wgt"), largest, strict=True)
    }
    replay = Overflowed(
        furthest,
        extreme,
        component.acc.bits,
        lambda first, last: {"first": first, "last": last},
    )
    whole: Step = Exhausted(golden, held=MARKS) if component.lanes == 1 else Solved(_lanes)
    return (
        whole,
        Solved(_additive),
        bounded(-most, most, component.acc.bits, replay.longest),
        replay,
        flow(LAST),
    )


_ONE = (
    "Every pair of codes runs through the gates as a sum of one payload and is compared with "
    "golden. For all payloads and all states, a payload adds to the accumulator what it gives "
    "alone. "
)
_MANY = (
    "What each lane gives with the others at code 0 is what exponents and mantissas mean; with "
    " products of significands as free values, lane after lane adds that to a payload's sum; "
    "and a payload adds to the accumulator what it gives alone. "
)
_BOUND = (
    "By induction over payloads, their number free, no sum leaves the accumulator up to the "
    "longest; one more of the greatest payload overflows, replayed in the gates."
)
PROOFS = (
    *(
        Proof("minifloat-dot", form, _minifloat, _ONE + _BOUND)
        for form in find_unit("minifloat-dot").formats
    ),
    *(
        Proof("minifloat-dot", form, _minifloat, _MANY + _BOUND, {"lanes": lanes})
        for form, lanes in (("fp8_e4m3", 4), ("fp4_e2m1", 4))
    ),
    *(
        Proof(unit, form, _power, _ONE + _BOUND)
        for unit in ("power-pre-dot", "power-post-dot")
        for form in find_unit(unit).formats
    ),
)
