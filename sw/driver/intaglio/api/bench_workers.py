"""Layers measured in worker processes: results as they come, what is left in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed

from intaglio.api.bench_formula import formula_cycles
from intaglio.api.bench_measure import LayerResult, Task, measure, streamed_config
from intaglio.tooling.workers import worker_pool

WORKERS = 2
OVERHEAD_CYCLES = 50_000  # compiling and comparing, in cycles of simulation


def measure_all(
    tasks: Sequence[Task], workers: int, progress: Callable[[str], None]
) -> list[LayerResult]:
    """Measure every task, the longest first, and return the results in the order of `tasks`."""
    weights = [task_cycles(task) for task in tasks]
    order = sorted(range(len(tasks)), key=lambda at: -weights[at])
    found: dict[int, LayerResult] = {}
    began, total = time.monotonic(), sum(weights)

    def note(at: int, result: LayerResult) -> None:
        found[at] = result
        done = sum(weights[n] for n in found)
        seconds = (time.monotonic() - began) * (total - done) / done
        progress(f"{len(found)} of {len(tasks)} layers, about {seconds:.0f} s left: {result.name}")

    if workers < 2 or len(tasks) < 2:
        for at in order:
            progress(f"measuring {tasks[at].row.name}")
            note(at, measure(tasks[at]))
    else:
        with worker_pool(workers) as pool:
            futures = {pool.submit(measure, tasks[at]): at for at in order}
            for future in as_completed(futures):
                note(futures[future], future.result())
    return [found[at] for at in range(len(tasks))]


def task_cycles(task: Task) -> int:
    """Return about how long a task takes, in cycles of simulation."""
    if task.row.unsupported(task.config):
        return 1
    cycles = formula_cycles(task.row.shape, task.config, task.config.bus_bytes)
    return OVERHEAD_CYCLES + cycles * (2 if task.streamed else 1)


def build_simulators(tasks: Sequence[Task], progress: Callable[[str], None]) -> None:
    """Build what the workers will simulate, so that none of them waits for another."""
    from intaglio.bench.device import SimDevice

    configs = {task.config.digest: task.config for task in tasks if task.device == "sim"}
    chosen = list(configs.values())
    if any(task.streamed for task in tasks):
        chosen += [streamed_config(config) for config in configs.values()]
    for config in chosen:
        SimDevice(config, progress=progress).close()
