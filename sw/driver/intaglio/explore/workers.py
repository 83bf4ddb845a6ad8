"""Where points are evaluated: in this process, in worker processes, on a Dask cluster.

Each is a function from jobs to (point, record) pairs as they come; the records are the same.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Any

from intaglio.explore.evaluate import Job, evaluate
from intaglio.spec.errors import Finding, ToolError
from intaglio.tooling.workers import ignore_interrupts

Point = Mapping[str, Any]
Pair = tuple[Point, dict[str, Any]]
Evaluator = Callable[[Iterable[Point]], Iterator[Pair]]
AHEAD = 8  # points under way for each worker
RETRIES = 3  # times that a pool is built again after one of its workers died
_JOB: list[Job] = []


@contextmanager
def local(job: Job, jobs: int) -> Iterator[Evaluator]:
    """Yield an evaluator on `jobs` processes of this machine; 1: in this one."""
    if jobs <= 1:
        yield lambda points: ((point, evaluate(job, point)) for point in points)
        return
    pools: list[ProcessPoolExecutor] = []

    def build() -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        pools.append(
            ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(job,))
        )
        return pools[-1]

    try:
        yield lambda points: _spread(build, points, jobs * AHEAD)
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()


def _begin(job: Job) -> None:
    ignore_interrupts()
    _JOB[:] = [job]


def _work(point: Point) -> dict[str, Any]:
    return evaluate(_JOB[0], point)


def _spread(
    build: Callable[[], ProcessPoolExecutor], points: Iterable[Point], ahead: int
) -> Iterator[Pair]:
    """Yield results as they come; points whose worker died are given to a new pool."""
    waiting = iter(points)
    lost: list[Point] = []
    for _ in range(RETRIES + 1):
        pool = build()
        under_way: dict[Future[dict[str, Any]], Point] = {}
        source = iter(lost)
        lost = []
        try:
            while True:
                for point in islice(source, max(ahead - len(under_way), 0)):
                    under_way[pool.submit(_work, point)] = point
                for point in islice(waiting, max(ahead - len(under_way), 0)):
                    under_way[pool.submit(_work, point)] = point
                if not under_way:
                    return
                done, _running = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    record = future.result()
                    yield under_way.pop(future), record
        except BrokenProcessPool:
            lost = [*under_way.values(), *source]
    raise ToolError(
        Finding(
            "E601",
            f"workers ended {RETRIES + 1} times without a word",
            where="--jobs",
            have=f"{len(lost)} points not finished",
            need="workers that live",
            help="finished results are kept; try again with -j 1, and look at the memory left",
        )
    )


def usual_jobs() -> int:
    """Return the processors that this process may use."""
    return len(os.sched_getaffinity(0))
