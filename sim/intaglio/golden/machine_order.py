"""Orders in which the three engines may work through a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from intaglio.spec.commands import Opcode

WAITS = {
    Opcode.LOAD: "wait_load",
    Opcode.COMPUTE: "wait_compute",
    Opcode.STORE: "wait_store",
}


def in_any_order(
    commands: Sequence[tuple[Opcode, Mapping[str, int]]], rng: np.random.Generator
) -> Iterator[int]:
    """Yield the indices of `commands` in a random order that the wait counts allow.

    Each engine takes its own commands in order; which engine goes next is chance. How long one is
    preferred is drawn for each program, so that in some it runs far ahead of the others.

    Raises
    ------
    ValueError
        If no engine can go on: a command waits for one that comes later.
    """
    queues = {
        engine: [i for i, (opcode, _) in enumerate(commands) if opcode is engine]
        for engine in Opcode
    }
    done = dict.fromkeys(Opcode, 0)
    favourite, change = Opcode.LOAD, rng.random()
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
        if not ready:
            raise ValueError(f"no command can start after {done}")
        if favourite not in ready or rng.random() < change:
            favourite = ready[int(rng.integers(len(ready)))]
        yield queues[favourite][done[favourite]]
        done[favourite] += 1
