"""Random shapes of every operator in simulated gates: outputs equal, cycles as the model says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as start_from
from hypothesis import strategies as st

from intaglio.api.bench_random import KINDS, random_shape
from intaglio.api.bench_trial import run_trial
from intaglio.api.devices import open_device
from intaglio.spec.config_file import load_config
from intaglio.spec.device import Device

SHAPES, SLOW_SHAPES, SLOW_SEEDS = 40, 500, 4
CONFIGS = ("tiny", "default")


@pytest.fixture(scope="module")
def device_of() -> Iterator[Callable[[str], Device]]:
    """Return a function that gives the simulated device of a preset, built once."""
    devices: dict[str, Device] = {}

    def device(name: str) -> Device:
        if name not in devices:
            devices[name] = open_device("sim", load_config(name))
        return devices[name]

    yield device
    for opened in devices.values():
        opened.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("config", CONFIGS)
def test_shapes_in_gates(
    config: str, kind: str, seed: int, request: pytest.FixtureRequest, device_of: Callable
) -> None:
    device = device_of(config)
    count = SLOW_SHAPES if request.config.getoption("--slow") else SHAPES

    @start_from(seed)
    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        shape = random_shape(kind, lambda low, high: data.draw(st.integers(low, high)))
        trial = run_trial(shape, device, data.draw(st.integers(1, SLOW_SEEDS)))
        assert trial.mismatches == 0
        assert trial.compute == trial.model_compute

    check()


@pytest.mark.parametrize("kind", ["grouped", "depthwise", "conv"])
def test_a_model_that_counts_wrongly_is_noticed(
    kind: str, device_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intaglio.spec.timing_compute.DRAIN_CYCLES", 10)
    trial = run_trial(random_shape(kind, lambda low, high: high), device_of("tiny"), 1)
    assert trial.compute != trial.model_compute
