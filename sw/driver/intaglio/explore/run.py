"""An exploration: points that are not known yet are evaluated, the rest comes from the store."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from intaglio.explore.cluster import cluster
from intaglio.explore.evaluate import OBJECTIVES, Job
from intaglio.explore.pareto import best_fit, front
from intaglio.explore.space import Space
from intaglio.explore.store import Store
from intaglio.explore.workers import Evaluator, Point, local
from intaglio.spec.errors import Finding, UsageError

FIRST_SHARE = 4  # of a search, one in this many points is drawn; the rest are neighbours
SOURCES = ("intaglio.estimate", "intaglio.compiler", "intaglio.golden", "intaglio.spec")


@dataclass(frozen=True)
class Exploration:
    """What was found.

    Parameters
    ----------
    space : Space
        Where it was looked for.
    objectives : tuple of str
        What less of is better, the most important first.
    records : tuple of mapping
        Every point looked at, in the order of the space.
    evaluated : int
        Those that were not in the store.
    seconds : float
        For them.
    complete : bool
        False where the budget ended it.
    """

    space: Space
    objectives: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...]
    evaluated: int
    seconds: float
    complete: bool

    @property
    def front(self) -> list[Mapping[str, Any]]:
        """The records that no other beats."""
        return front(self.records, self.objectives)

    @property
    def best_fit(self) -> Mapping[str, Any] | None:
        """The best record that fits its part."""
        return best_fit(self.records, self.objectives)


def check_objectives(names: Sequence[str]) -> tuple[str, ...]:
    """Return `names`; UsageError (E101) for one that is none."""
    wrong = [name for name in names if name not in OBJECTIVES]
    if wrong or not names:
        raise UsageError(
            Finding(
                "E101",
                f"{', '.join(wrong) or 'nothing'} is no objective",
                where="--objective",
                have=", ".join(wrong),
                need=", ".join(OBJECTIVES),
                help="name one or more of them",
            )
        )
    return tuple(dict.fromkeys(names))


def explore(
    job: Job,
    space: Space,
    store: Store,
    *,
    objectives: Sequence[str] = ("latency", "luteq"),
    search: int = 0,
    seed: int = 1,
    budget_seconds: float | None = None,
    jobs: int = 1,
    address: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Exploration:
    """Evaluate the points of `space`; what the store knows is not done again.

    Parameters
    ----------
    job : Job
        What the points share.
    space : Space
        The points.
    store : Store
        Where results are kept, each when it is done.
    objectives : sequence of str
        Keys of :data:`intaglio.explore.evaluate.OBJECTIVES`.
    search : int
        0: every point; else at most this many: some drawn with `seed`, then neighbours of the
        front, generation by generation, so that the outcome does not depend on who is quick.
    budget_seconds : float, optional
        No new points after this time.
    jobs, address
        Worker processes; or a Dask scheduler, see :func:`intaglio.explore.cluster.cluster`.
    progress : callable
        Told how many are done and how long the rest takes.
    """
    chosen = check_objectives(objectives)
    runner = _Runner(job, space, store, budget_seconds, progress)
    place: AbstractContextManager[Evaluator] = (
        cluster(job, address) if address else local(job, jobs)
    )
    with place as evaluator:
        if search:
            runner.search(evaluator, chosen, min(search, space.size), seed)
        else:
            runner.all(evaluator, list(space.points()))
    records = [runner.records[key] for key in runner.order()]
    return Exploration(
        space, chosen, tuple(records), runner.evaluated, runner.seconds, runner.complete
    )


class _Runner:
    def __init__(
        self,
        job: Job,
        space: Space,
        store: Store,
        budget: float | None,
        progress: Callable[[str], None],
    ) -> None:
        self._job, self._space, self._store = job, space, store
        self._budget, self._progress = budget, progress
        self._context = context_key(job)
        self._began = time.monotonic()
        self.records: dict[str, dict[str, Any]] = {}
        self.evaluated = 0
        self.complete = True

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def order(self) -> list[str]:
        """Return the keys of all records in the order of the space."""
        places = {name: {v: n for n, v in enumerate(vs)} for name, vs in self._space.values.items()}

        def place(key: str) -> list[int]:
            point = self.records[key]["point"]
            return [places[name][point[name]] for name in self._space.values]

        return sorted(self.records, key=place)

    def all(self, evaluator: Evaluator, points: Sequence[Point]) -> None:
        """Have every point in `records`, as far as the budget goes."""
        missing = []
        for point in points:
            key = self._key(point)
            if key in self._store:
                self.records[key] = self._store[key]
            else:
                missing.append(point)
        known = len(points) - len(missing)
        done = 0
        for point, record in evaluator(self._while_time(missing)):
            key = self._key(point)
            self._store.put(key, record)
            self.records[key] = self._store[key]
            self.evaluated += 1
            done += 1
            left = (len(missing) - done) * self.seconds / max(self.evaluated, 1)
            self._progress(
                f"{known + done} of {len(points)} configurations, about {left:.0f} s left"
            )

    def _while_time(self, points: Iterable[Point]) -> Iterable[Point]:
        for point in points:
            if self._budget is not None and self.seconds > self._budget:
                self.complete = False
                return
            yield point

    def search(
        self, evaluator: Evaluator, objectives: Sequence[str], count: int, seed: int
    ) -> None:
        """Draw some points, then follow the front."""
        draw = random.Random(seed)
        points = list(self._space.points())
        drawn = draw.sample(points, max(count // FIRST_SHARE, 1))
        self.all(evaluator, drawn)
        while self.complete and len(self.records) < count:
            fresh: dict[str, Point] = {}
            for record in front(list(self.records.values()), objectives):
                for point in self._space.neighbours(record["point"]):
                    key = self._key(point)
                    if key not in self.records:
                        fresh.setdefault(key, point)
            if not fresh:  # the front is closed: look elsewhere
                rest = [point for point in points if self._key(point) not in self.records]
                if not rest:
                    return
                fresh = {self._key(p): p for p in draw.sample(rest, min(len(rest), 16))}
            ordered = sorted(fresh)[: count - len(self.records)]
            self.all(evaluator, [fresh[key] for key in ordered])

    def _key(self, point: Point) -> str:
        text = json.dumps(dict(point), sort_keys=True)
        return hashlib.sha256(f"{self._context}{text}".encode()).hexdigest()


def context_key(job: Job) -> str:
    """Return what a result stands for beside its point: the job and the code that costs it."""
    base = {k: v for k, v in asdict(job.base).items() if k != "name"}
    digests = {key: hashlib.sha256(getattr(job, key)).hexdigest() for key in ("graph", "samples")}
    values = {**vars(job), **digests, "base": base}
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(f"{text}{code_digest()}".encode()).hexdigest()


@cache
def code_digest() -> str:
    """Return a digest of the modules that decide a result."""
    total = hashlib.sha256()
    for package in SOURCES:
        for path in sorted(files(package).iterdir(), key=lambda p: p.name):
            if path.is_file():
                total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()
