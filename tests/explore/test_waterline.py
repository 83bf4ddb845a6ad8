"""The waterline of effective rates: what the busiest unit needs, and how near that is."""

from __future__ import annotations

import statistics

from intaglio import api
from intaglio.api.models import mobilenet_v2
from intaglio.estimate.counts import Counts
from intaglio.spec.presets import PRESETS
from intaglio.spec.timing import MemoryModel

LEAST = 1000


def test_the_unit_that_is_needed_most_decides() -> None:
    config, memory = PRESETS["small"], MemoryModel()
    counts = Counts(steps=100, vector_steps=1, passes=120, drain=90, read_bytes=8 * 130)
    needs = counts.needs(config, memory)
    assert needs == {
        "array": 100,
        "vector": 1,
        "activations": 120,
        "requantise": 90,
        "memory": 130,
    }
    assert counts.bound(config, memory) == "memory"


def test_it_predicts_the_cycle_model_within_a_tenth() -> None:
    found = api.estimate(api.Model(mobilenet_v2(96)), "default")
    errors = []
    for layer in found.layers:
        cycles = layer.figures["cycles"].value or 0
        if layer.where == "array" and cycles >= LEAST:
            errors.append(abs((layer.figures["waterline_cycles"].value or 0) / cycles - 1))
    assert sum(error <= 0.1 for error in errors) >= 20
    assert statistics.median(errors) < 0.02
