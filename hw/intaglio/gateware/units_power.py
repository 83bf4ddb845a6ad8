"""Units of power codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.codes_power import FORMATS, PowerFormat
from intaglio.spec.errors import ConfigError

_BY_NAME = {form.name: form for form in FORMATS}


def _parameters(form: str, settings: Mapping[str, Any]) -> tuple[PowerFormat, int, int]:
    lanes, terms = settings["lanes"], settings["terms"]
    rules = (
        ("lanes", lanes, 1 <= lanes <= 64, "1 to 64"),
        ("terms", terms, 1 <= terms <= 1 << 20, "1 to 1048576"),
    )
    findings = [setting_fault(key, value, need) for key, value, good, need in rules if not good]
    if findings:
        raise ConfigError(findings)
    return _BY_NAME[form], lanes, terms


def _pre(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.power import PowerPreDot

    return PowerPreDot(*_parameters(form, settings))


def _post(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.power import PowerPostDot

    return PowerPostDot(*_parameters(form, settings))


UNITS = (
    Unit(
        name="power-pre-dot",
        family="power",
        summary="dot product of power codes, decoded before the product",
        formats=tuple(_BY_NAME),
        build=_pre,
        golden="intaglio.golden.power.dot",
        settings={"lanes": 1, "terms": 512},
    ),
    Unit(
        name="power-post-dot",
        family="power",
        summary="dot product of power codes, the product of codes raised to the power",
        formats=tuple(name for name, form in _BY_NAME.items() if form.whole),
        build=_post,
        golden="intaglio.golden.power.dot",
        settings={"lanes": 1, "terms": 512},
    ),
)
