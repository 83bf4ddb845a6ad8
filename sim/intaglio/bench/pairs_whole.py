"""Rows of whole accelerators, last and slowest."""

from __future__ import annotations

from dataclasses import replace

from intaglio.bench.whole import WholeRow
from intaglio.spec.presets import PRESETS

# One command at a time, with counters and without; bursts of several beats and of one.
IN_ORDER = replace(PRESETS["tiny"], name="in-order", command_queue=0, address_bits=20)
BARE = replace(IN_ORDER, name="bare", counters=False, burst_beats=1)

ROWS = tuple(
    WholeRow(f"accelerator-{config.name}-stalls-{stalls}", config, stalls)
    for config, stalls in (
        (PRESETS["tiny"], 0.0),
        (PRESETS["tiny"], 0.3),
        (PRESETS["tiny"], 0.9),
        (PRESETS["default"], 0.3),
        (IN_ORDER, 0.0),
        (IN_ORDER, 0.3),
        (BARE, 0.0),
        (BARE, 0.3),
    )
)
