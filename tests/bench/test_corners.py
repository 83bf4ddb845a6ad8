"""Configurations at the ends of what is allowed: one lane, one burst, whole words at once."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.bench.device import SimDevice
from intaglio.bench.lint import lint
from intaglio.bench.programs import small_program
from intaglio.bench.source import accelerator_verilog
from intaglio.golden.machine import GoldenDevice
from intaglio.spec.config import ArrayConfig

SMALL = {"acts_kib": 16, "weights_kib": 8, "params_kib": 16, "target": "generic"}
CORNERS = [
    ArrayConfig(**SMALL | corner)  # type: ignore[arg-type]
    for corner in (
        {"name": "one", "pixels": 1, "channels": 4, "depth": 1, "requant_lanes": 1},
        {"name": "single-beats", "pixels": 1, "channels": 4, "depth": 4, "requant_lanes": 4}
        | {"burst_beats": 1, "outstanding": 1},
        {"name": "many-pixels", "pixels": 32, "channels": 4, "depth": 1, "requant_lanes": 4},
        {"name": "long-bursts", "pixels": 2, "channels": 8, "depth": 2, "requant_lanes": 8}
        | {"max_terms": 1000, "outstanding": 16, "burst_beats": 256},
        {"name": "wide", "pixels": 1, "channels": 64, "depth": 8, "requant_lanes": 64}
        | {"acts_kib": 32, "weights_kib": 512, "params_kib": 64},
    )
]
# The big ones take long to write and to compile.
QUICK = [
    pytest.param(config, marks=[] if config.macs < 40 else pytest.mark.slow) for config in CORNERS
]
NAMES = [config.name for config in CORNERS]


@pytest.mark.parametrize("config", QUICK, ids=NAMES)
def test_the_verilog_is_clean(config: ArrayConfig) -> None:
    assert lint(accelerator_verilog(config)) == []


@pytest.mark.parametrize("config", QUICK, ids=NAMES)
@pytest.mark.parametrize("stalls", [0.0, 0.5])
def test_the_gates_equal_golden(config: ArrayConfig, stalls: float, seed: int) -> None:
    program = small_program(config, np.random.default_rng(seed))
    expected = program.run(GoldenDevice(config))
    device = SimDevice(config, stalls=stalls, seed=seed)
    got = program.run(device)
    device.close()
    for region, data in expected.items():
        np.testing.assert_array_equal(got[region], data)
