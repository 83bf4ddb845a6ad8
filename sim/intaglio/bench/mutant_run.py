"""Mutants against the vectors of a component, each until the first thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from intaglio.bench.compile import TOP
from intaglio.bench.mutant_netlist import MutantNetlist, mutate
from intaglio.bench.result import BenchError
from intaglio.bench.row import Row
from intaglio.bench.vector_library import VectorLibrary
from intaglio.bench.vectors import packed
from intaglio.spec.errors import Finding
from intaglio.spec.formats import ByteArray

TRACE_CYCLES = 1 << 21
SEEDS = 3
ENOUGH = 20_000  # payloads of a row; then its next seeds are left out
PATIENCE_CYCLES = 500  # with nothing moving; enough for every unit, which holds no more payloads


@dataclass(frozen=True)
class Noticed:
    """How a mutant was noticed.

    Parameters
    ----------
    how : str
        ``value``: an output payload is not golden's. ``missing``: one did not come.
        ``protocol``: a refused payload changed. ``timing``: a payload came or was taken in
        another cycle than without the mutant.
    row : str
        Row of the bench whose vectors showed it.
    """

    how: str
    row: str


@dataclass(frozen=True)
class Trial:
    """Mutants of a component and which of them were noticed.

    Parameters
    ----------
    netlist : MutantNetlist
        All mutants.
    noticed : tuple of Noticed or None
        By mutant.
    vectors : int
        Payloads that a mutant had to survive.
    """

    netlist: MutantNetlist
    noticed: tuple[Noticed | None, ...]
    vectors: int


@dataclass
class _Pass:
    """Stimulus of one seed at one stall probability, with what must come out and when."""

    row: Row
    seed: int
    stall: float
    sent: dict[str, ByteArray]
    wanted: dict[str, ByteArray]
    trace: ByteArray
    cycles: int = 0


def try_mutants(
    rows: Sequence[Row],
    count: int,
    *,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Trial:
    """Make mutants of the component that all `rows` build, and run the vectors of the rows.

    The component itself runs first and must pass; its handshakes are what those of the mutants
    are compared with. Each pass begins with a reset amid work.

    Parameters
    ----------
    rows : sequence of Row
        Stimulus with golden outputs of one component; quick ones first.
    count : int
        Mutants.
    seed : int
        Of the choice of mutants; the rows have seeds from 1 on.
    progress : callable
        Gets mutants done and their number.

    Raises
    ------
    BenchError
        E602: the component itself fails.
    EnvironmentFault, ToolError
        A tool is missing or failed.
    """
    from intaglio.gateware.emit import component_verilog

    component = rows[0].build()
    netlist = mutate(component_verilog(component, TOP), count, seed)
    library = VectorLibrary(component, netlist.verilog, mutants=True)
    passes = [_baseline(library, item) for row in rows for item in _passes(library, row)]
    noticed: list[Noticed | None] = []
    for number in range(1, len(netlist.mutants) + 1):
        progress(number, len(netlist.mutants))
        faults = (_fault(library, item, number) for item in passes)
        noticed.append(next((fault for fault in faults if fault), None))
    vectors = sum(sum(len(values) for values in item.sent.values()) for item in passes)
    return Trial(netlist, tuple(noticed), vectors)


def _passes(library: VectorLibrary, row: Row) -> list[_Pass]:
    """Return the passes of a row: each stall probability, the first seeds."""
    done: list[_Pass] = []
    payloads = 0
    for seed in range(1, SEEDS + 1):
        if payloads >= ENOUGH:
            break
        sent, wanted = packed(row, library.streams, seed)
        payloads += sum(map(len, sent.values()))
        for stall in dict.fromkeys((0.0, *row.backpressure)):
            if stall <= 0.5:  # more stalls show nothing else, and take long
                # Another seed of stalls and of the work before the reset.
                chance = seed + SEEDS * len(done)
                trace = np.zeros(TRACE_CYCLES, np.uint8)
                done.append(_Pass(row, chance, stall, sent, wanted, trace))
    return done


def _baseline(library: VectorLibrary, item: _Pass) -> _Pass:
    """Run without a mutant, keep the handshakes, and insist that all is as it should be."""
    fault = _fault(library, item, 0)
    if fault is not None:
        text = f"without a mutant, seed {item.seed}, stalls {item.stall}: {fault.how}"
        raise BenchError(
            Finding(
                "E602",
                f"{item.row.name} {text}",
                where=item.row.name,
                have=text,
                need="gates that pass before anything is broken",
                help=f"intaglio verify {item.row.name} --seed {item.seed} --waves",
            )
        )
    item.trace = item.trace[: item.cycles].copy()
    return item


def _fault(library: VectorLibrary, item: _Pass, mutant: int) -> Noticed | None:
    """Return what a run showed, if anything."""
    ran = library.run(
        item.sent,
        item.wanted,
        item.row.settings,
        stall=item.stall,
        seed=item.seed,
        patience=PATIENCE_CYCLES,
        mutant=mutant,
        judge=True,
        trace=item.trace,
        compare=mutant > 0,
    )
    if not mutant:
        item.cycles = ran.cycles
    missing = any(ran.done[name] < len(values) for name, values in item.wanted.items())
    how = (
        ("value", ran.differs),
        ("missing", missing),
        ("protocol", ran.unstable),
        ("timing", ran.untimely),
    )
    return next((Noticed(name, item.row.name) for name, seen in how if seen), None)
