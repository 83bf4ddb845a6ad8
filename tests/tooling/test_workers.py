"""Worker processes: they end with their parent, however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE_SECONDS = 20
PARENT = """
import os, signal, time
from intaglio.tooling.workers import worker_pool

if __name__ == "__main__":
    with worker_pool(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_ends_when_its_parent_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, check=False
    )
    worker = int(done.stdout)
    end = time.monotonic() + PATIENCE_SECONDS
    while _lives(worker):
        if time.monotonic() > end:
            os.kill(worker, 9)
            pytest.fail(f"worker {worker} outlived its parent")
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
