"""A thousand configurations of ResNet8: killed half-way, resumed, and spread over a cluster."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from intaglio.explore.space import DEFAULT, Space
from intaglio.spec.presets import PRESETS

SIZE = 1152
MODEL = "models/mlperf_tiny/pretrainedResnet_quant.tflite"


def command(model: Path, folder: Path, *more: str) -> list[str]:
    words = [sys.executable, "-m", "intaglio.cli", "explore", str(model), "-o", str(folder)]
    return [*words, "--objective", "latency,luteq", "--no-progress", "--json", *more]


def finished(model: Path, folder: Path, *more: str) -> dict[str, Any]:
    done = subprocess.run(command(model, folder, *more), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["complete"]
    assert found["size"] == len(found["records"]) == SIZE
    return found


def known(folder: Path) -> int:
    """Return how many results are in the file, which another process writes."""
    file = folder / "explore.sqlite"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as base:
        try:
            [count] = base.execute("SELECT count(*) FROM results").fetchone()
        except sqlite3.OperationalError:  # the table is not there yet
            return 0
    return int(count)


def killed_at(process: subprocess.Popen[bytes], folder: Path, count: int) -> None:
    """Kill a process and all that it started when `count` results are known."""
    try:
        while known(folder) < count:
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.2)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_a_thousand_configurations_killed_resumed_and_spread(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    model = shared / MODEL
    assert Space(PRESETS["default"], DEFAULT).size == SIZE
    part = tmp_path / "part"
    process = subprocess.Popen(
        command(model, part, "-j", "2"), stdout=subprocess.DEVNULL, start_new_session=True
    )
    killed_at(process, part, SIZE // 2)
    before = known(part)
    resumed = finished(model, part, "-j", "2")
    assert resumed["evaluated"] == SIZE - before < SIZE
    assert len(resumed["front"]) > 1

    # The other one is computed from the start, in one go, on other processes.
    spread, lost = _with_a_lost_worker(model, tmp_path / "spread")
    assert lost
    assert spread["evaluated"] == SIZE
    assert spread["front"] == resumed["front"]
    assert spread["records"] == resumed["records"]


def _with_a_lost_worker(model: Path, folder: Path) -> tuple[dict[str, Any], bool]:
    """Run on two Dask workers, one of which is killed at a quarter of the way."""
    import distributed

    library: Any = distributed
    with library.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        address = cluster.scheduler_address
        victim = next(iter(cluster.workers.values()))
        process = subprocess.Popen(
            command(model, folder, "--cluster", address), stdout=subprocess.PIPE, text=True
        )
        lost = False
        while process.poll() is None and not lost:
            if known(folder) >= SIZE // 4:
                os.kill(victim.pid, signal.SIGKILL)
                lost = True
            time.sleep(0.2)
        output, _ = process.communicate()
        assert process.returncode == 0
        found: dict[str, Any] = json.loads(output)
        return found, lost
