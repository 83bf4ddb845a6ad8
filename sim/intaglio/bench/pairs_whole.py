"""Rows of whole accelerators, last and slowest."""

from __future__ import annotations

from intaglio.bench.whole import WholeRow
from intaglio.spec.presets import PRESETS

ROWS = tuple(
    WholeRow(f"accelerator-{name}-stalls-{stalls}", PRESETS[name], stalls)
    for name, stalls in (("tiny", 0.0), ("tiny", 0.3), ("tiny", 0.9), ("default", 0.3))
)
