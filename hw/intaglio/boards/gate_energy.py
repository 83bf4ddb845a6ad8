"""Energy of a simulated netlist, from the library's cells and the changes of its nets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from intaglio.boards.activity import Activity, Counters
from intaglio.boards.gate_cells import interpolate
from intaglio.boards.gate_netlist import Floats, Netlist


@dataclass(frozen=True)
class Energy:
    """Energy of a run by where it goes, in the library's unit.

    Parameters
    ----------
    gates : float
        Within gates, and in charging the nets that they drive.
    flops : float
        The same of flip-flops when their outputs change.
    clock : float
        Of flip-flops for the clock alone.
    inputs : float
        In charging the nets of input ports.
    """

    gates: float
    flops: float
    clock: float
    inputs: float

    @property
    def total(self) -> float:
        """The sum."""
        return self.gates + self.flops + self.clock + self.inputs


def energy(netlist: Netlist, activity: Activity, *, glitches: bool = True) -> Energy:
    """Return the energy of a run.

    E = sum over nets of changes * (within the driver + half C V**2 of what the net drives)
    + sum over flip-flops of clocked cycles * clock energy + energy of inputs' changes.

    Parameters
    ----------
    netlist : Netlist
        What ran.
    activity : Activity
        What changed.
    glitches : bool
        False: count only the changes that are left without delays.
    """
    changes = activity.changes if glitches else activity.settled
    load = netlist.loads * netlist.library.load_energy
    gates = _driven(netlist, changes, load, gates=True)
    flops = _driven(netlist, changes, load, gates=False)
    clock = sum(
        cell.clock_energy * int(count)
        for cell, count in zip(netlist.flops, activity.clocked, strict=True)
    )
    ports = [net for name in netlist.inputs for net in netlist.ports[name]]
    inputs = float(np.sum(changes[ports].astype(np.float64) * load[ports]))
    return Energy(gates, flops, clock, inputs)


def _driven(netlist: Netlist, changes: Counters, load: Floats, *, gates: bool) -> float:
    """Return the energy of cells of one sort, with the nets that they drive."""
    cells = netlist.gates if gates else netlist.flops
    outputs = netlist.gate_outputs if gates else netlist.flop_outputs
    inputs = netlist.gate_inputs if gates else netlist.flop_inputs
    total = 0.0
    for cell, out, nets in zip(cells, outputs.tolist(), inputs.tolist(), strict=True):
        within = interpolate(cell.energy, float(netlist.loads[out]))
        total += float(changes[out]) * (within + float(load[out]))
        for own, net in zip(cell.input_energy, nets[: len(cell.input_energy)], strict=True):
            total += own * float(changes[net])
    return total
