"""One task over many names in worker processes, with progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from typing import TypeVar

from intaglio.tooling.workers import worker_pool

Done = TypeVar("Done")


def run_all(
    task: Callable[[str], Done],
    names: Sequence[str],
    workers: int,
    what: str,
    progress: Callable[[str], None],
) -> list[Done]:
    """Return ``task(name)`` for each name, in their order.

    Parameters
    ----------
    task : callable
        What a worker can be sent: a function of a module, perhaps with some arguments given.
    names : sequence of str
    workers : int
        Processes; 1: this one.
    what : str
        For the line of progress.
    progress : callable
        Gets that line.
    """
    began = time.monotonic()
    found: dict[str, Done] = {}

    def note(name: str, done: Done) -> None:
        found[name] = done
        passed = time.monotonic() - began
        left = passed / len(found) * (len(names) - len(found))
        progress(f"{len(found)} of {len(names)} {what}, about {left:.0f} s left: {name}")

    progress(f"0 of {len(names)} {what}")
    if workers < 2 or len(names) < 2:
        for name in names:
            note(name, task(name))
    else:
        with worker_pool(workers) as pool:
            futures = {pool.submit(task, name): name for name in names}
            for future in as_completed(futures):
                note(futures[future], future.result())
    return [found[name] for name in names]
