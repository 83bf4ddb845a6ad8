"""Single operators: the expected outputs of the CMSIS-NN unit tests, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio.golden.conv import add_bias, conv_acc, dense_acc, depthwise_acc
from intaglio.golden.output import Output
from intaglio.golden.pool import average_pool, max_pool
from intaglio.spec.formats import IntArray
from intaglio.spec.quant import Rounding, Scale, requantise

Arrays = dict[str, Any]
POOLS = {"avg_pool": average_pool, "max_pool": max_pool}


def cases(shared: Path, kind: str, bits: int) -> list[dict[str, Any]]:
    index = json.loads((shared / "golden" / "cmsis_nn" / "index.json").read_text("utf-8"))
    return [c for c in index["cases"] if (c["kind"], c["activation_bits"]) == (kind, bits)]


def load(shared: Path, case: dict[str, Any]) -> Arrays:
    with np.load(shared / "golden" / "cmsis_nn" / case["file"]) as file:
        return dict(file)


def accumulate(case: dict[str, Any], arrays: Arrays) -> IntArray:
    x, weights, zero_point = arrays["input"], arrays["weights"], case["input_zero_point"]
    if case["kind"] == "fully_connected":
        return dense_acc(x, zero_point, weights, case["weight_zero_point"])
    geometry = (tuple(case["stride"]), tuple(case["dilation"]), tuple(case["pad"]))
    if case["kind"] == "depthwise_conv":
        return depthwise_acc(x, zero_point, weights, *geometry)
    return conv_acc(x, zero_point, weights, *geometry, case["groups"])


@pytest.mark.parametrize(
    ("kind", "count"), [("conv", 57), ("depthwise_conv", 22), ("fully_connected", 13)]
)
def test_weighted_operators_on_int8(shared: Path, kind: str, count: int) -> None:
    found = cases(shared, kind, 8)
    assert len(found) == count
    for case in found:
        arrays = load(shared, case)
        pairs = zip(arrays["multiplier"].ravel(), arrays["shift"].ravel(), strict=True)
        out = Output(
            [Scale(int(q), int(s)) for q, s in pairs],
            Rounding(case["mode"]),
            case["output_zero_point"],
            *case["clamp"],
        )
        got = add_bias(accumulate(case, arrays), arrays.get("bias"), out)
        np.testing.assert_array_equal(got, arrays["output"], case["case"])


@pytest.mark.parametrize(
    ("kind", "count"), [("conv", 13), ("depthwise_conv", 12), ("fully_connected", 3)]
)
def test_roundings_on_wide_accumulators_of_int16(shared: Path, kind: str, count: int) -> None:
    found = cases(shared, kind, 16)
    assert len(found) == count
    for case in found:
        arrays = load(shared, case)
        got = requantise(
            accumulate(case, arrays) + arrays.get("bias", np.int64(0)),
            arrays["multiplier"],
            arrays["shift"],
            Rounding(case["mode"]),
            case["output_zero_point"],
            *case["clamp"],
        )
        np.testing.assert_array_equal(got, arrays["output"], case["case"])


@pytest.mark.parametrize(("kind", "count"), [("avg_pool", 6), ("max_pool", 8)])
def test_pools_on_int8(shared: Path, kind: str, count: int) -> None:
    found = cases(shared, kind, 8)
    assert len(found) == count
    for case in found:
        arrays = load(shared, case)
        geometry = (tuple(case["kernel"]), tuple(case["stride"]), tuple(case["pad"]))
        got = POOLS[kind](arrays["input"], *geometry, *case["clamp"])
        np.testing.assert_array_equal(got, arrays["output"], case["case"])
