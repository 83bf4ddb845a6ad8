"""System 15: CNN Filter DB."""

from __future__ import annotations

import numpy as np

from intaglio.api.model import load
from intaglio.api.study_filters import filters
from intaglio.api.tour import demo_digits
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, lacking

CLOSE = 1e-9


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
    """Report the products of kernels of zeros."""
    digits = demo_digits()
    model = load(digits.model)
    found = filters(model, {model.graph.inputs[0]: digits.images[:2]})
    count = sum(row["zero_macs"] for row in found.rows)
    return lacking("a pass that removes kernels of zeros", f"{count} MACs of such kernels reported")


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
