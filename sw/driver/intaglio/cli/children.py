"""Ends the processes that this one started, and theirs."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 1.0


def descendants(pid: int) -> list[int]:
    """Return the children of `pid` and theirs, parents first."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, file.read_text().split()):
                found += [child, *descendants(child)]
    return found


def end_children() -> None:
    """Ask every descendant to end; kill those that have not after a second."""
    pids = descendants(os.getpid())
    for pid in pids:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in pids:
        if _alive(pid):
            _send(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _alive(pid: int) -> bool:
    """Tell whether `pid` runs; one that has ended and waits for its parent does not."""
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False
