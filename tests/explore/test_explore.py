"""Explorations: the front, the store that goes on, damage that is noticed, workers that die."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from intaglio import api
from intaglio.explore import workers
from intaglio.explore.evaluate import Job, evaluate
from intaglio.explore.pareto import best_fit, front
from intaglio.explore.run import context_key, explore
from intaglio.explore.space import Space, check_size, parse_space
from intaglio.explore.store import Store
from intaglio.spec.errors import ConfigError, FitError, ToolError, UsageError
from intaglio.spec.presets import PRESETS
from intaglio.spec.timing import MemoryModel

BASE = PRESETS["small"]
MODEL = api.load(api.demo_digits().model)
JOB = Job(pickle.dumps(MODEL.graph), BASE, "ulx3s-85f", 25.0, MemoryModel())
SPACE = parse_space("pixels=1,2;channels=4;requant_lanes=1,2,8", BASE)


def record(name: str, *values: float | None, fits: bool = True) -> dict[str, Any]:
    keys = ("latency_ms", "luteq", "energy_uj")
    found = dict(zip(keys, values, strict=False))
    return {"status": "ok", "point": {"name": name}, "fits": fits, **found}


def test_the_front_is_what_nothing_beats() -> None:
    records = [
        record("a", 1, 10),
        record("b", 2, 5),
        record("c", 2, 6),
        record("d", 3, 5),
        record("e", 1, 10),
        record("f", None, 1),
        {"status": "refused", "point": {"name": "g"}},
    ]
    found = [r["point"]["name"] for r in front(records, ("latency", "luteq"))]
    assert found == ["a", "e", "b"]
    best = best_fit([record("a", 1, 2, fits=False), record("b", 3, 1)], ("latency",))
    assert best is not None
    assert best["point"]["name"] == "b"


def test_a_space_is_every_combination_and_each_neighbour_is_one_step() -> None:
    assert SPACE.size == len(list(SPACE.points())) == 6
    assert SPACE.config({"pixels": 2, "channels": 8, "requant_lanes": 2}).macs == BASE.macs
    near = list(SPACE.neighbours({"pixels": 1, "channels": 4, "requant_lanes": 2}))
    assert len(near) == 3
    assert parse_space(SPACE.text, BASE) == SPACE


def test_a_space_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text('[explore]\nspace."array.pixels" = [1, 2]\nspace.array.channels = [4]\n')
    assert parse_space(str(path), BASE).values == {"pixels": (1, 2), "channels": (4,)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "E104"),
        ("pixels=", "E104"),
        ("pixls=1,2", "E202"),
        ("pixels=one", "E101"),
        ("pixels", "E101"),
        ("grouped=maybe", "E101"),
        ("missing.toml", "E103"),
        ("target=nowhere", "E205"),
    ],
)
def test_a_space_that_is_none(text: str, code: str) -> None:
    with pytest.raises((UsageError, ConfigError), match=code):
        parse_space(text, BASE)


def test_a_space_that_explodes_says_how_large_it_is() -> None:
    space = Space(BASE, {"pixels": tuple(range(100)), "channels": tuple(range(100))})
    with pytest.raises(UsageError, match=r"E104.*10,000 points \(100 pixels x 100 channels\)"):
        check_size(space, None)
    check_size(space, 10_000)


def test_points_that_are_no_configuration_are_records_too(tmp_path: Path) -> None:
    found = explore(JOB, SPACE, Store(tmp_path / "a.sqlite"))
    kinds = [r["status"] for r in found.records]
    assert kinds.count("refused") == 2  # 8 lanes of 4 channels
    assert len(found.records) == 6
    assert found.complete
    alone = evaluate(JOB, found.records[0]["point"])
    assert alone == found.records[0]


def test_an_interrupted_exploration_goes_on_with_the_same_front(tmp_path: Path) -> None:
    whole = explore(JOB, SPACE, Store(tmp_path / "whole.sqlite"))

    def stop(text: str) -> None:
        if text.startswith("3 of"):
            raise KeyboardInterrupt

    path = tmp_path / "part.sqlite"
    with pytest.raises(KeyboardInterrupt):
        explore(JOB, SPACE, Store(path), progress=stop)
    resumed = explore(JOB, SPACE, Store(path))
    assert resumed.evaluated == 3
    assert resumed.front == whole.front
    assert resumed.records == whole.records


def test_damage_is_noticed_and_computed_again(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    store = Store(path)
    whole = explore(JOB, SPACE, store)
    store.close()
    base = sqlite3.connect(path)
    base.execute("UPDATE results SET record = replace(record, 'cycles', 'cycle5') WHERE rowid < 4")
    base.commit()
    base.close()
    store = Store(path)
    assert 1 <= store.damaged <= 3
    again = explore(JOB, SPACE, store)
    assert again.evaluated == store.damaged
    assert again.records == whole.records
    store.close()
    path.write_bytes(b"not a database" * 100)
    store = Store(path)
    assert store.replaced == tmp_path / "a.damaged"
    assert explore(JOB, SPACE, store).records == whole.records


def test_another_job_shares_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    explore(JOB, SPACE, store)
    other = Job(JOB.graph, BASE, "ulx3s-85f", 50.0, MemoryModel())
    assert context_key(other) != context_key(JOB)
    assert explore(other, SPACE, store).evaluated == 6


def test_a_search_is_the_same_for_one_seed_and_ends(tmp_path: Path) -> None:
    first = explore(JOB, SPACE, Store(tmp_path / "a.sqlite"), search=4, seed=3)
    second = explore(JOB, SPACE, Store(tmp_path / "b.sqlite"), search=4, seed=3)
    assert first.records == second.records
    assert len(first.records) == 4
    whole = explore(JOB, SPACE, Store(tmp_path / "c.sqlite"), search=100)
    assert len(whole.records) == SPACE.size


def test_a_budget_ends_it(tmp_path: Path) -> None:
    found = explore(JOB, SPACE, Store(tmp_path / "a.sqlite"), budget_seconds=0.0)
    assert not found.complete
    assert len(found.records) < SPACE.size


def test_what_fits_nowhere_says_what_is_nearest(tmp_path: Path) -> None:
    job = Job(JOB.graph, BASE, "icebreaker", None, MemoryModel())
    found = explore(job, SPACE, Store(tmp_path / "a.sqlite"))
    with pytest.raises(FitError, match=r"E407.*short by"):
        api.require_fit(found, "icebreaker")


class Pool:
    """A pool whose workers die at the third point, as often as `deaths` says."""

    deaths = 1

    def __init__(self, *_: object, initargs: tuple[Job], **__: object) -> None:
        self.job, self.count = initargs[0], 0

    def submit(self, _: object, point: Mapping[str, Any]) -> Any:
        from concurrent.futures import Future
        from concurrent.futures.process import BrokenProcessPool

        self.count += 1
        future: Any = Future()
        if self.count >= 2 and Pool.deaths:
            Pool.deaths -= 1
            future.set_exception(BrokenProcessPool("gone"))
        else:
            future.set_result(evaluate(self.job, point))
        return future

    def shutdown(self, **_: object) -> None:
        pass


@pytest.mark.parametrize("deaths", [1, 99])
def test_points_of_a_dead_worker_are_done_again(
    deaths: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(Pool, "deaths", deaths)
    store = Store(tmp_path / "a.sqlite")
    if deaths > 10:
        with pytest.raises(ToolError, match="E601"):
            explore(JOB, SPACE, store, jobs=2)
        return
    found = explore(JOB, SPACE, store, jobs=2)
    assert found.records == explore(JOB, SPACE, Store(tmp_path / "b.sqlite")).records


def test_bad_addresses(tmp_path: Path) -> None:
    for address in ("local:0", "local:x", "somewhere"):
        with pytest.raises(UsageError, match="E101"):
            explore(JOB, SPACE, Store(tmp_path / "a.sqlite"), address=address)


@pytest.mark.slow
def test_processes_and_a_cluster_that_loses_a_worker_give_the_same(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    space = parse_space("pixels=1,2,4;channels=4,8,16;requant_lanes=1,2,4;depth=1,2", BASE)
    alone = explore(JOB, space, Store(tmp_path / "a.sqlite"))
    both = explore(JOB, space, Store(tmp_path / "b.sqlite"), jobs=2)
    assert both.records == alone.records
    killed: list[int] = []

    def kill(text: str) -> None:
        if text.startswith("20 of") and not killed:
            pid = next(iter(_workers()))
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    spread = explore(JOB, space, Store(tmp_path / "c.sqlite"), address="local:2", progress=kill)
    assert killed
    assert spread.records == alone.records
    assert json.dumps(spread.front) == json.dumps(alone.front)


def _workers() -> Iterator[int]:
    """Yield the worker processes of the cluster in this process."""
    import multiprocessing

    for child in multiprocessing.active_children():
        if child.pid is not None and "Worker" in str(child.name) + str(child):
            yield child.pid
    yield from _spawned()


def _spawned() -> Iterable[int]:
    for file in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for pid in map(int, file.read_text().split()):
            text = Path(f"/proc/{pid}/cmdline").read_text()
            if "spawn_main" in text:
                yield pid
