"""Cycle model: what a program takes, before any gate is simulated.

COMPUTE is counted exactly (:mod:`intaglio.spec.timing_compute`). Transfers and command reads are
streams of beats behind a latency that share the memory (:mod:`intaglio.spec.timing_link`); bursts
and how they take turns are left out, so a program that is bound by memory may take a few per cent
longer than it says. Without queues of commands everything is counted exactly
(:mod:`intaglio.spec.timing_serial`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from intaglio.spec.commands import COMMAND_BYTES, Opcode, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.tap_list import with_lists
from intaglio.spec.timing_compute import counters_of
from intaglio.spec.timing_link import NEVER, Link, MemoryModel, Stream
from intaglio.spec.timing_serial import predict_serial
from intaglio.spec.timing_shape import WAITS, KnownCycles, shape_of

__all__ = ["MemoryModel", "predict", "predict_decoded", "shape_of"]

READ_CYCLES = 4  # a load command starts to its first beat, without the memory's latency
WRITE_CYCLES = 6  # a store command starts to its last acknowledgement, without beats and latency
DISPATCH_CYCLES = 2  # a command is complete to the start of one that waited for it


def predict(
    commands: bytes,
    config: ArrayConfig,
    memory: MemoryModel | None = None,
    constants: bytes = b"",
) -> RunStats:
    """Return the cycles of a program and the cycle at which each marked layer is complete.

    Counters are those of compute commands: COMPUTE_CYCLES and the causes that make them up.

    Parameters
    ----------
    commands : bytes
        Command words.
    config : ArrayConfig
        The accelerator.
    memory : MemoryModel
        Default: the memory of simulated devices.
    constants : bytes
        The region of constants: lists of taps, where commands read any.
    """
    return predict_decoded(with_lists(decode(commands), config, constants), config, memory)


def predict_decoded(
    commands: Iterable[tuple[Opcode, Mapping[str, Any]]],
    config: ArrayConfig,
    memory: MemoryModel | None = None,
) -> RunStats:
    """Return :func:`predict` of commands that are not packed."""
    if not config.command_queue:
        return predict_serial(commands, config, memory or MemoryModel())
    run = _Run(list(commands), config, memory or MemoryModel())
    run.run()
    ends = (times[-1] for times in run.finished.values() if times)
    cycles = round(max(ends, default=0.0))
    return RunStats(cycles=cycles, counters=dict(run.counters), marks=run.marks)


class _Run:
    """One run of a program: what has been fetched, has begun and is complete, and when."""

    def __init__(
        self,
        commands: list[tuple[Opcode, Mapping[str, int]]],
        config: ArrayConfig,
        memory: MemoryModel,
    ) -> None:
        self._commands, self._config, self._memory = commands, config, memory
        self._link = Link(memory, config.bus_bytes)
        self._next = 0  # command that is fetched now
        self._fetch: Stream | None = None
        self._fetched: dict[Opcode, list[tuple[float, Mapping[str, int]]]] = _empty()
        self._asked = dict.fromkeys(Opcode, 0)  # commands of each engine whose fetch has begun
        self._begun: dict[Opcode, list[float]] = _empty()
        self._moving: dict[Opcode, list[Stream]] = _empty()
        self._known = KnownCycles(config)
        self._now = 0.0
        self.finished: dict[Opcode, list[float]] = _empty()
        self.marks: dict[int, int] = {}
        self.counters: Counter[str] = Counter()

    def run(self) -> None:
        """Run to the end."""
        first = float(self._memory.latency + READ_CYCLES)
        while True:
            while self._begin_fetch(first) or any([self._dispatch(opcode) for opcode in Opcode]):
                pass
            loads, stores = (self._moving[o][:1] for o in (Opcode.LOAD, Opcode.STORE))
            fetches = [self._fetch] if self._fetch else []
            now = self._link.advance(self._now, [*loads, *fetches], stores)
            if now == NEVER:
                return
            self._now = now
            self._end_streams()

    def _begin_fetch(self, first: float) -> bool:
        """Begin to fetch the next command, if its engine's queue will have room."""
        if self._fetch is not None or self._next == len(self._commands):
            return False
        opcode = self._commands[self._next][0]
        before = self._asked[opcode] - self._config.command_queue
        if before >= len(self._begun[opcode]):
            return False
        room = self._begun[opcode][before] if before >= 0 else 0.0
        self._fetch = Stream(max(self._now, room, first), COMMAND_BYTES / self._config.bus_bytes)
        self._asked[opcode] += 1
        return True

    def _dispatch(self, opcode: Opcode) -> bool:
        """Begin the next command of an engine, if it is known when what it waits for ends."""
        if not self._fetched[opcode]:
            return False
        at, fields = self._fetched[opcode][0]
        times = []
        for other, name in WAITS:
            count, finished = fields[name], self.finished[other]
            if count > len(finished):
                return False
            if count:
                times.append(finished[count - 1])
        start = max(at, *times, 0.0) + DISPATCH_CYCLES
        self._fetched[opcode].pop(0)
        if opcode is Opcode.COMPUTE:
            done = self.finished[opcode][-1] if self.finished[opcode] else 0.0
            start = max(start, done + 1)
            taken = self._known.of(fields)
            self.counters.update(counters_of(fields, taken))
            self._finish(opcode, start + taken.total, fields)
        else:
            ready = start + (
                READ_CYCLES + self._memory.latency if opcode is Opcode.LOAD else WRITE_CYCLES
            )
            self._moving[opcode].append(Stream(ready, fields["row_beats"] * fields["rows"]))
        self._begun[opcode].append(start)
        return True

    def _end_streams(self) -> None:
        if self._fetch is not None and not self._fetch.beats:
            opcode, fields = self._commands[self._next]
            self._fetched[opcode].append((self._now, fields))
            self._fetch, self._next = None, self._next + 1
        for opcode, after in ((Opcode.LOAD, 0), (Opcode.STORE, self._memory.latency)):
            moving = self._moving[opcode]
            if moving and not moving[0].beats:
                moving.pop(0)
                self.finished[opcode].append(self._now + after)

    def _finish(self, opcode: Opcode, end: float, fields: Mapping[str, int]) -> None:
        self.finished[opcode].append(end)
        if fields["mark"]:
            self.marks[fields["layer"]] = round(end)


def _empty() -> dict[Opcode, list[Any]]:
    return {opcode: [] for opcode in Opcode}
