"""Precision and accuracy in a space: widths by tensor, errors on golden operators."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from intaglio import api
from intaglio.explore.evaluate import Job, evaluate
from intaglio.explore.precision import converted, error_rate, plain_lanes
from intaglio.explore.run import context_key, explore
from intaglio.explore.space import parse_space
from intaglio.explore.store import Store
from intaglio.spec.errors import ConfigError, UsageError
from intaglio.spec.presets import PRESETS
from intaglio.spec.requant import format_of
from intaglio.spec.timing import MemoryModel

DIGITS = api.demo_digits()
GRAPH = api.load(DIGITS.model).graph
BASE = PRESETS["bench256"]
COUNT = 60
CODES = {GRAPH.inputs[0]: DIGITS.images[:COUNT]}
LABELS = DIGITS.labels[:COUNT]
SAMPLES = pickle.dumps((CODES, LABELS))
JOB = Job(pickle.dumps(GRAPH), BASE, "ulx3s-85f", 25.0, MemoryModel(), samples=SAMPLES)


def test_only_the_tensors_named_change() -> None:
    changed = converted(GRAPH, BASE, {"bits.deep": 4})
    widths = {t.name: format_of(t).bits for t in changed.tensors.values() if t.data is None}
    assert {name for name, bits in widths.items() if bits != 8} == {"deep"}
    assert widths["deep"] == 4
    every = converted(GRAPH, BASE, {"bits": 4, "bits.image": 8})
    widths = {t.name: format_of(t).bits for t in every.tensors.values() if t.data is None}
    assert widths.pop("image") == 8
    assert set(widths.values()) == {4}
    assert converted(GRAPH, BASE, {}) is GRAPH


@pytest.mark.parametrize("bits", [{"bits.nowhere": 8}, {"bits": 5}, {"bits.deep": 2}])
def test_tensors_and_widths_that_are_none(bits: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="E203"):
        converted(GRAPH, BASE, bits)


def test_errors_are_those_of_the_golden_network() -> None:
    plain = error_rate(GRAPH, GRAPH, CODES, LABELS)
    assert plain < 0.1
    assert error_rate(GRAPH, GRAPH, CODES, (LABELS + 1) % 10) > 0.8
    narrow = error_rate(converted(GRAPH, BASE, {"bits": 4}), GRAPH, CODES, LABELS)
    assert plain <= narrow < 0.9
    # A wider input stands for the same numbers.
    wide = converted(GRAPH, BASE, {"bits.image": 16})
    assert error_rate(wide, GRAPH, CODES, LABELS) == pytest.approx(plain, abs=2 / COUNT)


def test_accuracy_and_cycles_make_a_front(tmp_path: Path) -> None:
    space = parse_space("bits.depthwise=8,4;bits.deep=8,4;requant_lanes=4,16", BASE)
    assert space.size == 8
    store = Store(tmp_path / "a.sqlite")
    found = explore(JOB, space, store, objectives=("cycles", "accuracy"))
    good = [record for record in found.records if record["status"] == "ok"]
    assert len(good) >= 4
    by_bits = {(r["point"]["bits.depthwise"], r["point"]["bits.deep"]): r["error"] for r in good}
    plain = error_rate(GRAPH, GRAPH, CODES, LABELS)
    assert by_bits[8, 8] == plain
    assert min(record["error"] for record in found.front) == min(by_bits.values())
    assert explore(JOB, space, store, objectives=("cycles", "accuracy")).evaluated == 0


def test_samples_are_part_of_what_a_result_stands_for() -> None:
    other = Job(JOB.graph, BASE, "ulx3s-85f", 25.0, MemoryModel())
    assert context_key(other) != context_key(JOB)
    assert "error" not in evaluate(other, {"bits.deep": 8})


def test_lanes_that_give_the_same_values_are_one() -> None:
    wide = plain_lanes(BASE)
    assert wide == plain_lanes(parse_space("pixels=4", BASE).config({"pixels": 4}))
    assert wide != plain_lanes(PRESETS["small"])


def test_accuracy_needs_samples(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="accuracy is an objective"):
        api.explore(DIGITS.model, "bits=8", objectives=("accuracy",), folder=tmp_path)
    data = tmp_path / "x.npz"
    np.savez(data, images=DIGITS.images[:COUNT], labels=LABELS)
    found = api.explore(
        DIGITS.model,
        "bits=8",
        "small",
        folder=tmp_path,
        objectives=("accuracy",),
        data=data,
        jobs=1,
    )
    [record] = found.front
    assert record["error"] == error_rate(GRAPH, GRAPH, CODES, LABELS)
