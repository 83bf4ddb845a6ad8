"""The bench of explorations: what it counts, and when it says that something is missed."""

from __future__ import annotations

import pickle

import pytest

from intaglio.api import bench_explore
from intaglio.api.bench_explore import Timed, measure, report, sample, straightness
from intaglio.api.model import load
from intaglio.api.tour import demo_digits
from intaglio.explore.evaluate import Job
from intaglio.explore.space import parse_space
from intaglio.spec.presets import PRESETS
from intaglio.spec.timing import MemoryModel

SPACE = parse_space("pixels=1,2;channels=4,8", PRESETS["small"])


def test_every_point_of_a_sample_is_evaluated_once() -> None:
    graph = pickle.dumps(load(demo_digits().model).graph)
    job = Job(graph, PRESETS["small"], "generic", 25.0, MemoryModel())
    [timed] = measure(job, SPACE, (3,), 1)
    assert timed.count == 3
    assert timed.workers == 1
    assert timed.seconds > 0
    assert len(sample(SPACE, 6)) == 6
    assert sample(SPACE, 6) == sample(SPACE, 6)


def line(workers: int, per_minute: float) -> list[Timed]:
    return [Timed(workers, n, 60 * n / per_minute, 1.0) for n in (50, 100, 200)]


@pytest.mark.parametrize(
    ("one", "two", "missed"),
    [(200, 400, 0), (200, 310, 1), (100, 250, 1), (140, 200, 2)],
)
def test_what_is_missed_is_said(one: float, two: float, missed: int) -> None:
    lines, good = report(line(1, one), line(2, two))
    assert good == (missed == 0)
    assert sum(text.startswith("missed") for text in lines) == missed


def test_growth_that_is_no_line_is_seen() -> None:
    slope, fit = straightness(line(1, 60))
    assert slope == pytest.approx(1.0)
    assert fit == pytest.approx(1.0)
    bent = [Timed(1, n, float(n) ** 3, 1.0) for n in (50, 100, 200, 400)]
    assert straightness(bent)[1] < bench_explore.LEAST_FIT
