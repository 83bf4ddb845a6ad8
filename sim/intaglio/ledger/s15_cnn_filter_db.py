"""System 15: CNN Filter DB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from intaglio.api.model import Model, load
from intaglio.api.models import mobilenet_v2
from intaglio.api.study_filters import filters
from intaglio.api.tour import demo_digits
from intaglio.compiler.outline import outline_graph
from intaglio.compiler.prune import without_zero_filters
from intaglio.golden.network import run_graph
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.spec.graph import Graph, Op
from intaglio.spec.presets import PRESETS

CLOSE = 1e-9
SIZE = 32  # pixels of MobileNetV2's images
EVERY = 8


def report() -> Verdict:
    """Compare the report of a trained network with numpy, layer by layer."""
    digits = demo_digits()
    model = load(digits.model)
    found = filters(model, {model.graph.inputs[0]: digits.images[:2]})
    nodes = {node.name: node for node in model.graph.nodes}
    compared, worst = 0, 0.0
    for row in found.rows:
        node = nodes[row["layer"]]
        data = model.graph.tensors[node.inputs[1]].data
        if row["entropy"] is None or data is None:
            continue
        kernels = np.asarray(data, np.float64).transpose(0, 3, 1, 2).reshape(-1, row["taps"])
        p = np.linalg.svd(kernels, compute_uv=False) ** 2
        p = p[p > 0] / p.sum()
        small = np.abs(kernels).max(axis=1) <= np.abs(kernels).max() / 100
        worst = max(worst, abs(row["entropy"] + float((p * np.log10(p)).sum())))
        worst = max(worst, abs(row["sparsity"] - float(small.mean())))
        compared += 1
    return judge(compared > 0 and worst < CLOSE, f"{compared} layers within {worst:.0e} of numpy")


def energy() -> Verdict:
    """Drive the energy of multiplications by trained weights and by the data of each layer."""
    digits = demo_digits()
    model = load(digits.model)
    found = filters(model, {model.graph.inputs[0]: digits.images[:2]})
    ratios = [row["energy"] for row in found.rows]
    text = f"{min(ratios):.2f} to {max(ratios):.2f} of the energy of uniform operands"
    return judge(len(set(ratios)) == len(ratios) and 0 < min(ratios) < 1, text)


def removal() -> Verdict:
    """Remove filters of zeros from a network and compare MACs with the report, outputs by bit."""
    before = silenced(mobilenet_v2(SIZE))
    inputs = {before.inputs[0]: np.random.default_rng(1).integers(-128, 128, (1, SIZE, SIZE, 3))}
    found = without_zero_filters(before)
    reported, left = (_zero_macs(graph, inputs) for graph in (before, found.graph))
    owners = {entry.nodes[0]: entry.macs[0] for entry in found.removed}
    exact = all(reported[name] - left[name] == macs for name, macs in owners.items())
    config = PRESETS["small"]
    total, rest = (outline_graph(graph, config).macs for graph in (before, found.graph))
    one, two = (run_graph(graph, inputs) for graph in (before, found.graph))
    same = all(np.array_equal(one[number], two[number]) for number in before.outputs)
    good = exact and same and bool(owners) and total - rest == found.macs
    text = (
        f"{sum(owners.values()):,} MACs of filters of zeros in {len(owners)} layers, "
        f"{found.macs:,} of {total:,} with what read them; outputs {'equal' if same else 'differ'}"
    )
    return judge(good, text)


def silenced(graph: Graph) -> Graph:
    """Return the graph with every eighth filter of its expansions zero, as pruning leaves them."""
    tensors = dict(graph.tensors)
    for node, reader in pairwise(graph.nodes):
        if node.op is not Op.CONV or reader.op is not Op.DEPTHWISE:
            continue
        for number in (*node.inputs[1:3], reader.inputs[2]):
            data = np.array(tensors[number].data)
            data[::EVERY] = 0
            tensors[number] = replace(tensors[number], data=data)
    return replace(graph, tensors=tensors)


def _zero_macs(graph: Graph, inputs: Mapping[int, Any]) -> dict[str, int]:
    return {row["layer"]: row["zero_macs"] for row in filters(Model(graph), inputs).rows}


ENTRY = Entry(
    number=15,
    name="CNN Filter DB",
    kind="D/C",
    claim="1.4 B trained 3x3 filters; distribution shifts; degenerate filters",
    operator="test vectors + report",
    clauses=(
        Clause("filters report (sparsity, variance-entropy of SVD) matches numpy", report),
        Clause(
            "power estimate can be driven by measured weight histograms rather than uniform data",
            energy,
        ),
        Clause("zero-filter elimination removes exactly the reported MACs", removal),
    ),
)
