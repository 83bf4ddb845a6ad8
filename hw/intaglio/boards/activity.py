"""Changes of every net of a gate netlist, glitches included: event-driven, a delay a gate."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from intaglio.boards.gate_netlist import Ints, Netlist
from intaglio.spec.errors import EnvironmentFault, Finding, ToolError
from intaglio.tooling import cache
from intaglio.tooling.process import run

SOURCE = Path(__file__).with_name("activity.cpp")
FLAGS = ("-std=c++17", "-O2", "-shared", "-fPIC")
LIMIT_PS = 1 << 20  # of a cycle: what takes longer oscillates
Counters = npt.NDArray[np.uint64]
Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Activity:
    """What :func:`simulate` counted.

    Parameters
    ----------
    cycles : int
        Counted cycles.
    changes : (nets,) uint64
        Changes of each net, glitches included.
    settled : (nets,) uint64
        Those that are left without delays: the net's value differs at the ends of two cycles.
    clocked : (flops,) uint64
        Cycles in which each flip-flop was enabled.
    longest_ps : int
        From the clock edge to the last change, in the slowest cycle.
    outputs : mapping
        Each output port at the end of every cycle (those not counted, too): (cycles, bits) of 0, 1.
    """

    cycles: int
    changes: Counters
    settled: Counters
    clocked: Counters
    longest_ps: int
    outputs: Mapping[str, Bits]

    @property
    def glitch_factor(self) -> float:
        """Changes for each that is left without delays."""
        return float(self.changes.sum() / max(int(self.settled.sum()), 1))


def simulate(netlist: Netlist, stimulus: Mapping[str, Bits], skip: int = 0) -> Activity:
    """Run a netlist and count the changes of its nets.

    Inputs change as late after the clock's edge as the slowest flip-flop's output; outputs are read
    at the end of a cycle. Flip-flops share one clock, the rising edge of which counts; the clock
    is no part of `stimulus`. Delays are inertial.

    Parameters
    ----------
    netlist : Netlist
        With its delays.
    stimulus : mapping
        For each input port but the clock (cycles, bits) of 0 and 1.
    skip : int
        Cycles at the beginning that are not counted, such as a reset.

    Raises
    ------
    EnvironmentFault
        E501: there is no C++ compiler.
    ToolError
        E601: the netlist oscillates.
    """
    cycles = len(next(iter(stimulus.values())))
    columns, nets = [], []
    for name, bits in stimulus.items():
        columns.append(np.asarray(bits, np.uint8).reshape(cycles, -1))
        nets += list(netlist.ports[name])
    packed = np.ascontiguousarray(np.concatenate(columns, axis=1))
    out_nets = [net for name in netlist.outputs for net in netlist.ports[name]]
    results = np.zeros((cycles, len(out_nets)), np.uint8)
    tables = np.array([cell.table for cell in netlist.gates], np.uint64)
    changes, settled = np.zeros(netlist.nets, np.uint64), np.zeros(netlist.nets, np.uint64)
    clocked = np.zeros(len(netlist.flops), np.uint64)
    arrays: list[Ints] = [
        np.ascontiguousarray(array, np.int32)
        for array in (
            *(netlist.gate_inputs, netlist.gate_outputs, netlist.gate_delays),
            *(netlist.flop_inputs, netlist.flop_outputs, netlist.flop_delays),
            *(netlist.flop_init, nets, out_nets),
        )
    ]
    pointers = [array.ctypes.data for array in arrays]
    circuit = _Circuit(
        *(netlist.nets, len(netlist.gates), len(netlist.flops), len(nets), len(out_nets)),
        *(*pointers[:3], tables.ctypes.data, *pointers[3:]),
        int(netlist.flop_delays.max(initial=1)),
    )
    counts = _Counts(changes.ctypes.data, settled.ctypes.data, clocked.ctypes.data, 0, 0)
    failed = library().simulate(
        ctypes.byref(circuit),
        *(cycles, skip, LIMIT_PS, packed.ctypes.data, results.ctypes.data),
        ctypes.byref(counts),
    )
    if failed:
        raise ToolError(
            Finding(
                "E601",
                f"the netlist does not settle within {LIMIT_PS} ps",
                where="activity",
                have="an oscillation",
                need="gates without loops",
                help="this is a fault of the netlist",
            )
        )
    outputs = _by_port(netlist, results)
    longest = int(counts.longest)
    return Activity(cycles - skip, changes, settled, clocked, longest, outputs)


def _by_port(netlist: Netlist, results: Bits) -> dict[str, Bits]:
    found, at = {}, 0
    for name in netlist.outputs:
        width = len(netlist.ports[name])
        found[name] = results[:, at : at + width]
        at += width
    return found


class _Circuit(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("nets", "gates", "flops", "inputs", "outputs")),
        *(
            (name, ctypes.c_void_p)
            for name in (
                *("gate_inputs", "gate_outputs", "gate_delays", "gate_tables"),
                *("flop_inputs", "flop_outputs", "flop_delays", "flop_init"),
                *("input_nets", "output_nets"),
            )
        ),
        ("input_delay", ctypes.c_int32),
    )


class _Counts(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("changes", "settled", "clocked")),
        ("longest", ctypes.c_int32),
        ("events", ctypes.c_uint64),
    )


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    """Return the compiled simulator, compiled unless the cache has it.

    Raises
    ------
    EnvironmentFault
        E501: there is no C++ compiler.
    """
    compiler = _compiler()

    def make(work: Path) -> None:
        command = (compiler, *FLAGS, "-o", "activity.so", SOURCE)
        run(command, cwd=work, env=os.environ)

    _, version = run((compiler, "--version"), cwd=Path.cwd(), env=os.environ)
    key = cache.digest(version, " ".join(FLAGS), SOURCE.read_bytes())
    found = ctypes.CDLL(str(cache.entry("activity", key, make) / "activity.so"))
    found.simulate.argtypes = (
        *(ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32),
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
    )
    return found


def _compiler() -> Path:
    for name in (os.environ.get("CXX", ""), "g++", "clang++"):
        found = shutil.which(name) if name else None
        if found:
            return Path(found)
    raise EnvironmentFault(
        Finding(
            "E501",
            "no C++ compiler was found",
            where="PATH",
            have=os.environ.get("PATH", ""),
            need="g++ or clang++",
            help="install a C++ compiler: apt install g++ (Debian, Ubuntu)",
        )
    )
