"""Proofs of single products: of integers, shift codes and minifloats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_exhaust import MOST_BITS, Exhausted, Fields
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import constant, extended, joined
from intaglio.gateware.units import find_unit
from intaglio.golden.minifloat import products as minifloat_products
from intaglio.golden.products import floored_shift_products, products, shift_products
from intaglio.spec.operands import operands
from intaglio.spec.packing import PACKINGS

EVERY = "All input combinations run through the gates and are compared with golden."


def _integers(component: Any) -> Sequence[Step]:
    core = component.core

    def golden(fields: Fields) -> Any:
        return {"product": products(fields["act"], fields["wgt"], core.surpluses, core.terms)}

    def legal(fields: Fields) -> Any:
        return (fields["wgt"] >= core.weights[0]).all(axis=1)

    return (Exhausted(golden, legal=legal), flow())


def _shifts(component: Any) -> Sequence[Step]:
    core = component.core
    rule = floored_shift_products if core.floor else shift_products

    def golden(fields: Fields) -> Any:
        return {"product": rule(fields["act"], fields["wgt"], core.code)}

    return (Exhausted(golden), flow())


def _minifloats(component: Any) -> Sequence[Step]:
    def golden(fields: Fields) -> Any:
        return minifloat_products(fields["act"], fields["wgt"], component.act, component.wgt)

    return (Exhausted(golden), flow())


def _operator(component: Any) -> Sequence[Step]:
    return (Solved(_product), flow())


def _product(component: Any, gates: Gates) -> Iterable[Claim]:
    """The gates multiply by the operator of the definition, at the same width."""
    act, wgt, result = _transaction(component, gates)
    yield Claim("product", result == act * wgt)


def _rows(component: Any, gates: Gates) -> Iterable[Claim]:
    """Bit after bit of the weight adds act at its place, or takes it off for the top one.

    That is what a two's-complement weight means, so that the product follows by induction.
    """
    form = component.core.operands
    act, wgt = z3.BitVec("act", form.act.bits), z3.BitVec("wgt", form.wgt.bits)
    zero = _result(component, gates, act, constant(0, form.wgt.bits))
    yield Claim("a weight of 0", zero == 0)
    before = zero
    for b in range(form.wgt.bits):
        kept = extended(z3.Extract(b, 0, wgt), form.wgt.bits, signed=False)
        after = _result(component, gates, act, kept)
        row = extended(act, before.size(), form.act.signed) << b
        row = -row if form.wgt.signed and b == form.wgt.bits - 1 else row
        bit = z3.Extract(b, b, wgt) == 1
        yield Claim(f"bit {b} of the weight", after == before + z3.If(bit, row, 0))
        before = after


def _transaction(component: Any, gates: Gates) -> tuple[Any, Any, Any]:
    """Return activation, weight and product as exact integers of the product's width."""
    form = component.core.operands
    act, wgt = z3.BitVec("act", form.act.bits), z3.BitVec("wgt", form.wgt.bits)
    result = _result(component, gates, act, wgt)
    width = result.size()
    return extended(act, width, form.act.signed), extended(wgt, width, form.wgt.signed), result


def _result(component: Any, gates: Gates, act: Any, wgt: Any) -> Any:
    """Return what comes of one payload."""
    trace = Trace(gates, o__ready=1)
    trace.cycle(i__payload=joined(component.i.payload.shape(), act=act, wgt=wgt))
    for _ in range(component.latency_cycles):
        trace.cycle()
    return trace.at(component.latency_cycles, "o__payload")


def _wide_rows(component: Any) -> Sequence[Step]:
    return (Solved(_rows), flow())


def _small(name: str) -> bool:
    return operands(name).act.bits + operands(name).wgt.bits <= MOST_BITS


_OPERATOR = "The gates multiply by the operator of the definition at the same width: equal terms."
_ROWS = (
    "A two's-complement weight is the sum of its bits' places, the top one subtracted, so that the "
    "product is the sum of a row for each bit. In the gates each further bit adds its row to the "
    "product of the bits below, for all inputs: the product by induction over the bits."
)
PROOFS = (
    *(
        Proof(
            "multiply", form, _integers if _small(form) else wide, EVERY if _small(form) else why, s
        )
        for form in find_unit("multiply").formats
        for s, wide, why in (({}, _operator, _OPERATOR), ({"style": "rows"}, _wide_rows, _ROWS))
    ),
    *(
        Proof(
            "multiply-packed",
            str(packing.operands),
            _integers,
            EVERY,
            {"part": packing.name.split("-")[0], "form": packing.name.split("-")[2]},
        )
        for packing in PACKINGS.values()
    ),
    *(
        Proof("shift-add", form, _shifts, EVERY, settings)
        for form in find_unit("shift-add").formats
        for settings in ({}, {"rounding": "floor"}, {"act": "int16"})
    ),
    *(
        Proof("minifloat-product", form, _minifloats, EVERY)
        for form in find_unit("minifloat-product").formats
    ),
)
