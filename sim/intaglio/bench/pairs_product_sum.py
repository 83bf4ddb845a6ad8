"""Rows of products before accumulators: plain sums, shifted groups, scaled groups."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.accumulate import ScaleAccumulate, ShiftAccumulate
from intaglio.gateware.product import Product
from intaglio.gateware.product_plain import PlainProduct, PlainRowsProduct, PlainShiftProduct
from intaglio.gateware.product_sum import ProductSum
from intaglio.golden.accumulate import scale_group_sum, shift_group_sum
from intaglio.golden.products import lane_sums
from intaglio.spec.codes_shift import FORMATS
from intaglio.spec.formats import INT8, IntArray
from intaglio.spec.groups import ScaleGroups, ShiftGroups
from intaglio.spec.operands import operands

LONGEST = 64  # payloads of a sum: whole groups
SUMS = 20


def _lane(
    make: Callable[[], Product], depth: int, groups: ShiftGroups | ScaleGroups, acc_bits: int
) -> ProductSum:
    product = make()
    value = product.sum_format(depth)
    accumulate: ShiftAccumulate | ScaleAccumulate
    if isinstance(groups, ShiftGroups):
        accumulate = ShiftAccumulate(groups, value, acc_bits, LONGEST)
    else:
        accumulate = ScaleAccumulate(groups, value, acc_bits, LONGEST // groups.size)
    return ProductSum(product, depth, accumulate)


def _inputs(
    product: Product, depth: int, groups: ShiftGroups | ScaleGroups, rng: np.random.Generator
) -> Values:
    """Return sums of the longest length: the products of greatest magnitude first, then chance."""
    pair = product.operands
    count = SUMS * LONGEST
    act = rng.integers(pair.act.min, pair.act.max + 1, (count, depth))
    wgt = rng.integers(pair.wgt.min, pair.wgt.max + 1, (count, depth))
    act[: 2 * LONGEST] = pair.act.min
    wgt[:LONGEST], wgt[LONGEST : 2 * LONGEST] = pair.wgt.min, pair.wgt.max
    at = np.arange(count)
    fields: dict[str, Any] = {"act": act, "wgt": wgt}
    fields["last"] = (at % LONGEST == LONGEST - 1).astype(np.int64)
    if isinstance(groups, ShiftGroups):
        index = rng.integers(0, groups.count, count)
        index[: 2 * LONGEST] = 0
        return {"i": Columns(index=index, **fields)}
    scale = rng.integers(0, 1 << groups.scale_bits, count)
    scale[: 2 * LONGEST] = (1 << groups.scale_bits) - 1
    end = (at % groups.size == groups.size - 1).astype(np.int64)
    return {"i": Columns(scale=scale, end=end, **fields)}


def _golden(
    product: Product, depth: int, groups: ShiftGroups | ScaleGroups, inputs: Values
) -> Values:
    fields = inputs["i"].fields  # type: ignore[attr-defined]
    wgt = fields["wgt"]
    if isinstance(product, PlainShiftProduct):
        wgt = product.code.decode(wgt)
    each: IntArray = lane_sums(fields["act"], wgt, np.ones(len(wgt)), terms=depth)
    each = each.reshape(-1, LONGEST)
    if isinstance(groups, ShiftGroups):
        index = fields["index"].reshape(-1, LONGEST)
        return {"o": [shift_group_sum(v, e, groups) for v, e in zip(each, index, strict=True)]}
    scales = fields["scale"].reshape(-1, LONGEST)[:, groups.size - 1 :: groups.size]
    return {"o": [scale_group_sum(v, s, groups) for v, s in zip(each, scales, strict=True)]}


def _row(name: str, make: Callable[[], Product], depth: int, groups: Any, acc_bits: int) -> Row:
    product = make()
    return Row(
        name=f"product-sum-{name}-{product.operands}-depth{depth}",
        build=partial(_lane, make, depth, groups, acc_bits),
        inputs=partial(_inputs, product, depth, groups),
        golden=partial(_golden, product, depth, groups),
        backpressure=(0.0, 0.5),
        latency=None,
    )


POW2_4 = next(form for form in FORMATS if form.name == "pow2_4")
ROWS = (
    _row("plain", partial(PlainProduct, operands("int8")), 1, ShiftGroups(1), 24),
    _row("plain", partial(PlainShiftProduct, POW2_4, INT8), 1, ShiftGroups(1), 32),
    _row("shift8", partial(PlainRowsProduct, operands("int4")), 4, ShiftGroups(8), 32),
    _row("scale32", partial(PlainProduct, operands("w4a8")), 1, ScaleGroups(32), 32),
)
