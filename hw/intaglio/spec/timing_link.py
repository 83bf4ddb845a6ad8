"""Transfers that share a memory: streams of beats, each as fast as the others leave it."""

from __future__ import annotations

from dataclasses import dataclass

NEVER = float("inf")
SMALLEST = 1e-6  # of a beat: what rounding leaves


@dataclass(frozen=True)
class MemoryModel:
    """A memory.

    Parameters
    ----------
    latency : int
        Cycles to the first answer of a burst.
    bytes_per_cycle : float or None
        What it moves in both directions together; None: a bus beat.
    width : float or None
        What it moves in each direction; None: a bus beat.
    """

    latency: int = 20
    bytes_per_cycle: float | None = None
    width: float | None = None


@dataclass
class Stream:
    """Beats of one command in one direction.

    Parameters
    ----------
    ready : float
        Cycle at which they may begin.
    beats : float
        Those that are left.
    """

    ready: float
    beats: float


class Link:
    """The memory's bus: reads of data, reads of commands and writes.

    Parameters
    ----------
    memory : MemoryModel
        The memory.
    bus_bytes : int
        Bytes of a beat.
    """

    def __init__(self, memory: MemoryModel, bus_bytes: int) -> None:
        each = min((memory.width or bus_bytes) / bus_bytes, 1.0)
        self._each = each
        self._together = (memory.bytes_per_cycle or each * bus_bytes) / bus_bytes

    def rates(self, *, reads: int, writes: int) -> tuple[float, float]:
        """Return beats a cycle of each of `reads` streams and of each of `writes` streams."""
        sides = bool(reads) + bool(writes)
        rate = min(self._each, self._together / max(sides, 1))
        return rate / max(reads, 1), rate / max(writes, 1)

    def advance(self, now: float, reads: list[Stream], writes: list[Stream]) -> float:
        """Move beats until a stream ends or begins; return the cycle of that.

        :data:`NEVER` where there is no stream at all.
        """
        running = [[s for s in side if s.ready <= now] for side in (reads, writes)]
        rate = self.rates(reads=len(running[0]), writes=len(running[1]))
        later = [s.ready for s in (*reads, *writes) if s.ready > now]
        ends = [
            now + s.beats / speed for side, speed in zip(running, rate, strict=True) for s in side
        ]
        until = min((*later, *ends), default=NEVER)
        if until == NEVER:
            return NEVER
        for side, speed in zip(running, rate, strict=True):
            for s in side:
                s.beats -= (until - now) * speed
                if s.beats < SMALLEST:
                    s.beats = 0.0
        return until
