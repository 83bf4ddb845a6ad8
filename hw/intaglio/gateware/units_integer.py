"""Integer products and lanes as units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.codes_shift import FORMATS
from intaglio.spec.errors import ConfigError
from intaglio.spec.operands import INTEGER_OPERANDS, operands
from intaglio.spec.packing import PACKINGS

SHIFT_FORMATS = {form.name: form for form in FORMATS}
STYLES = ("operator", "rows")


def _multiply(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware import product
    from intaglio.gateware.pipeline import Streamed

    styles = {"operator": product.OperatorProduct, "rows": product.RowsProduct}
    if settings["style"] not in styles:
        raise ConfigError(setting_fault("style", settings["style"], ", ".join(STYLES)))
    return Streamed(styles[settings["style"]](operands(form)))


def _multiply_packed(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.pipeline import Streamed
    from intaglio.gateware.product import PackedProduct

    name = f"{settings['part']}-{form}-{settings['form']}"
    if name not in PACKINGS:
        known = [key for key in PACKINGS if f"-{form}-" in key]
        raise ConfigError(setting_fault("part, form", name, ", ".join(known)))
    return Streamed(PackedProduct(PACKINGS[name], settings["terms"]))


def _unpack(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.unpack import Unpack

    return Unpack(operands(form).wgt.bits, **settings)


def _shift_add(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.pipeline import Streamed
    from intaglio.gateware.shift_add import ShiftProduct

    if settings["rounding"] not in ("exact", "floor"):
        raise ConfigError(setting_fault("rounding", settings["rounding"], "exact or floor"))
    act = operands(settings["act"]).act
    return Streamed(ShiftProduct(SHIFT_FORMATS[form], act, settings["rounding"] == "floor"))


UNITS = (
    Unit(
        name="multiply",
        family="multiply",
        summary="one integer product; style: operator or rows, which infers no multiplier block",
        formats=INTEGER_OPERANDS,
        build=_multiply,
        golden="intaglio.golden.products.products",
        settings={"style": "operator"},
    ),
    Unit(
        name="multiply-packed",
        family="multiply",
        summary="two or four products in one multiplier block of a part, exact",
        formats=("int4", "int8", "w4a8"),
        build=_multiply_packed,
        golden="intaglio.golden.products.products",
        settings={"part": "ecp5", "form": "full", "terms": 1},
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
        build=_shift_add,
        golden="intaglio.golden.products.shift_products",
        settings={"act": "int8", "rounding": "exact"},
    ),
)
