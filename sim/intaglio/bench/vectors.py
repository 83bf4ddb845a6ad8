"""Rows of the bench table at the simulator's own speed: millions of payloads, no Python a cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from intaglio.bench.columns import pack_payloads
from intaglio.bench.compile import TOP
from intaglio.bench.result import BenchError
from intaglio.bench.row import Port, Row, show
from intaglio.bench.vector_library import HARNESS, VectorLibrary
from intaglio.spec.errors import Finding
from intaglio.spec.formats import ByteArray
from intaglio.tooling import cache


@dataclass(frozen=True)
class Swept:
    """What :func:`measure` compared.

    Parameters
    ----------
    payloads : int
        Output payloads that were compared with golden.
    vectors : int
        Payloads that went in, or came out where those are more.
    cycles : int
        Clock cycles.
    mismatches : int
        Output payloads that differed, were missing, were too many or did not stay.
    fault : str
        The first of them; empty if there is none.
    """

    payloads: int
    vectors: int
    cycles: int
    mismatches: int = 0
    fault: str = ""

    def __add__(self, other: Swept) -> Swept:
        return Swept(
            self.payloads + other.payloads,
            self.vectors + other.vectors,
            self.cycles + other.cycles,
            self.mismatches + other.mismatches,
            self.fault or other.fault,
        )


def sweep(row: Row, vectors: int, *, seed: int = 1) -> Swept:
    """Return what :func:`measure` does, if nothing differs.

    Raises
    ------
    ValueError
        As :func:`measure`.
    BenchError
        E602: an output differs from golden, is missing or is one too many.
    """
    done = measure(row, vectors, seed=seed)
    if done.mismatches:
        raise BenchError(
            Finding(
                "E602",
                f"{row.name}, {done.fault}",
                where=row.name,
                have=done.fault,
                need="the golden model's output",
                help=f"intaglio verify {row.name} --seed {seed} --waves",
            )
        )
    return done


def measure(
    row: Row, vectors: int, *, seed: int = 1, progress: Callable[[int], None] = lambda _: None
) -> Swept:
    """Run `row` with one seed after the other until `vectors` payloads went in or came out.

    Stalls alternate between none and each of the row's probabilities. Each run begins with a
    reset amid work. It ends at the first seed that shows a mismatch.

    Raises
    ------
    ValueError
        If the row loads something first, which this runner does not do.
    """
    from intaglio.gateware.emit import component_verilog

    if row.first:
        raise ValueError(f"{row.name} needs {', '.join(row.first)} first")
    component = row.build()
    library = VectorLibrary(component, component_verilog(component, TOP))
    done = Swept(0, 0, 0)
    run = 0
    while done.vectors < vectors and not done.mismatches:
        stall = row.backpressure[run % len(row.backpressure)] if run % 2 else 0.0
        done += _once(row, library, seed + run, stall)
        progress(done.vectors)
        run += 1
    return done


def packed(
    row: Row, streams: Mapping[str, Port], seed: int
) -> tuple[dict[str, ByteArray], dict[str, ByteArray]]:
    """Return the payloads of each input stream and golden's of each output, as bytes."""
    inputs = row.inputs(np.random.default_rng(seed))
    expected = row.golden(inputs)
    sent = {n: pack_payloads(p.shape, inputs[n]) for n, p in streams.items() if p.is_input}
    wanted = {n: pack_payloads(p.shape, expected[n]) for n, p in streams.items() if not p.is_input}
    return sent, wanted


def content(row: Row, streams: Mapping[str, Port], seed: int) -> str:
    """Return a digest of what a seed of a row sends and expects, and of what runs it."""
    parts = [part for side in packed(row, streams, seed) for part in side.values()]
    here = Path(__file__).parent
    return cache.digest(
        *(part.tobytes() for part in parts),
        str(sorted(row.settings.items())),
        str((row.backpressure, row.patience_cycles)),
        *((here / name).read_text() for name in (HARNESS, "vectors.py", "vector_library.py")),
    )


def _once(row: Row, library: VectorLibrary, seed: int, stall: float) -> Swept:
    """Run the stimulus of one seed."""
    streams = library.streams
    sent, wanted = packed(row, streams, seed)
    ran = library.run(
        sent, wanted, row.settings, stall=stall, seed=seed, patience=row.patience_cycles
    )
    faults, count = [], 0
    for name, values in ran.got.items():
        wrong = np.flatnonzero((values != wanted[name]).any(axis=1))
        if ran.done[name] != len(values) or wrong.size:
            shape = streams[name].shape
            text = f"{ran.done[name]} of {len(values)} payloads"
            if wrong.size:
                at = int(wrong[0])
                want, have = (show(shape, _integer(v[at])) for v in (wanted[name], values))
                text = f"{name}[{at}] is {have}, expected {want}; {wrong.size} differ; {text}"
            faults.append(f"seed {seed}, stalls {stall}: {text}")
            count += max(wrong.size, abs(ran.done[name] - len(values)))
    if ran.unstable and not faults:
        faults.append(
            f"seed {seed}, stalls {stall}: a refused payload changed in cycle {ran.unstable}"
        )
        count += 1
    came = sum(len(values) for values in wanted.values())
    went = sum(len(values) for values in sent.values())
    return Swept(came, max(came, went), ran.cycles, count, faults[0] if faults else "")


def _integer(row: ByteArray) -> int:
    return int.from_bytes(row.tobytes(), "little")
