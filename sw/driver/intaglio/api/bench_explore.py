"""How fast explorations are: one worker against two, and cost over the number of configurations.

``python -m intaglio.api.bench_explore [MODEL]`` evaluates samples of the usual space and prints a
table; what is asked for and not reached ends with exit code 1.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from intaglio.api.layer_cycles import memory_model
from intaglio.api.model import load
from intaglio.api.tour import demo_digits
from intaglio.explore.evaluate import Job
from intaglio.explore.space import DEFAULT, Space
from intaglio.explore.workers import Evaluator, local
from intaglio.report.markdown import rows
from intaglio.spec.presets import PRESETS

SIZES = (50, 100, 200, 400)
WARM = 8  # configurations before the clock starts: workers are there, modules are loaded
LEAST_RATE = 300.0  # configurations a minute on two workers
LEAST_GAIN = 1.6  # of two workers over one
LEAST_FIT = 0.99  # R squared of a straight line
KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Timed:
    """Configurations evaluated, and what they took.

    Parameters
    ----------
    workers, count : int
        Processes and configurations.
    seconds : float
        On the wall, workers being there.
    cpu_seconds : float
        Of all workers together, for these configurations.
    """

    workers: int
    count: int
    seconds: float
    cpu_seconds: float

    @property
    def per_minute(self) -> float:
        """Configurations a minute."""
        return 60 * self.count / self.seconds


def sample(space: Space, count: int, seed: int = 1) -> list[Mapping[str, Any]]:
    """Return `count` points of `space`, drawn with `seed`, round and round if there are fewer."""
    points = list(space.points())
    random.Random(seed).shuffle(points)
    return [points[n % len(points)] for n in range(count)]


def measure(job: Job, space: Space, sizes: Sequence[int], workers: int) -> Iterator[Timed]:
    """Yield the time of each size, on the same workers."""
    place: AbstractContextManager[Evaluator] = local(job, workers)
    with place as evaluator:
        for size in sizes:
            points = sample(space, size + WARM)
            # The first ones show that every worker lives; they are not counted.
            results = evaluator(points)
            first = [next(results) for _ in range(WARM)]
            began, cpu = time.perf_counter(), _cpu_seconds()
            done = sum(1 for _ in results)
            yield Timed(workers, done, time.perf_counter() - began, max(_cpu_seconds() - cpu, 0.0))
            del first


def straightness(timed: Sequence[Timed]) -> tuple[float, float]:
    """Return seconds for each further configuration, and R squared of that straight line."""
    x = np.array([t.count for t in timed], np.float64)
    y = np.array([t.seconds for t in timed], np.float64)
    slope, offset = np.polyfit(x, y, 1)
    rest = float(((y - slope * x - offset) ** 2).sum())
    return float(slope), 1 - rest / float(((y - y.mean()) ** 2).sum())


def report(one: Sequence[Timed], two: Sequence[Timed]) -> tuple[list[str], bool]:
    """Return the lines of the table and whether all that is asked for is reached."""
    cells = [
        (
            str(t.workers),
            str(t.count),
            f"{t.seconds:.1f}",
            f"{t.per_minute:.0f}",
            f"{t.cpu_seconds / t.count * 1000:.0f}" if t.cpu_seconds else "-",
        )
        for t in chain(one, two)
    ]
    heads = ("workers", "configurations", "s", "configurations / min", "CPU ms / configuration")
    gain = two[-1].per_minute / one[-1].per_minute
    slope, fit = straightness(one)
    rate = two[-1].per_minute
    verdicts = (
        (f"{rate:.0f} configurations a minute on {two[-1].workers} workers", rate >= LEAST_RATE),
        (f"{gain:.2f} times as fast as one worker", gain >= LEAST_GAIN),
        (f"{slope * 1000:.0f} ms for each more, R^2 {fit:.4f} of a line", fit >= LEAST_FIT),
    )
    lines = list(rows(heads, cells))
    lines += ["", *(f"{'reached' if good else 'missed '}  {text}" for text, good in verdicts)]
    return lines, all(good for _, good in verdicts)


def _cpu_seconds() -> float:
    """Return the processor time of this process and of its living children."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    total = own.ru_utime + own.ru_stime
    for task in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for pid in task.read_text().split():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m intaglio.api.bench_explore", description=__doc__
    )
    parser.add_argument("model", nargs="?", type=Path, default=demo_digits().model)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    chosen = parser.parse_args(arguments)
    base = PRESETS["default"]
    graph = pickle.dumps(load(chosen.model).graph)
    job = Job(graph, base, base.target, None, memory_model(None))
    space = Space(base, DEFAULT)
    print(f"{chosen.model.name}, {space.text}, {os.cpu_count()} processors, load ", end="")
    print(" ".join(f"{load:.1f}" for load in os.getloadavg()))
    one, two = (list(measure(job, space, chosen.sizes, workers)) for workers in (1, 2))
    lines, good = report(one, two)
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
