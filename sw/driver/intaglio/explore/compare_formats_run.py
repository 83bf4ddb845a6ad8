"""Gates of a compared unit: simulated, compared with golden, and only then summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.explore.compare_formats_vectors import Vectors

if TYPE_CHECKING:
    from intaglio.boards.activity import Activity
    from intaglio.boards.gate_netlist import Netlist

RESET_CYCLES = 2
DRAIN_CYCLES = 8


@dataclass(frozen=True)
class GateRun:
    """A run of a unit's gates.

    Parameters
    ----------
    activity : Activity
        What changed.
    payloads : int
        That went in.
    faults : tuple of str
        Where gates and golden differ; empty is a pass.
    """

    activity: Activity
    payloads: int
    faults: tuple[str, ...]


def run_gates(netlist: Netlist, component: Any, given: Vectors) -> GateRun:
    """Drive a payload every cycle into ``i``, take what comes out of ``o`` and compare it.

    Parameters
    ----------
    netlist : Netlist
        Gates of `component`.
    component : Component
        For the layouts of its streams and its latency.
    given : Vectors
        What goes in and what must come out.
    """
    from intaglio.bench.columns import Columns, pack_payloads
    from intaglio.bench.row import ports
    from intaglio.boards.activity import simulate

    known = ports(component)
    payloads = Columns(**given.inputs)
    bits = _bits(pack_payloads(known["i"].shape, payloads))[:, : len(netlist.ports["i__payload"])]
    count = len(bits)
    drain = component.latency_cycles + DRAIN_CYCLES
    cycles = RESET_CYCLES + count + drain
    held = np.concatenate([bits[:1]] * RESET_CYCLES + [bits] + [bits[-1:]] * drain)
    at = np.arange(cycles)
    valid = (at >= RESET_CYCLES) & (at < RESET_CYCLES + count)
    stimulus = {
        "rst": (at < RESET_CYCLES).astype(np.uint8),
        "i__payload": held,
        "i__valid": valid.astype(np.uint8),
        "o__ready": np.ones(cycles, np.uint8),
    }
    activity = simulate(netlist, stimulus, skip=RESET_CYCLES)
    expected = _bits(pack_payloads(known["o"].shape, given.outputs))
    return GateRun(activity, count, tuple(_compare(activity, expected)))


def _bits(rows: Any) -> Any:
    return np.unpackbits(rows, axis=1, bitorder="little")


def _compare(activity: Activity, expected: Any) -> list[str]:
    faults = []
    ready = activity.outputs["i__ready"][RESET_CYCLES:]
    if not ready.all():
        faults.append("the unit was not ready in every cycle")
    leaving = activity.outputs["o__valid"][:, 0].astype(bool)
    leaving[:RESET_CYCLES] = False
    got = activity.outputs["o__payload"][leaving]
    wanted = expected[:, : got.shape[1]]
    if len(got) != len(wanted):
        faults.append(f"{len(got)} results, {len(wanted)} expected")
        return faults
    wrong = np.flatnonzero((got != wanted).any(axis=1))
    if len(wrong):
        faults.append(f"{len(wrong)} of {len(wanted)} results differ, the first is {wrong[0]}")
    return faults
