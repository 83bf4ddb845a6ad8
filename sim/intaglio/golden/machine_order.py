"""Orders in which the three engines may work through a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from intaglio.spec.commands import Opcode
from intaglio.spec.errors import DeviceError, Finding

WAITS = {
    Opcode.LOAD: "wait_load",
    Opcode.COMPUTE: "wait_compute",
    Opcode.STORE: "wait_store",
}


def in_any_order(
    commands: Sequence[tuple[Opcode, Mapping[str, int]]], rng: np.random.Generator | None
) -> Iterator[int]:
    """Yield the indices of `commands` in an order that the wait counts allow.

    Without `rng`: the order of the stream. Else each engine takes its own commands in order, and
    which engine goes next is chance. How long one is preferred is drawn for each program, so that
    in some it runs far ahead of the others.

    Raises
    ------
    DeviceError
        E702: no engine can go on, for a command waits for one that comes later.
    """
    queues = {
        engine: [i for i, (opcode, _) in enumerate(commands) if opcode is engine]
        for engine in Opcode
    }
    done = dict.fromkeys(Opcode, 0)
    favourite, change = Opcode.LOAD, 0.0 if rng is None else rng.random()
    while any(done[engine] < len(queues[engine]) for engine in Opcode):
        ready = [
            engine
            for engine in Opcode
            if done[engine] < len(queues[engine])
            and all(
                commands[queues[engine][done[engine]]][1][name] <= done[other]
                for other, name in WAITS.items()
            )
        ]
        at = {engine: queues[engine][done[engine]] for engine in ready}
        if not ready or (rng is None and min(at.values()) != sum(done.values())):
            raise _deadlock(done)
        if rng is None:
            favourite = min(ready, key=lambda engine: at[engine])
        elif favourite not in ready or rng.random() < change:
            favourite = ready[int(rng.integers(len(ready)))]
        yield queues[favourite][done[favourite]]
        done[favourite] += 1


def _deadlock(done: Mapping[Opcode, int]) -> DeviceError:
    have = ", ".join(f"{count} {engine.name}" for engine, count in done.items())
    return DeviceError(
        Finding(
            "E702",
            f"no command can start after {have}",
            where="the program",
            have="commands that wait for later ones",
            need="wait counts of earlier commands",
            help="compile the model again",
        )
    )
