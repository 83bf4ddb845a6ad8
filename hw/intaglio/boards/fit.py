"""What a part has, and what a netlist needs beyond it."""

from __future__ import annotations

from collections.abc import Mapping

from intaglio.boards.costs import RESOURCES
from intaglio.spec.target import Target


def available(target: Target) -> dict[str, int] | None:
    """Return what the part has, by the names of :data:`RESOURCES`; None for no certain part."""
    has = target.resources
    if has is None:
        return None
    return {
        "luteq": has.luts,
        "ff": has.flip_flops,
        "dsp": has.multipliers,
        "bram": has.ram_blocks,
    }


def shortfall(needs: Mapping[str, int], target: Target) -> dict[str, int]:
    """Return how much of each resource is missing; empty: it fits by count."""
    has = available(target)
    if has is None:
        return {}
    return {key: needs[key] - has[key] for key in RESOURCES if needs[key] > has[key]}
