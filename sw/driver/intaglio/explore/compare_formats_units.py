"""The unit that computes a compared pair of format and accumulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from intaglio.explore.compare_formats_pairs import (
    SCALE_BITS,
    SCALE_GROUP,
    SHIFT_GROUPS,
    TERMS,
    Pair,
)
from intaglio.spec.operands import operands

if TYPE_CHECKING:
    from intaglio.gateware.product import Product

DFP_MODES = {"int32": "flag", "int48": "wide"}


def build_unit(pair: Pair) -> Any:
    """Return the component of a pair.

    Raises
    ------
    ConfigError
        E402: the accumulator is narrower than the longest sum needs.
    """
    pair.check()
    return _BUILDERS[pair.style](pair)


def group_payloads(lanes: int) -> int:
    """Return payloads of one group with a scale."""
    return SCALE_GROUP // lanes


def _product(pair: Pair) -> Product:
    from intaglio.gateware.product_plain import PlainProduct, PlainRowsProduct, PlainShiftProduct
    from intaglio.spec.codes_shift import ShiftFormat
    from intaglio.spec.formats import IntFormat

    act, wgt = pair.formats
    if isinstance(wgt, ShiftFormat):
        return PlainShiftProduct(wgt, IntFormat(act.bits), pair.style == "shift-floor")
    form = operands(pair.format.split("_")[0])
    return PlainRowsProduct(form) if pair.style == "rows" else PlainProduct(form)


def _sum(pair: Pair) -> Any:
    from intaglio.gateware.accumulate import ShiftAccumulate
    from intaglio.gateware.product_sum import ProductSum
    from intaglio.spec.groups import ShiftGroups

    product = _product(pair)
    groups = ShiftGroups(SHIFT_GROUPS if pair.style == "group-shift" else 1)
    value = product.sum_format(pair.lanes)
    # `Pair.check` has proved the sum of products to fit, some of which no value of their width is.
    accumulate = ShiftAccumulate(groups, value, pair.width, terms=1)
    return ProductSum(product, pair.lanes, accumulate)


def _scaled(pair: Pair) -> Any:
    from intaglio.gateware.accumulate import ScaleAccumulate
    from intaglio.gateware.product_sum import ProductSum
    from intaglio.spec.groups import ScaleGroups

    product = _product(pair)
    # Sixteen payloads are the fewest of a group; with more lanes `end` comes earlier.
    groups = ScaleGroups(max(group_payloads(pair.lanes), 16), SCALE_BITS)
    value = product.sum_format(pair.lanes)
    longest = TERMS // SCALE_GROUP
    return ProductSum(product, pair.lanes, ScaleAccumulate(groups, value, pair.width, longest))


def _registered(unit: str, **settings: int | str) -> Callable[[Pair], Any]:
    """Return what builds a unit of the registry; some settings follow from the pair."""

    def build(pair: Pair) -> Any:
        from intaglio.gateware.units import find_unit

        found = find_unit(unit)
        known: dict[str, int | str] = {
            "lanes": pair.lanes,
            "terms": TERMS,
            "acc": pair.accumulator,
            "contexts": pair.contexts,
            "overflow": DFP_MODES.get(pair.accumulator, ""),
        }
        own = {key: known[key] for key in found.settings if key in known}
        return found.make(pair.format, {**own, **settings})

    return build


def _bounded(pair: Pair) -> Any:
    from intaglio.gateware.bounded_dot import BoundedFloatDot
    from intaglio.spec.codes_minifloat import minifloat
    from intaglio.spec.ieee import IEEE_FORMATS

    act, wgt = minifloat(pair.act), minifloat(pair.wgt)
    return BoundedFloatDot(act, wgt, IEEE_FORMATS[pair.accumulator], TERMS)


def _floated(pair: Pair) -> Any:
    return _registered("fp16-dot" if pair.format == "fp16" else "minifloat-float-dot")(pair)


_BUILDERS: dict[str, Callable[[Pair], Any]] = {
    **dict.fromkeys(("operator", "rows", "shift", "shift-floor", "group-shift"), _sum),
    "group-scale": _scaled,
    "fixed": _registered("minifloat-dot"),
    "table": _registered("power-pre-dot"),
    "power": _registered("power-post-dot"),
    "pipelined": _floated,
    "single-cycle": _floated,
    "bounded": _bounded,
    "pair": _registered("dfp-pair-fma"),
}
