"""Studies: what they measure is what is defined, and scaling behaves as its rule says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intaglio import api
from intaglio.api.study import save_study
from intaglio.api.study_filters import filters, kernels_of, sparsity, variance_entropy, zero_macs
from intaglio.api.study_scaling import RULES, activation_exponent, exponents, factors, scaling

DIGITS = api.demo_digits()


def test_factors_multiply_to_the_scale() -> None:
    for rule in RULES.values():
        for scale in (1.5, 2.0, 8.0):
            d, w, r = factors(rule, scale)
            assert d * w**2 * r**2 == pytest.approx(scale)


def test_the_published_exponents() -> None:
    assert activation_exponent(RULES["dwr"]) == pytest.approx(0.833, abs=5e-4)
    assert activation_exponent(RULES["d1_w8_r1"]) == pytest.approx(0.600)


def test_slow_memory_follows_activations_and_fast_memory_macs() -> None:
    study = scaling(rules=("d1_w8_r1",), scales=(1.0, 8.0))
    found = exponents(study, "d1_w8_r1")
    assert found["activations"] == pytest.approx(0.6, abs=0.08)
    assert abs(found["slow"] - found["activations"]) < 0.1
    assert found["fast"] > found["slow"] + 0.2


def test_entropy_and_sparsity_as_defined() -> None:
    one_shape = np.outer(np.arange(1, 20), np.arange(9))
    assert variance_entropy(one_shape) == pytest.approx(0, abs=1e-9)
    assert variance_entropy(np.eye(9, dtype=np.int64)) == pytest.approx(np.log10(9))
    assert variance_entropy(np.zeros((4, 9), np.int64)) == 0
    kernels = np.array([[100, 0], [1, -1], [0, 0], [2, 0]])
    assert sparsity(kernels) == 0.5
    assert zero_macs(kernels, 7) == 1 * 2 * 7


def test_kernels_of_both_layouts() -> None:
    dense = np.arange(2 * 3 * 3 * 4).reshape(2, 3, 3, 4)
    assert (kernels_of(dense, depthwise=False)[5] == dense[1, :, :, 1].reshape(-1)).all()
    apart = np.arange(3 * 3 * 4).reshape(3, 3, 4)
    assert (kernels_of(apart, depthwise=True)[2] == apart[:, :, 2].reshape(-1)).all()


def test_filters_of_the_shipped_network(tmp_path: Path) -> None:
    model = api.load(DIGITS.model)
    found = filters(model, {model.graph.inputs[0]: DIGITS.images[:2]})
    deep = next(row for row in found.rows if row["layer"] == "deep")
    node = next(node for node in model.graph.nodes if node.name == "deep")
    weights = model.graph.tensors[node.inputs[1]].data
    assert weights is not None
    vectors = weights.astype(float).transpose(0, 3, 1, 2).reshape(-1, 9)
    p = np.linalg.svd(vectors, compute_uv=False) ** 2
    p /= p.sum()
    assert deep["entropy"] == pytest.approx(-(p * np.log10(p)).sum())
    assert 0 < deep["energy"] < 1.2
    names = {path.name for path in save_study(found, tmp_path / "s")}
    assert names == {f"filters.{end}" for end in ("md", "csv", "json", "svg", "png")}
