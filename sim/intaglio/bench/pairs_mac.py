"""Rows of lanes: every kind of product, alone and side by side, with the longest sums."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.mac import MacLane
from intaglio.gateware.packed import PackedProduct
from intaglio.gateware.product import OperatorProduct, Product, RowsProduct
from intaglio.gateware.shift_add import ShiftProduct
from intaglio.golden.products import lane_sums
from intaglio.spec.codes_shift import FORMATS
from intaglio.spec.formats import INT8
from intaglio.spec.operands import INTEGER_OPERANDS, operands
from intaglio.spec.packing import PACKINGS

LONGEST = 200
SHIFTS = {form.name: form for form in FORMATS}


def _lane(unit: Product, depth: int) -> MacLane:
    """Return the lane whose accumulator is just wide enough, or that of the usual width."""
    need = unit.sum_format(depth * LONGEST).bits
    usual = min(bits for bits in (need, 32, 40, 48) if bits >= need)
    return MacLane(unit, depth, usual, LONGEST)


def _inputs(unit: Product, depth: int, sums: int, rng: np.random.Generator) -> Values:
    """Return sums of products; the longest ones at the corners that overflow first."""
    corners = [(a, w) for a in (unit.operands.act.min, unit.operands.act.max) for w in _ends(unit)]
    lengths = [1] + [LONGEST] * len(corners) + [int(n) for n in rng.integers(1, 9, sums)]
    act_shape = depth * unit.terms * unit.pixels
    wgt_shape = depth * unit.terms * unit.channels
    act, wgt = unit.operands.act, unit.operands.wgt
    least = unit.packing.least_weight if isinstance(unit, PackedProduct) else wgt.min
    acts = rng.integers(act.min, act.max + 1, (sum(lengths), act_shape))
    wgts = rng.integers(least, wgt.max + 1, (sum(lengths), wgt_shape))
    at = 1
    for a, w in corners:
        acts[at : at + LONGEST], wgts[at : at + LONGEST] = a, w
        at += LONGEST
    last = np.zeros(sum(lengths), np.int64)
    last[np.cumsum(lengths) - 1] = 1
    return {"i": Columns(act=acts, wgt=wgts, last=last)}


def _ends(unit: Product) -> tuple[int, int]:
    """Return the weight codes of the least and the greatest weight."""
    if isinstance(unit, ShiftProduct):
        table = unit.code.table()
        return int(table.argmin()), int(table.argmax())
    return unit.weights


def _golden(unit: Product, depth: int, inputs: Values) -> Values:
    fields = inputs["i"].fields  # type: ignore[attr-defined]
    wgt = unit.code.decode(fields["wgt"]) if isinstance(unit, ShiftProduct) else fields["wgt"]
    sums = lane_sums(fields["act"], wgt, fields["last"], unit.surpluses, depth * unit.terms)
    return {"o": sums.tolist()}


def array_row(name: str, unit: Product, depth: int, rows: int, columns: int) -> Row:
    """Return the row of an array of lanes; its longest sums have the extremes everywhere."""
    sums = 40

    def inputs(rng: np.random.Generator) -> Values:
        one = _inputs(unit, depth, sums, rng)["i"].fields  # type: ignore[attr-defined]
        chance = int(np.flatnonzero(one["last"])[-sums - 1]) + 1
        acts, wgts = np.tile(one["act"], (1, rows)), np.tile(one["wgt"], (1, columns))
        for part, form in ((acts, unit.operands.act), (wgts, unit.operands.wgt)):
            part[chance:] = rng.integers(form.min, form.max + 1, part[chance:].shape)
        return {"i": Columns(act=acts, wgt=wgts, last=one["last"])}

    def golden(inputs: Values) -> Values:
        fields = inputs["i"].fields  # type: ignore[attr-defined]
        each = [
            [
                lane_sums(act, wgt, fields["last"], unit.surpluses, depth * unit.terms)
                for wgt in np.split(fields["wgt"], columns, axis=1)
            ]
            for act in np.split(fields["act"], rows, axis=1)
        ]
        # (rows, columns, sums, results) to a payload a sum and row.
        sums = np.array(each).transpose(2, 0, 1, 3)
        return {"o": sums.reshape(len(sums) * rows, -1).tolist()}

    return Row(
        name=f"mac-array-{name}",
        build=lambda: MacLane(unit, depth, 32, LONGEST, columns, rows),
        inputs=inputs,
        golden=golden,
        backpressure=(0.0, 0.5),
    )


def mac_row(name: str, unit: Product, depth: int, sums: int = 60) -> Row:
    """Return the row of a lane of `depth` products."""
    return Row(
        name=f"mac-{name}-depth{depth}",
        build=partial(_lane, unit, depth),
        inputs=partial(_inputs, unit, depth, sums),
        golden=partial(_golden, unit, depth),
        backpressure=(0.0, 0.5),
    )


UNITS: dict[str, Product] = {
    **{name: OperatorProduct(operands(name)) for name in INTEGER_OPERANDS},
    "rows-int8": RowsProduct(operands("int8")),
    **{name: PackedProduct(form) for name, form in PACKINGS.items() if name.startswith("ecp5")},
    "dsp48e2-int8-full-terms7": PackedProduct(PACKINGS["dsp48e2-int8-full"], 7),
    "block-int8": OperatorProduct(operands("int8"), "ecp5"),
    **{
        f"block-{name}-terms{terms}": PackedProduct(PACKINGS[f"ecp5-{name}-full"], terms, "ecp5")
        for name in ("int8", "int4")
        for terms in (2, 4)
    },
    **{name: ShiftProduct(SHIFTS[name], INT8) for name in ("pow2_5", "sp2_4", "apot_5", "mask")},
}
ROWS = (
    mac_row("int8", UNITS["int8"], 2),
    mac_row("w8au16", UNITS["w8au16"], 1),
    mac_row("ecp5-int8-full", UNITS["ecp5-int8-full"], 4),
    mac_row("pow2_5", UNITS["pow2_5"], 16),
    array_row("block-int8", UNITS["block-int8"], 2, 2, 2),
    mac_row("block-int8-terms2", UNITS["block-int8-terms2"], 1),
    mac_row("block-int4-terms2", UNITS["block-int4-terms2"], 2),
)
SWEEPS = tuple(
    mac_row(name, unit, depth, 30_000 // depth) for name, unit in UNITS.items() for depth in (1, 4)
)
"""Every kind of product, for :func:`intaglio.bench.vectors.sweep`."""
