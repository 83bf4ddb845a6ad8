"""What does not fit: the error, and what would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from intaglio.boards.fit import available, shortfall
from intaglio.boards.flows import FLOWS
from intaglio.boards.limits import limits
from intaglio.boards.reference import REFERENCES
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.presets import PRESETS
from intaglio.spec.target import Target, load_target

WORDS = {"luteq": "LUTs", "ff": "flip-flops", "dsp": "multipliers", "bram": "blocks of RAM"}


def check_fit(needs: Mapping[str, int], target: Target, name: str, macs: int) -> None:
    """Raise if `needs` exceed what the part has.

    Parameters
    ----------
    needs : mapping
        By the names of :data:`RESOURCES`.
    name, macs : str, int
        The configuration, and its INT8 multiply-accumulates a cycle; 0 for a unit.

    Raises
    ------
    FitError
        E406, one for each resource, with the nearest preset that fits.
    """
    missing, has = shortfall(needs, target), available(target)
    if not missing or has is None:
        return
    costs = FLOWS[target.family].costs
    kinds = {"luteq": costs.formula, "ff": "", "dsp": costs.multiplier, "bram": costs.block}
    raise FitError(
        Finding(
            "E406",
            f"{name} does not fit {target.name}: {needs[key]} {WORDS[key]}, "
            f"{missing[key]} more than there are",
            where=target.name,
            have=f"{needs[key]} {WORDS[key]}" + (f" ({kinds[key]})" if kinds[key] else ""),
            need=f"at most {has[key]}",
            help=nearest(target, name, macs),
        )
        for key in missing
    )


def advised(error: FitError, target: Target, name: str, macs: int) -> FitError:
    """Return `error` of place and route with the nearest preset that fits."""
    help_ = nearest(target, name, macs)
    return FitError(replace(finding, help=help_) for finding in error.findings)


def nearest(target: Target, name: str, macs: int) -> str:
    """Return advice: the largest preset known to fit `target` that is not larger than asked for."""
    fitting = [
        PRESETS[reference.preset]
        for table in limits().values()
        for reference in REFERENCES
        if reference.preset and not reference.changes and reference.preset != name
        if load_target(reference.target).family == target.family
        if (row := table.get(reference.name))
        if not shortfall(row, target)
    ]
    smaller = [config for config in fitting if not macs or config.macs <= macs]
    if not smaller:
        return "no preset is known to fit; intaglio boards shows what each part has"
    best = max(smaller, key=lambda config: config.macs)
    return f"the nearest preset that fits is {best.name}, {best.macs} INT8 MACs a cycle"
