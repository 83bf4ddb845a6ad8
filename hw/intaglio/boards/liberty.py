"""Cells of a liberty library: areas, loads, delays and energies by table look-up.

Slews are not propagated: every table is read at one slew, the middle one of its own axis, and kept
as a line over the load. Conditional arcs are averaged, not summed. Energies are in the unit of the
library's tables, which is that of its capacitance times V**2.
"""

from __future__ import annotations

import re
from pathlib import Path
from statistics import fmean

from intaglio.boards.gate_cells import Cell, CellLibrary, Points
from intaglio.boards.gate_netlist import ARITY
from intaglio.boards.liberty_function import truth_table
from intaglio.boards.liberty_text import Group, LibertySyntaxError, parse_liberty
from intaglio.spec.errors import Finding, UsageError

WIRE_FF = 1.0  # wire to one more input
_TIME_PS = {"ps": 1.0, "ns": 1000.0}
_LOAD_FF = {"ff": 1.0, "pf": 1000.0}
_LOAD = "total_output_net_capacitance"


def read_liberty(path: Path) -> CellLibrary:
    """Return the cells of a library that a mapped netlist may have.

    These are cells with one output that is a function of at most six inputs, and flip-flops that
    take one pin at the rising edge; others are left out.

    Raises
    ------
    UsageError
        E103: the file cannot be read. E101: it is no library, or lacks an inverter, a NAND or
        NOR, three kinds of gates (Yosys maps to no fewer) or a flip-flop.
    """
    try:
        library = parse_liberty(path.read_text(errors="replace"))
        found = _library(library)
    except OSError as error:
        raise _fault("E103", path, f"cannot be read: {error.strerror}") from error
    except LibertySyntaxError as error:
        raise _fault("E101", path, f"is no liberty library: {error}") from error
    cells = found.cells.values()
    kinds = {(len(cell.inputs), cell.table) for cell in cells if not cell.is_flop}
    lacks = [
        what
        for what, there in (
            ("an inverter", (1, 0b01) in kinds),
            ("a NAND or NOR", {(2, 0b0111), (2, 0b0001)} & kinds),
            ("three kinds of gates", len(kinds) > 2),
            ("a rising-edge flip-flop", any(cell.is_flop for cell in cells)),
        )
        if not there
    ]
    if lacks:
        raise _fault("E101", path, f"lacks {', '.join(lacks)}")
    return found


def _fault(code: str, path: Path, text: str) -> UsageError:
    return UsageError(
        Finding(
            code,
            f"{path} {text}",
            where="--liberty",
            have=text,
            need="a liberty file with an inverter, gates of two inputs and a flip-flop",
            help="name the typical corner of a standard cell library",
        )
    )


def _library(library: Group) -> CellLibrary:
    volts = library.number("nom_voltage")
    scale, unit = (library.lists.get("capacitive_load_unit") or ["1", "pf"])[:2]
    if unit.lower() not in _LOAD_FF:
        raise LibertySyntaxError(f"capacitive_load_unit is in {unit!r}, not in ff or pf")
    load_ff = float(scale) * _LOAD_FF[unit.lower()]
    time = re.fullmatch(r"([\d.]+)(ps|ns)", library.values.get("time_unit", "1ns"))
    if time is None:
        raise LibertySyntaxError(f"time_unit is {library.values['time_unit']!r}")
    time_ps = float(time[1]) * _TIME_PS[time[2]]
    axes = {
        group.names[0]: [group.values.get("variable_1", ""), group.values.get("variable_2", "")]
        for kind in ("lu_table_template", "power_lut_template")
        for group in library.all(kind)
    }
    cells = {}
    for group in library.all("cell"):
        cell = _cell(group, axes, time_ps, volts**2 / 2)
        if cell is not None:
            cells[cell.name] = cell
    return CellLibrary(
        name=library.names[0] if library.names else "library",
        cells=cells,
        wire_load=WIRE_FF / load_ff,
        load_energy=volts**2 / 2,
        energy_unit="fJ" if load_ff == 1 else f"{load_ff:g} fJ",
        area_unit="library",
    )


def _cell(
    group: Group, axes: dict[str, list[str]], time_ps: float, half_volts: float
) -> Cell | None:
    """Return a cell, or None for one that no mapped netlist has."""
    if group.values.get("dont_use") == "true":
        return None
    pins = {pin.names[0]: pin for pin in group.all("pin")}
    outputs = {n: p for n, p in pins.items() if p.values.get("direction") == "output"}
    state = next(iter(group.all("ff")), None)
    clock = ""
    if state is None:
        if len(outputs) != 1 or group.all("latch") or group.all("statetable"):
            return None
        output = next(iter(outputs))
        function = outputs[output].values.get("function", "")
        inputs = tuple(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", function)))
        if not 1 <= len(inputs) <= ARITY or not set(inputs) <= pins.keys() - outputs.keys():
            return None
        table = truth_table(function, inputs)
    else:
        clock, data = (state.values.get(n, "").strip("() ") for n in ("clocked_on", "next_state"))
        kept = [n for n, p in outputs.items() if p.values.get("function") == state.names[0]]
        if clock not in pins or data not in pins or not kept:
            return None
        output, inputs, table = kept[0], (data,), 0b10
    power = [g for pin in pins.values() for g in pin.all("internal_power")]
    edges = _energies(pins[clock], axes) if clock else ()
    clock_load = pins[clock].number("capacitance", 0.0) if clock else 0.0
    return Cell(
        name=group.names[0],
        inputs=inputs,
        output=output,
        table=table,
        area=group.number("area", 0.0),
        loads=tuple(pins[name].number("capacitance", 0.0) for name in inputs),
        delay=_scaled(_delays(outputs[output], axes), time_ps),
        energy=_energies(outputs[output], axes) if power else ((0.0, 0.0),),
        clock=clock,
        input_energy=tuple(_at_rest(_energies(pins[name], axes)) for name in inputs),
        clock_energy=2 * (_at_rest(edges) + clock_load * half_volts) if clock else 0.0,
        leakage=group.number("cell_leakage_power", 0.0),
    )


def _at_rest(points: Points) -> float:
    return points[0][1] if points else 0.0


def _scaled(points: Points, factor: float) -> Points:
    return tuple((x, y * factor) for x, y in points)


def _delays(pin: Group, axes: dict[str, list[str]]) -> Points:
    """Return the mean of all delays to a pin, over the load."""
    tables = [
        table
        for timing in pin.all("timing")
        if timing.values.get("timing_type", "combinational") in _ARCS
        for kind in ("cell_rise", "cell_fall")
        for table in timing.all(kind)
    ]
    return _mean([_line(table, axes) for table in tables]) or ((0.0, 0.0),)


_ARCS = ("combinational", "rising_edge")


def _energies(pin: Group, axes: dict[str, list[str]]) -> Points:
    """Return the mean internal energy of a change of a pin, over the load."""
    tables = [
        table
        for power in pin.all("internal_power")
        for kind in ("rise_power", "fall_power", "power")
        for table in power.all(kind)
    ]
    return _mean([_line(table, axes) for table in tables])


def _mean(lines: list[Points]) -> Points:
    """Return the mean of lines, at the points of the first."""
    if not lines:
        return ()
    length = min(map(len, lines))
    return tuple((lines[0][n][0], fmean(line[n][1] for line in lines)) for n in range(length))


def _line(table: Group, axes: dict[str, list[str]]) -> Points:
    """Return a table at its middle slew, over the load."""
    values = [_numbers(text) for text in table.lists.get("values", [])]
    variables = axes.get(table.names[0] if table.names else "", ["", ""])
    index = [_numbers(" ".join(table.lists.get(f"index_{n}", []))) for n in (1, 2)]
    if not values:
        return ((0.0, 0.0),)
    if len(values) == 1 and not index[1]:
        own = values[0]
        if variables[0] == _LOAD:
            return tuple(zip(index[0], own, strict=True))
        return ((0.0, own[(len(own) - 1) // 2]),)
    if variables[0] == _LOAD:  # loads go down the rows
        values, index = [list(column) for column in zip(*values, strict=True)], index[::-1]
    return tuple(zip(index[1], values[(len(values) - 1) // 2], strict=True))


def _numbers(text: str) -> list[float]:
    return [float(word) for word in re.split(r"[\s,]+", text.strip()) if word]
