"""Generic gates: stated delays, loads and energies, for ratios between netlists and no more.

Source: assumed, rounded from the proportions of a 45 nm standard cell library at low load. The
load of an inverter's input is 1, and half of its energy is one change; a picosecond is as good as
any other unit of time, since only the order of changes matters. NAND2 equivalents are the
transistors of static CMOS, by four.
"""

from __future__ import annotations

from intaglio.boards.gate_cells import Cell, CellLibrary

# name: function of (A, B), transistors, load of an input, load within, delay, delay by load (ps)
GATES: dict[str, tuple[int, int, float, float, int, int]] = {
    "$_AND_": (0b1000, 6, 1.0, 1.6, 22, 6),
    "$_NAND_": (0b0111, 4, 1.0, 0.8, 9, 7),
    "$_OR_": (0b1110, 6, 1.0, 1.8, 26, 6),
    "$_NOR_": (0b0001, 4, 1.0, 0.9, 11, 9),
    "$_XOR_": (0b0110, 12, 1.6, 2.8, 28, 8),
    "$_XNOR_": (0b1001, 12, 1.6, 2.8, 28, 8),
}
ABC_GATES = ("AND", "NAND", "OR", "NOR", "XOR", "XNOR")
INVERTER = (2, 1.0, 0.5, 5, 6)
FLIP_FLOP = (20, 0.8, 4.5, 80, 6)  # transistors, load, load within, clock to output, by load
ENABLE_TRANSISTORS = 4  # its share of a clock gate
CLOCK_ENERGY = 2.6  # of a flip-flop whose output stays, a cycle
WIRE_LOAD = 0.6
LOAD_ENERGY = 0.5


def generic_library() -> CellLibrary:
    """Return gates of one and two inputs, and flip-flops with and without an enable."""
    cells = [
        _gate(name, ("A", "B"), table, transistors, load, within, delay, slope)
        for name, (table, transistors, load, within, delay, slope) in GATES.items()
    ]
    transistors, load, within, delay, slope = INVERTER
    cells.append(_gate("$_NOT_", ("A",), 0b01, transistors, load, within, delay, slope))
    cells += [_flop("$_DFF_P_", ("D",), 0), _flop("$_DFFE_PP_", ("D", "E"), ENABLE_TRANSISTORS)]
    return CellLibrary(
        name="generic gates",
        cells={cell.name: cell for cell in cells},
        wire_load=WIRE_LOAD,
        load_energy=LOAD_ENERGY,
        energy_unit="relative",
        area_unit="NAND2",
    )


def _gate(
    name: str,
    inputs: tuple[str, ...],
    table: int,
    transistors: int,
    load: float,
    within: float,
    delay: int,
    slope: int,
) -> Cell:
    return Cell(
        name=name,
        inputs=inputs,
        output="Y",
        table=table,
        area=transistors / 4,
        loads=(load,) * len(inputs),
        delay=((0.0, delay), (1.0, delay + slope)),
        energy=((0.0, within * LOAD_ENERGY),),
    )


def _flop(name: str, inputs: tuple[str, ...], extra: int) -> Cell:
    transistors, load, within, delay, slope = FLIP_FLOP
    return Cell(
        name=name,
        inputs=inputs,
        output="Q",
        table=0b10,
        area=(transistors + extra) / 4,
        loads=(load, 0.0)[: len(inputs)],  # the enable drives one clock gate for a whole register
        delay=((0.0, delay), (1.0, delay + slope)),
        energy=((0.0, within * LOAD_ENERGY),),
        clock="C",
        clock_energy=CLOCK_ENERGY,
    )
