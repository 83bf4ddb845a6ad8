"""Bits by tensor on real images: allocated within a budget of cycles, then run in gates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio import api
from intaglio.spec.presets import PRESETS

MODEL = "models/mlperf_tiny/pretrainedResnet_quant.tflite"
IMAGES = "models/inputs/cifar10_test200.npz"
SHARE = 0.77
CALIBRATED, IN_GATES = 32, 2
# Layers of sixteen channels gain from four bits where a word holds eight of them.
CONFIG: dict[str, Any] = {"pixels": 8, "channels": 8, "depth": 4, "requant_lanes": 8}


@pytest.mark.slow
def test_resnet8_within_seventy_seven_per_cent_of_the_cycles(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = replace(PRESETS["bench256"], name="bench256k8", **CONFIG)
    path, images = shared / MODEL, shared / IMAGES
    found = api.allocate_model(path, images, config, budget="cycles", share=SHARE, count=CALIBRATED)
    assert found.cost <= SHARE * found.all_wide
    assert {bits for _, bits, _ in found.groups} == {4, 8}
    accuracy = api.accuracies(path, images, config, found)
    plan = api.open_plan(path, config, keep_all=True, bits=found.bits)
    with np.load(images) as data:
        x = {plan.program.tensor(plan.program.inputs[0]).name: data["images"][:IN_GATES]}
    done = api.check(plan, x)
    assert done.comparison is not None
    assert done.mismatches == 0
    assert done.comparison.elements > 200_000
    with capsys.disabled():
        print(
            f"\nResNet8, {config.name}: mixed {found.cost:.0f} of {found.all_wide:.0f} cycles; "
            f"{done.comparison.elements} elements in gates, 0 differ; accuracy "
            + ", ".join(f"{name} {100 * value:.1f} %" for name, value in accuracy.items())
        )
    assert accuracy["least"] < accuracy["allocated"] < accuracy["8"]
    assert accuracy["allocated"] > 0.6
