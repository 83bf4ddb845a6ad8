"""COMPUTE commands of one shape take the same cycles, and are counted once."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from intaglio.spec.commands import COMPUTE, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.timing_compute import ComputeCycles, compute_cycles

WAITS = tuple((opcode, f"wait_{opcode.name.lower()}") for opcode in Opcode)
# Fields of a COMPUTE that its cycles do not depend on: places, constants and the order of commands.
_PLACES = {
    *("start", "out_start", "out_row", "out_block", "out_skip", "weight_start", "param_start"),
    *("param_block", "spread", "spread_channel", "list_start"),
    *("layer", "mark", *(name for _, name in WAITS)),
}
_SHAPE = tuple(field.name for field in COMPUTE.fields if field.name not in _PLACES)
_VALUES = itemgetter(*_SHAPE)


def shape_of(fields: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return what the cycles of a COMPUTE depend on: all but places and the order of commands."""
    return (*zip(_SHAPE, _VALUES(fields), strict=True), ("taps", fields.get("taps", ())))


class KnownCycles:
    """Cycles of the COMPUTE commands of one configuration."""

    def __init__(self, config: ArrayConfig) -> None:
        self._config = config
        self._known: dict[tuple[tuple[str, Any], ...], ComputeCycles] = {}

    def of(self, fields: Mapping[str, Any]) -> ComputeCycles:
        """Return the cycles of a command with these field values."""
        key = shape_of(fields)
        if key not in self._known:
            self._known[key] = compute_cycles(fields, self._config)
        return self._known[key]
