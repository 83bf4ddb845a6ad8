"""Cycle model of an accelerator that takes one command at a time.

Its sequencer reads a command, does what it says to the end, and reads the next: every cycle has one
state, and a program takes their sum. That is exact where the memory moves a beat a cycle and never
rests, and where program and regions begin at multiples of 4096 bytes; a slower memory is modelled
by its mean rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

from intaglio.spec.commands import COMMAND_BYTES, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.timing_compute import counters_of
from intaglio.spec.timing_link import MemoryModel
from intaglio.spec.timing_shape import KnownCycles
from intaglio.spec.widths import command_beats, longest_burst

READ, WRITTEN = 1, 2  # cycles of a beat: one that is stored is asked for before it leaves
READ_BURST, WRITE_BURST = 1, 2  # cycles of a burst beside its beats and the latency


def predict_serial(
    commands: Iterable[tuple[Opcode, Mapping[str, Any]]], config: ArrayConfig, memory: MemoryModel
) -> RunStats:
    """Return the cycles of a program, one command after the other.

    Parameters
    ----------
    commands : iterable
        Opcode and fields.
    config : ArrayConfig
        The accelerator; `command_queue` is 0.
    memory : MemoryModel
        Its memory.
    """
    bus, known = _Bus(config, memory), KnownCycles(config)
    counters: Counter[str] = Counter()
    marks: dict[int, int] = {}
    now = 0  # cycles since the first command was looked for
    for index, (opcode, fields) in enumerate(commands):
        now += bus.fetch(index)
        if opcode is Opcode.COMPUTE:
            taken = known.of(fields)
            counters.update(counters_of(fields, taken))
            if fields["mark"]:
                marks[fields["layer"]] = now + taken.total
            now += 1 + taken.total
        else:
            now += bus.move(fields, stores=opcode is Opcode.STORE)
    return RunStats(cycles=now + 1, counters=dict(counters), marks=marks)


class _Bus:
    """Cycles of what a sequencer does on the memory bus."""

    def __init__(self, config: ArrayConfig, memory: MemoryModel) -> None:
        bus = config.bus_bytes
        each = min((memory.width or bus) / bus, 1.0)
        self._rate = min(each, (memory.bytes_per_cycle or each * bus) / bus)
        self._latency, self._bytes = memory.latency, bus
        self._limit = longest_burst(config)
        self._command, self._pitch = command_beats(config), COMMAND_BYTES // bus
        self._rows: dict[tuple[int, int, bool], int] = {}

    def fetch(self, index: int) -> int:
        """Return the cycles from looking for a command to the one after it is decoded."""
        return 2 + self._row(index * self._pitch, self._command, stores=False)

    def move(self, fields: Mapping[str, int], *, stores: bool) -> int:
        """Return the cycles of a LOAD or a STORE: one before each row, and one at the end."""
        first, stride = fields["offset"] // self._bytes, fields["row_stride"] // self._bytes
        return 1 + sum(
            1 + self._row(first + row * stride, fields["row_beats"], stores=stores)
            for row in range(fields["rows"])
        )

    def _row(self, first: int, beats: int, *, stores: bool) -> int:
        """Return the cycles of `beats` beats from beat `first` of memory on, in bursts."""
        key = (first % self._limit, beats, stores)
        if key not in self._rows:
            beat, around = (WRITTEN, WRITE_BURST) if stores else (READ, READ_BURST)
            self._rows[key] = sum(
                self._latency + around + beat + max(beat * (n - 1), self._late(n))
                for n in self._bursts(first, beats)
            )
        return self._rows[key]

    def _bursts(self, first: int, beats: int) -> Iterator[int]:
        """Yield the beats of each burst: it ends with the row or before a multiple of a limit."""
        while beats:
            count = min(beats, self._limit - first % self._limit)
            yield count
            first, beats = first + count, beats - count

    def _late(self, beats: int) -> int:
        """Return the cycles from the first beat to the last that the memory's rate asks for."""
        return ceil((beats - 1) / self._rate) - 1 if self._rate < 1 else 0
