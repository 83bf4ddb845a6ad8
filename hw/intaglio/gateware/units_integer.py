"""Integer products and lanes as units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.codes_shift import FORMATS
from intaglio.spec.errors import ConfigError
from intaglio.spec.operands import INTEGER_OPERANDS, operands
from intaglio.spec.packing import PACKINGS
from intaglio.spec.precisions import Precisions

SHIFT_FORMATS = {form.name: form for form in FORMATS}
ROUNDINGS = ("exact", "floor")
ACCUMULATORS = (32, 40, 48)
# acc_bits 0: the narrowest of these that holds the longest sum.
LANE: dict[str, int | str] = {
    "depth": 1,
    "longest": 4096,
    "acc_bits": 0,
    "columns": 1,
    "rows": 1,
}
# style: ``*`` between registers, or the multiplier block of a part with its registers.
PARTS_BY_STYLE = {"operator": "generic", "ecp5": "ecp5"}
RUNTIME_SETS = {
    precisions.name: precisions
    for precisions in map(Precisions, ((4, 8), (8, 16), (4, 16), (4, 8, 16)))
}
STYLES = (*PARTS_BY_STYLE, "rows")
PACKED: dict[str, int | str] = {"part": "ecp5", "form": "full", "terms": 1, "style": "operator"}
SHIFTED: dict[str, int | str] = {"act": "int8", "rounding": "exact"}


def _product(form: str, settings: Mapping[str, Any]) -> Any:
    """Return one product of integers, or with a shift code."""
    from intaglio.gateware.product import OperatorProduct, RowsProduct
    from intaglio.gateware.shift_add import ShiftProduct

    if form in SHIFT_FORMATS:
        if settings["rounding"] not in ROUNDINGS:
            raise ConfigError(setting_fault("rounding", settings["rounding"], ", ".join(ROUNDINGS)))
        act = operands(settings["act"]).act
        return ShiftProduct(SHIFT_FORMATS[form], act, settings["rounding"] == "floor")
    style = settings["style"]
    if style not in STYLES:
        raise ConfigError(setting_fault("style", style, ", ".join(STYLES)))
    if style == "rows":
        return RowsProduct(operands(form))
    return OperatorProduct(operands(form), PARTS_BY_STYLE[style])


def _packed(form: str, settings: Mapping[str, Any]) -> Any:
    """Return the products of one multiplier block."""
    from intaglio.gateware.packed import PackedProduct

    name = f"{settings['part']}-{form}-{settings['form']}"
    if name not in PACKINGS:
        known = [key for key in PACKINGS if f"-{form}-" in key]
        raise ConfigError(setting_fault("part, form", name, ", ".join(known)))
    if settings["style"] not in PARTS_BY_STYLE:
        styles = ", ".join(PARTS_BY_STYLE)
        raise ConfigError(setting_fault("style", settings["style"], styles))
    return PackedProduct(PACKINGS[name], settings["terms"], PARTS_BY_STYLE[settings["style"]])


def _streamed(
    product: Callable[[str, Mapping[str, Any]], Any],
) -> Callable[[str, Mapping[str, Any]], Any]:
    """Return what builds the product between two streams."""

    def build(form: str, settings: Mapping[str, Any]) -> Any:
        from intaglio.gateware.pipeline import Streamed

        return Streamed(product(form, settings))

    return build


def _lane(
    product: Callable[[str, Mapping[str, Any]], Any],
) -> Callable[[str, Mapping[str, Any]], Any]:
    """Return what builds a lane of such products."""

    def build(form: str, settings: Mapping[str, Any]) -> Any:
        from intaglio.gateware.mac import MacLane

        unit = product(form, settings)
        depth, longest, acc_bits, columns, rows = (settings[key] for key in LANE)
        need = unit.sum_format(max(depth * longest, 1)).bits
        usual = min((bits for bits in ACCUMULATORS if bits >= need), default=ACCUMULATORS[-1])
        return MacLane(unit, depth, acc_bits or usual, longest, columns, rows)

    return build


def _unpack(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.unpack import Unpack

    return Unpack(operands(form).wgt.bits, **settings)


def _runtime(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.runtime_mac import RuntimeMac

    style = settings["style"]
    if style not in PARTS_BY_STYLE:
        raise ConfigError(setting_fault("style", style, ", ".join(PARTS_BY_STYLE)))
    depth, longest, columns = (settings[key] for key in ("depth", "longest", "columns"))
    return RuntimeMac(RUNTIME_SETS[form], depth, longest, columns, PARTS_BY_STYLE[style])


UNITS = (
    Unit(
        name="multiply",
        family="multiply",
        summary="one integer product; style: operator, ecp5 (a registered block), rows (no block)",
        formats=INTEGER_OPERANDS,
        build=_streamed(_product),
        golden="intaglio.golden.products.products",
        settings={"style": "operator"},
    ),
    Unit(
        name="multiply-packed",
        family="multiply",
        summary="two or four products in one multiplier block of a part, exact",
        formats=("int4", "int8", "w4a8"),
        build=_streamed(_packed),
        golden="intaglio.golden.products.products",
        settings=PACKED,
    ),
    Unit(
        name="unpack",
        family="unpack",
        summary="packed streams of codes of any width, without padding, into lanes",
        formats=tuple(f"int{bits}" for bits in range(1, 9)),
        build=_unpack,
        golden="intaglio.spec.pack.unpack_codes",
        settings={"lanes": 8, "beat_bytes": 8, "longest": 4095},
    ),
    Unit(
        name="shift-add",
        family="shift-add",
        summary="one product with a weight of one or two powers of two, or a mask; no multiplier",
        formats=tuple(SHIFT_FORMATS),
        build=_streamed(_product),
        golden="intaglio.golden.products.shift_products",
        settings=SHIFTED,
    ),
    Unit(
        name="mac",
        family="mac",
        summary="a lane of integer products: multiply, add over depth, accumulate",
        formats=INTEGER_OPERANDS,
        build=_lane(_product),
        golden="intaglio.golden.products.lane_sums",
        settings={"style": "operator", **LANE},
    ),
    Unit(
        name="mac-packed",
        family="mac",
        summary="a lane of shared multipliers: two or four sums at once",
        formats=("int4", "int8", "w4a8"),
        build=_lane(_packed),
        golden="intaglio.golden.products.lane_sums",
        settings={**PACKED, **LANE},
    ),
    Unit(
        name="mac-runtime",
        family="mac",
        summary="a lane that is switched between 4, 8 and 16 bits at run time",
        formats=tuple(RUNTIME_SETS),
        build=_runtime,
        golden="intaglio.golden.products.runtime_sums",
        settings={"style": "operator", "depth": 2, "longest": 4096, "columns": 1},
    ),
    Unit(
        name="mac-shift",
        family="mac",
        summary="a lane of shift-add products: no multiplier",
        formats=tuple(SHIFT_FORMATS),
        build=_lane(_product),
        golden="intaglio.golden.products.lane_sums",
        settings={**SHIFTED, **LANE},
    ),
)
