"""System 15: CNN Filter DB."""

from __future__ import annotations

import numpy as np

from intaglio.api.model import load
from intaglio.api.study_filters import LEAST, filters
from intaglio.api.tour import demo_digits
from intaglio.compiler.outline import outline_graph
from intaglio.estimate.activity import UNIFORM
from intaglio.explore.costing import choose, estimate_outline
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing

IMAGES = 8


def report() -> Verdict:
    """Compare sparsity and variance entropy of the shipped network with numpy's own."""
    digits = demo_digits()
    model = load(digits.model)
    found = filters(model, {model.graph.inputs[0]: digits.images[:IMAGES]})
    worst, count = 0.0, 0
    for node in model.graph.nodes:
        row = next((r for r in found.rows if r["layer"] == node.name), None)
        weights = model.graph.tensors[node.inputs[1]].data if row and row["entropy"] else None
        if row is None or weights is None:
            continue
        vectors = np.moveaxis(weights.astype(float), 3, 1).reshape(-1, row["taps"])
        share = np.linalg.svd(vectors, compute_uv=False) ** 2
        share /= share.sum()
        entropy = -(share * np.log10(share)).sum()
        few = (np.abs(vectors).max(axis=1) <= np.abs(vectors).max() * LEAST).mean()
        worst = max(worst, abs(row["entropy"] - entropy), abs(row["sparsity"] - few))
        count += 1
    return judge(count >= 3 and worst < 1e-9, f"{count} layers of kernels, worst {worst:.1e}")


def histograms() -> Verdict:
    """Drive the energy of a 45 nm array by the network's own data, and by random operands."""
    digits = demo_digits()
    model = load(digits.model)
    rows = filters(model, {model.graph.inputs[0]: digits.images[:IMAGES]}).rows
    choice = choose("default", "generic")
    outline = outline_graph(model.graph, choice.config)
    toggles = {r["layer"]: r["weight_toggles"] + r["act_toggles"] for r in rows}
    energies = []
    for own in (True, False):
        factors = {
            index: {"multiply": (f, f, f)}
            for index, layer in outline.layers.items()
            if layer.name in toggles
            for f in [toggles[layer.name] / UNIFORM if own else 1.0]
        }
        done = estimate_outline(outline, choice, activities=factors)
        parts = [layer.parts for layer in done.layers if layer.parts]
        energies.append(sum(p["multiply"].value or 0.0 for p in parts))
    mine, random = energies
    text = f"multiplications {mine:.4f} uJ by own data, {random:.4f} uJ by random operands"
    return judge(0 < mine < random, text)


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
            histograms,
        ),
        missing(
            "zero-filter elimination removes exactly the reported MACs",
            "a pass that drops filters which are all zero",
        ),
    ),
)
