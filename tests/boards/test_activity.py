"""The gate simulator against changes, glitches and energies counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.boards.activity import simulate
from intaglio.boards.gate_cells import interpolate
from intaglio.boards.gate_cells_generic import CLOCK_ENERGY, generic_library
from intaglio.boards.gate_energy import energy
from intaglio.boards.gate_netlist import Netlist, read_netlist
from intaglio.spec.errors import ToolError

LIBRARY = generic_library()
# An inverter that drives one gate: 5 ps, and 6 ps for each of 1 (input) + 0.6 (wire).
INVERTER_PS = 15
AND_PS = 22  # drives nothing


def netlist(cells: dict[str, dict[str, Any]], inputs: str, outputs: str) -> Netlist:
    """Return cells by name, each with its type and the nets of its pins, as a netlist."""
    nets: dict[str, Any] = {"0": "0", "1": "1"}
    numbered = {
        name: {
            "type": cell["type"],
            "connections": {
                pin: [nets.setdefault(net, len(nets))] for pin, net in cell.items() if pin != "type"
            },
        }
        for name, cell in cells.items()
    }
    ports = {
        net: {"direction": way, "bits": [nets[net]]}
        for way, names in (("input", inputs), ("output", outputs))
        for net in names.split()
    }
    module = {"cells": numbered, "ports": ports, "netnames": {}}
    return read_netlist({"modules": {"top": module}}, "top", LIBRARY)


def chain(length: int) -> Netlist:
    """Return y = a AND (a, inverted `length` times)."""
    cells: dict[str, dict[str, Any]] = {}
    last = "a"
    for n in range(length):
        cells[f"not_{n}"] = {"type": "$_NOT_", "A": last, "Y": f"n{n}"}
        last = f"n{n}"
    cells["and"] = {"type": "$_AND_", "A": "a", "B": last, "Y": "y"}
    return netlist(cells, "a", "y")


def bits(text: str) -> Any:
    return np.array([[int(bit)] for bit in text], np.uint8)


def changes(net: Netlist, activity: Any, port: str) -> tuple[int, int]:
    """Return the changes of a port's bit: with delays, and settled."""
    at = net.ports[port][0]
    return int(activity.changes[at]), int(activity.settled[at])


def test_delays_follow_the_load() -> None:
    net = chain(3)
    assert net.gate_delays.tolist() == [INVERTER_PS] * 3 + [AND_PS]
    # a drives an inverter and a gate: the load is no delay of a gate.
    assert net.loads[net.ports["a"][0]] == pytest.approx(3.2)


def test_a_pulse_longer_than_the_gate_passes_and_is_a_glitch() -> None:
    # a rises thrice; y rises 22 ps later and falls 45 - 22 ps after that.
    net = chain(3)
    activity = simulate(net, {"a": bits("0101010")})
    assert changes(net, activity, "a") == (6, 6)
    assert changes(net, activity, "y") == (6, 0)
    assert activity.outputs["y"].ravel().tolist() == [0] * 7
    assert activity.longest_ps == 1 + 3 * INVERTER_PS + AND_PS


def test_a_pulse_shorter_than_the_gate_does_not_pass() -> None:
    net = chain(1)
    activity = simulate(net, {"a": bits("0101010")})
    assert changes(net, activity, "y") == (0, 0)
    assert activity.glitch_factor == 1.0


def test_what_settles_is_counted_once_each_way() -> None:
    net = chain(2)  # y = a
    activity = simulate(net, {"a": bits("0110")})
    assert changes(net, activity, "y") == (2, 2)
    assert activity.outputs["y"].ravel().tolist() == [0, 1, 1, 0]


def test_skipped_cycles_are_not_counted() -> None:
    net = chain(2)
    activity = simulate(net, {"a": bits("010110")}, skip=3)
    assert (activity.cycles, changes(net, activity, "a")) == (3, (2, 2))
    assert len(activity.outputs["y"]) == 6


def counter() -> Netlist:
    """Return a flip-flop that turns over in cycles with `en`, and one that follows it."""
    cells = {
        "not": {"type": "$_NOT_", "A": "q", "Y": "d"},
        "turn": {"type": "$_DFFE_PP_", "C": "clk", "D": "d", "E": "en", "Q": "q"},
        "follow": {"type": "$_DFF_P_", "C": "clk", "D": "q", "Q": "y"},
    }
    return netlist(cells, "clk en", "q y")


def test_flip_flops_take_what_was_there_before_the_edge() -> None:
    net = counter()
    activity = simulate(net, {"en": bits("110011")})
    assert activity.outputs["q"].ravel().tolist() == [0, 1, 0, 0, 0, 1]
    assert activity.outputs["y"].ravel().tolist() == [0, 0, 1, 0, 0, 0]
    assert dict(zip([c.name for c in net.flops], activity.clocked.tolist(), strict=True)) == {
        "$_DFFE_PP_": 3,
        "$_DFF_P_": 5,
    }


def test_energy_is_the_sum_over_changes() -> None:
    net = chain(3)
    activity = simulate(net, {"a": bits("00101")}, skip=1)
    spent = energy(net, activity)
    # 3 edges of a; each goes through three inverters (0.5 within, 1.6 of load); y pulses twice.
    assert spent.inputs == pytest.approx(3 * 0.5 * 3.2)
    assert spent.gates == pytest.approx(9 * 0.5 * (0.5 + 1.6) + 4 * 0.5 * 1.6)
    assert energy(net, activity, glitches=False).gates == pytest.approx(9 * 0.5 * 2.1)
    assert (spent.flops, spent.clock) == (0, 0)


def test_energy_of_flip_flops_has_a_clock() -> None:
    net = counter()
    activity = simulate(net, {"en": bits("000")}, skip=1)
    spent = energy(net, activity)
    # Enabled are two edges of the one without an enable.
    assert spent.clock == pytest.approx(2 * CLOCK_ENERGY)
    assert spent.total == pytest.approx(spent.clock)


def test_the_longest_path_is_the_sum_of_delays() -> None:
    net = counter()
    flop = 80 + round(6 * (0.8 + 1.0 + 2 * 0.6))  # drives the follower and the inverter
    inverter = round(5 + 6 * (0.8 + 0.6))
    assert net.longest_path_ps() == flop + inverter


def test_loops_are_refused() -> None:
    cells = {
        "nand": {"type": "$_NAND_", "A": "a", "B": "y", "Y": "y"},
    }
    net = netlist(cells, "a", "y")
    with pytest.raises(ToolError, match="loop"):
        net.longest_path_ps()
    with pytest.raises(ToolError, match="settle"):
        simulate(net, {"a": bits("01")})


def test_a_cell_that_the_library_lacks_is_named() -> None:
    with pytest.raises(ToolError, match=r"\$_MUX_"):
        netlist({"mux": {"type": "$_MUX_", "A": "a", "Y": "y"}}, "a", "y")


def test_lines_go_on_beyond_their_ends() -> None:
    points = ((1.0, 10.0), (2.0, 12.0), (4.0, 20.0))
    assert [interpolate(points, x) for x in (0.0, 1.5, 3.0, 6.0)] == [8.0, 11.0, 16.0, 28.0]
    assert interpolate(((3.0, 7.0),), 9.0) == 7.0
