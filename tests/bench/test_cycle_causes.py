"""Every cycle has one cause: in gates the causes add up, and memory adds to its own alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from intaglio.api.bench_random import KINDS, random_shape
from intaglio.api.bench_shapes import graph_of
from intaglio.bench.device import SimDevice
from intaglio.bench.library import MemorySettings
from intaglio.compiler.compile import compile_graph
from intaglio.runtime.run import run_program
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import CAUSES, COMPUTE_CAUSES
from intaglio.spec.timing import predict

CONFIG = PRESETS["tiny"]
EVERY = [name for name, _ in CAUSES]
WAITS = [name for name in EVERY if name not in COMPUTE_CAUSES]


@pytest.fixture(scope="module")
def devices() -> Iterator[dict[str, SimDevice]]:
    made = {
        "as it is": SimDevice(CONFIG),
        "with stalls": SimDevice(CONFIG, stalls=0.4, seed=3),
        "slow": SimDevice(CONFIG, MemorySettings(latency=90, bytes_per_cycle=1.5)),
    }
    yield made
    for device in made.values():
        device.close()


@pytest.mark.parametrize("kind", list(KINDS))
def test_causes_add_up(devices: dict[str, SimDevice], kind: str, seed: int) -> None:
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
    graph = graph_of(shape, "layer", seed)
    program = compile_graph(graph, CONFIG)
    inputs = {
        number: rng.integers(-128, 128, graph.tensors[number].shape).astype(np.int8)
        for number in graph.inputs
    }
    model = predict(program.commands, CONFIG).counters
    found = {
        name: run_program(program, device, inputs).stats.counters
        for name, device in devices.items()
    }
    for name, counters in found.items():
        assert sum(counters[cause] for cause in EVERY) == counters["CYCLES"], name
        assert {cause: counters[cause] for cause in model} == model, name
    plain = found["as it is"]
    for name, counters in found.items():
        waited = sum(counters[cause] - plain[cause] for cause in WAITS)
        assert counters["CYCLES"] - plain["CYCLES"] == waited, name


def test_a_long_load_of_weights_is_named(devices: dict[str, SimDevice], seed: int) -> None:
    """One window of many channels: nearly all of the time the weights are on their way."""
    rng = np.random.default_rng(seed)
    shape = random_shape("dense", lambda low, high: high)
    graph = graph_of(shape, "layer", seed)
    program = compile_graph(graph, CONFIG)
    (number,) = graph.inputs
    inputs = {number: rng.integers(-128, 128, graph.tensors[number].shape).astype(np.int8)}
    counters = run_program(program, devices["slow"], inputs).stats.counters
    assert counters["WEIGHT_STALLS"] > 0.8 * counters["CYCLES"]
