"""Blocks of weights: importance as it is defined, a budget that is kept, energy that falls."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio import api
from intaglio.explore.block_prune import LayerBlocks, allocate, layer_blocks
from intaglio.golden.network import run_graph
from intaglio.spec.errors import UsageError

DIGITS = api.demo_digits()
MODEL = api.load(DIGITS.model)
VALUES = run_graph(MODEL.graph, {MODEL.graph.inputs[0]: DIGITS.images[:4]})
FOUND = api.estimate(MODEL, "small", "ulx3s-85f")
LAYERS = layer_blocks(MODEL.graph, VALUES, FOUND)


def test_blocks_add_up_to_their_layers() -> None:
    assert [layer.name for layer in LAYERS] == ["conv", "pointwise", "deep", "dense"]
    by_name = {layer.name: layer for layer in FOUND.layers}
    for layer in LAYERS:
        assert layer.importance.sum() == pytest.approx(1)
        figures = by_name[layer.name].figures
        assert layer.macs.sum() == figures["macs"].value
        assert layer.picojoules.sum() == pytest.approx((figures["energy"].value or 0) * 1e6)


def test_importance_is_the_error_that_removal_makes() -> None:
    # A dense layer: the squared change of its real output, averaged over the samples.
    [node] = [node for node in MODEL.graph.nodes if node.name == "dense"]
    x, w = (MODEL.graph.tensors[n] for n in node.inputs[:2])
    assert x.quant is not None
    assert w.quant is not None
    real_x = (VALUES[x.number].reshape(4, -1).astype(float) - x.quant.zero_point) * x.quant.scale
    real_w = np.asarray(w.data, float) * w.quant.scales.astype(float)[:, None]
    each = (real_w[None] * real_x[:, None]) ** 2 / 2
    expected = each.mean(axis=0)[:, :16].sum() / each.mean(axis=0).sum()
    assert LAYERS[-1].importance[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
def test_the_budget_is_kept_and_energy_falls_with_beta(share: float) -> None:
    total = sum(layer.macs.sum() for layer in LAYERS)
    plain, saving = (allocate(LAYERS, share * total, beta) for beta in (0.0, 1.0))
    for found in (plain, saving):
        assert found.macs <= share * total
        kept = {layer.name: layer.macs[found.kept[layer.name]].sum() for layer in LAYERS}
        assert found.macs == sum(kept.values())
    assert saving.picojoules <= plain.picojoules


def test_the_dearer_of_two_equal_blocks_goes() -> None:
    one = np.ones((1, 1))
    pair = (LayerBlocks("cheap", one, one, one), LayerBlocks("dear", 1.01 * one, one, 9 * one))
    assert allocate(pair, 1).kept["dear"].all()
    assert allocate(pair, 1, beta=1).kept["cheap"].all()


def test_blocks_of_another_size_are_refused() -> None:
    with pytest.raises(UsageError, match="E101"):
        layer_blocks(MODEL.graph, VALUES, FOUND, 8)
