"""Cells as values: what they compute, how long they take and what energy they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Points = tuple[tuple[float, float], ...]


def interpolate(points: Points, at: float) -> float:
    """Return the value at `at` on the line through `points`, extended beyond both ends."""
    if len(points) == 1:
        return points[0][1]
    above = next((n for n, (x, _) in enumerate(points) if x >= at), len(points) - 1)
    (x0, y0), (x1, y1) = points[max(above, 1) - 1], points[max(above, 1)]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)


@dataclass(frozen=True)
class Cell:
    """One kind of cell with a single output.

    Parameters
    ----------
    name : str
        As in the mapped netlist.
    inputs : tuple of str
        Pins; of a flip-flop: data, then the enable if it has one.
    output : str
        Pin.
    table : int
        Bit i is the output for the inputs whose bits make the number i, first pin lowest. Of a
        flip-flop: what it takes at the clock edge.
    clock : str
        Clock pin of a flip-flop, else empty; the rising edge counts.
    area : float
        In the library's unit of area.
    loads : tuple of float
        Capacitance of each input, in the library's unit.
    delay : Points
        Delay in ps by the load at the output; of a flip-flop from the clock.
    energy : Points
        Energy inside the cell for one change of the output, by the load.
    input_energy : tuple of float
        Energy inside the cell for one change of each input, whatever the output does.
    clock_energy : float
        Energy of one clock cycle in which the clock reaches the flip-flop.
    leakage : float
        In the library's unit of power.
    """

    name: str
    inputs: tuple[str, ...]
    output: str
    table: int
    area: float
    loads: tuple[float, ...]
    delay: Points
    energy: Points
    clock: str = ""
    input_energy: tuple[float, ...] = ()
    clock_energy: float = 0.0
    leakage: float = 0.0

    @property
    def is_flop(self) -> bool:
        """Whether the cell keeps state."""
        return bool(self.clock)


@dataclass(frozen=True)
class CellLibrary:
    """Kinds of cells by name, with what belongs to no cell.

    Parameters
    ----------
    name : str
        Of the library, for reports.
    cells : mapping
        By name.
    wire_load : float
        Capacitance of the wire to one more input.
    load_energy : float
        Energy of one change of one unit of capacitance: half of C * V**2.
    energy_unit, area_unit : str
        For reports; ``relative`` where energies are ratios alone.
    """

    name: str
    cells: Mapping[str, Cell]
    wire_load: float
    load_energy: float
    energy_unit: str
    area_unit: str
    notes: tuple[str, ...] = field(default=())
