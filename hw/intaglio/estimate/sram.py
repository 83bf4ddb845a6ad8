"""Energy of an access to an on-chip memory of an ASIC, interpolated in a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log

from intaglio.estimate.coefficients import SramTable
from intaglio.estimate.memories import Ram
from intaglio.spec.figure import Figure

NODE = "nm45"
# Horowitz over CACTI at 45 nm: 10 / 6.14 pJ at 8 KiB, 20 / 17.0 at 32, 100 / 93.5 at 1024.
DISAGREEMENT = ((8.0, 10 / 6.14), (32.0, 20 / 17.0), (1024.0, 100 / 93.5))


def sram_access(table: SramTable, ram: Ram, node: str = NODE) -> Figure:
    """Return the energy of reading one word of one of these memories, in pJ.

    The table is read between its sizes (log by log) and scaled with the width of a word; low is
    the table, high what another standard table says of the size.
    """
    kib = ram.bits * ram.words / 8 / 1024
    points = [
        (size, energy / bits)
        for size, bits, energy in zip(table.kib, table.bits, table.nodes[node], strict=True)
    ]
    value = _between(points, kib) * ram.bits
    how = f"SRAM table {node}, {kib:g} KiB, {ram.bits} bits: {table.source}"
    return Figure(value, "pJ", "estimated", how, value, value * _between(DISAGREEMENT, kib))


def _between(points: Sequence[tuple[float, float]], x: float) -> float:
    """Return y at `x` on the line through `points` with both axes logarithmic; flat outside."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            share = (log(x) - log(x0)) / (log(x1) - log(x0))
            return exp(log(y0) + share * (log(y1) - log(y0)))
    return points[-1][1]
