"""Units of FP8 and FP4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.codes_minifloat import FORMATS, Minifloat, minifloat
from intaglio.spec.errors import ConfigError
from intaglio.spec.ieee import IEEE_FORMATS

_BY_NAME = {form.name: form for form in FORMATS}
_MIXED = {
    f"{act}_{wgt}": (act, wgt)
    for act in FORMATS
    for wgt in FORMATS
    if (act.bits, wgt.bits) == (8, 4)
}
_PAIRS: dict[str, tuple[Minifloat, Minifloat]] = {
    **{name: (form, form) for name, form in _BY_NAME.items()},
    **_MIXED,
}
_LANES = "a power of two, 1 to 64"


def _bias(form: Minifloat, bias: int) -> Minifloat:
    return minifloat(form.name, form.bias + bias)


def _product(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.minifloat import MinifloatProduct

    return MinifloatProduct(*_PAIRS[form])


def _dot(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.minifloat_dot import MinifloatDot

    lanes, terms = settings["lanes"], settings["terms"]
    findings = []
    if lanes not in (1, 2, 4, 8, 16, 32, 64):
        findings.append(setting_fault("lanes", lanes, _LANES))
    if not 1 <= terms <= 1 << 20:
        findings.append(setting_fault("terms", terms, "1 to 1048576"))
    if findings:
        raise ConfigError(findings)
    return MinifloatDot(*_PAIRS[form], lanes, terms)


def _float(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.float_accumulate import PIPELINED_CONTEXTS
    from intaglio.gateware.minifloat_dot import MinifloatFloatDot

    lanes, acc, blocks = settings["lanes"], settings["acc"], settings["blocks"]
    contexts, shift = settings["contexts"], settings["bias_shift"]
    rules = (
        ("lanes", lanes, lanes in (1, 2, 4, 8, 16, 32, 64), _LANES),
        ("acc", acc, acc in IEEE_FORMATS, ", ".join(IEEE_FORMATS)),
        ("contexts", contexts, contexts in (1, PIPELINED_CONTEXTS), f"1 or {PIPELINED_CONTEXTS}"),
        ("blocks", blocks, blocks in (0, 1), "0 or 1"),
        ("bias_shift", shift, -64 <= shift <= 64, "-64 to 64"),
    )
    findings = [setting_fault(key, value, need) for key, value, good, need in rules if not good]
    if findings:
        raise ConfigError(findings)
    act, wgt = _PAIRS[form]
    return MinifloatFloatDot(
        _bias(act, shift), wgt, IEEE_FORMATS[acc], lanes, contexts, bool(blocks)
    )


UNITS = (
    Unit(
        name="minifloat-product",
        family="minifloat",
        summary="exact product of two FP8 or FP4 codes as a signed integer",
        formats=tuple(_PAIRS),
        build=_product,
        golden="intaglio.golden.minifloat.products",
    ),
    Unit(
        name="minifloat-dot",
        family="minifloat",
        summary="exact fixed-point dot product of N lanes of FP8 or FP4",
        formats=tuple(_PAIRS),
        build=_dot,
        golden="intaglio.golden.minifloat.dot",
        settings={"lanes": 1, "terms": 512},
    ),
    Unit(
        name="minifloat-float-dot",
        family="minifloat",
        summary="dot product of N lanes of FP8 or FP4, accumulated in FP16 or FP32, MX blocks",
        formats=tuple(_PAIRS),
        build=_float,
        golden="intaglio.golden.minifloat.float_dot",
        settings={"lanes": 1, "acc": "fp32", "contexts": 4, "blocks": 0, "bias_shift": 0},
    ),
)
