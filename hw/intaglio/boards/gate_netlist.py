"""Gate netlists as arrays: what mapping leaves, ready to simulate and to sum up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.boards.gate_cells import Cell, CellLibrary, interpolate
from intaglio.spec.errors import Finding, ToolError

ARITY = 6  # most inputs of a cell
NO_NET = -1
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Netlist:
    """Cells of a library and how they are connected; net 0 is constant 0, net 1 constant 1.

    Parameters
    ----------
    library : CellLibrary
        Where the cells are from.
    gates, flops : tuple of Cell
        Kind of each gate and of each flip-flop.
    gate_inputs : (gates, ARITY) int32
        Nets; NO_NET for inputs that a kind does not have.
    gate_outputs : (gates,) int32
    flop_inputs : (flops, 2) int32
        Data and enable; NO_NET for no enable.
    flop_outputs, flop_init : (flops,) int32
    ports : mapping
        Nets of each port, lowest bit first; `inputs` and `outputs` name them in order.
    nets : int
        How many there are.
    """

    library: CellLibrary
    gates: tuple[Cell, ...]
    flops: tuple[Cell, ...]
    gate_inputs: Ints
    gate_outputs: Ints
    flop_inputs: Ints
    flop_outputs: Ints
    flop_init: Ints
    ports: Mapping[str, tuple[int, ...]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nets: int

    @property
    def counts(self) -> dict[str, int]:
        """Cells of each kind."""
        return dict(Counter(cell.name for cell in (*self.gates, *self.flops)))

    @property
    def area(self) -> float:
        """Sum over cells, in the library's unit."""
        return sum(cell.area for cell in (*self.gates, *self.flops))

    @cached_property
    def loads(self) -> Floats:
        """Capacitance at each net: inputs that it drives and the wire to them."""
        total = np.zeros(self.nets)
        wire = self.library.wire_load
        for cells, inputs in ((self.gates, self.gate_inputs), (self.flops, self.flop_inputs)):
            for cell, nets in zip(cells, inputs, strict=True):
                for load, net in zip(cell.loads, nets[: len(cell.loads)], strict=True):
                    total[net] += load + wire
        return total

    @cached_property
    def gate_delays(self) -> Ints:
        """Delay of each gate with its load, in ps, at least 1."""
        return _delays(self.gates, self.loads[self.gate_outputs])

    @cached_property
    def flop_delays(self) -> Ints:
        """Delay of each flip-flop from the clock, in ps."""
        return _delays(self.flops, self.loads[self.flop_outputs])

    def longest_path_ps(self) -> int:
        """Return the longest delay from a clock edge to a flip-flop or an output.

        Inputs change as flip-flops do: with the slowest of them.

        Raises
        ------
        ToolError
            E601: gates form a loop.
        """
        arrival = np.zeros(self.nets, np.int64)
        start = int(self.flop_delays.max(initial=0))
        for name in self.inputs:
            arrival[list(self.ports[name])] = start
        arrival[self.flop_outputs] = self.flop_delays
        for gate in self._order():
            nets = self.gate_inputs[gate]
            arrival[self.gate_outputs[gate]] = (
                arrival[nets[nets != NO_NET]].max() + self.gate_delays[gate]
            )
        ends = [self.flop_inputs[self.flop_inputs != NO_NET]]
        ends += [np.array(self.ports[name], np.int32) for name in self.outputs]
        return int(arrival[np.concatenate(ends)].max(initial=0))

    def _order(self) -> list[int]:
        """Return the gates, each after those that drive it."""
        driver = {int(net): gate for gate, net in enumerate(self.gate_outputs)}
        waiting = [
            sum(1 for net in nets if int(net) in driver) for nets in self.gate_inputs.tolist()
        ]
        users: dict[int, list[int]] = {}
        for gate, nets in enumerate(self.gate_inputs.tolist()):
            for net in nets:
                if net in driver:
                    users.setdefault(net, []).append(gate)
        ready = [gate for gate, count in enumerate(waiting) if not count]
        for gate in ready:
            for user in users.get(int(self.gate_outputs[gate]), ()):
                waiting[user] -= 1
                if not waiting[user]:
                    ready.append(user)
        if len(ready) < len(self.gates):
            raise _fault("gates form a loop", f"{len(self.gates) - len(ready)} gates")
        return ready


def _delays(cells: tuple[Cell, ...], loads: Floats) -> Ints:
    found = [
        max(round(interpolate(cell.delay, load)), 1)
        for cell, load in zip(cells, loads.tolist(), strict=True)
    ]
    return np.array(found, np.int32)


def read_netlist(document: Mapping[str, Any], top: str, library: CellLibrary) -> Netlist:
    """Return the netlist of module `top` of a Yosys JSON document.

    Raises
    ------
    ToolError
        E601: a cell is not of `library`.
    """
    module = document["modules"][top]
    numbers: dict[Any, int] = {"0": 0, "1": 1}

    def net(bit: Any) -> int:
        # What nobody drives is 0.
        return 0 if bit in ("x", "z") else numbers.setdefault(bit, len(numbers))

    init = _initial(module)
    gates, gate_inputs, gate_outputs = [], [], []
    flops, flop_inputs, flop_outputs, flop_init = [], [], [], []
    for name, item in module["cells"].items():
        cell = library.cells.get(item["type"])
        if cell is None:
            raise _fault(f"{name} is a {item['type']}", str(item["type"]))
        pins = item["connections"]
        nets = [net(pins[pin][0]) for pin in cell.inputs]
        out = pins[cell.output][0]
        if cell.is_flop:
            flops.append(cell)
            flop_inputs.append([*nets, NO_NET][:2])
            flop_outputs.append(net(out))
            flop_init.append(init.get(out, 0))
        else:
            gates.append(cell)
            gate_inputs.append(nets + [NO_NET] * (ARITY - len(nets)))
            gate_outputs.append(net(out))
    ports = {
        name: tuple(net(bit) for bit in port["bits"]) for name, port in module["ports"].items()
    }
    kinds = {name: port["direction"] for name, port in module["ports"].items()}
    return Netlist(
        library=library,
        gates=tuple(gates),
        flops=tuple(flops),
        gate_inputs=np.array(gate_inputs, np.int32).reshape(-1, ARITY),
        gate_outputs=np.array(gate_outputs, np.int32),
        flop_inputs=np.array(flop_inputs, np.int32).reshape(-1, 2),
        flop_outputs=np.array(flop_outputs, np.int32),
        flop_init=np.array(flop_init, np.int32),
        ports=ports,
        inputs=tuple(name for name, kind in kinds.items() if kind == "input"),
        outputs=tuple(name for name, kind in kinds.items() if kind == "output"),
        nets=len(numbers),
    )


def _initial(module: Mapping[str, Any]) -> dict[Any, int]:
    """Return the initial value of each bit that has one."""
    found = {}
    for wire in module["netnames"].values():
        text = str(wire.get("attributes", {}).get("init", ""))
        for bit, value in zip(wire["bits"], reversed(text), strict=False):
            if value in "01":
                found[bit] = int(value)
    return found


def _fault(message: str, have: str) -> ToolError:
    return ToolError(
        Finding(
            "E601",
            f"the mapped netlist cannot be used: {message}",
            where="netlist",
            have=have,
            need="gates and flip-flops of the library, without loops",
            help="this is a fault of the mapping script or of the library",
        )
    )
