"""The requantiser as a unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.errors import ConfigError

BITS = {"int8": 8, "int16": 16}


def _requantise(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.requantise import Requantise
    from intaglio.spec.config import ArrayConfig
    from intaglio.spec.quant import Rounding

    modes, lanes = settings["modes"], settings["lanes"]
    known = "".join(str(int(mode)) for mode in Rounding)
    rules = (
        ("lanes", lanes, lanes in (1, 2, 4, 8, 16), "1, 2, 4, 8 or 16"),
        ("modes", modes, 0 < len(set(modes) & set(known)) == len(modes), f"some of {known}"),
    )
    findings = [setting_fault(key, value, need) for key, value, good, need in rules if not good]
    if findings:
        raise ConfigError(findings)
    return Requantise(
        ArrayConfig(
            target="generic",
            requant_lanes=lanes,
            act_bits=BITS[form],
            roundings=tuple(Rounding(int(mode)) for mode in modes),
        )
    )


UNITS = (
    Unit(
        name="requantise",
        family="requantise",
        summary="accumulators to codes: bias, scale, one of the rounding modes, offset, clamp",
        formats=tuple(BITS),
        build=_requantise,
        golden="intaglio.spec.quant.requantise",
        settings={"lanes": 1, "modes": "012345"},
    ),
)
