"""Units of shared-exponent integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.codes_dfp import FORMATS, Overflow
from intaglio.spec.errors import ConfigError

_BITS = {form.name: form.bits for form in FORMATS}


def _fma(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.pair_fma import PairFma

    mode, chain = settings["overflow"], settings["chain"]
    known = [mode.value for mode in Overflow]
    rules = (
        ("overflow", mode, mode in known, ", ".join(known)),
        ("chain", chain, chain in range(0, 1 << 16, 2), "even; 0 is the longest safe chain"),
    )
    findings = [setting_fault(key, value, need) for key, value, good, need in rules if not good]
    if findings:
        raise ConfigError(findings)
    return PairFma(_BITS[form], Overflow(mode), chain)


def _lanes(settings: Mapping[str, Any]) -> int:
    lanes = int(settings["lanes"])
    if not 1 <= lanes <= 64:
        raise ConfigError(setting_fault("lanes", lanes, "1 to 64"))
    return lanes


def _scan(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.exponent import ExponentScan

    return ExponentScan(_lanes(settings), _BITS[form])


def _shift(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.exponent import ExponentShift

    return ExponentShift(_lanes(settings), _BITS[form])


UNITS = (
    Unit(
        name="dfp-pair-fma",
        family="dfp",
        summary="two products of shared-exponent integers a cycle, four ways to handle overflow",
        formats=tuple(_BITS),
        build=_fma,
        golden="intaglio.golden.dfp.pair_sum",
        settings={"overflow": "flag", "chain": 0},
    ),
    Unit(
        name="dfp-exponent-scan",
        family="dfp",
        summary="shift that makes a tensor of accumulators fit shared-exponent codes",
        formats=tuple(_BITS),
        build=_scan,
        golden="intaglio.spec.codes_dfp.scan_shift",
        settings={"lanes": 4},
    ),
    Unit(
        name="dfp-exponent-shift",
        family="dfp",
        summary="accumulators to shared-exponent codes, ties to even",
        formats=tuple(_BITS),
        build=_shift,
        golden="intaglio.spec.codes_dfp.down_convert",
        settings={"lanes": 4},
    ),
)
