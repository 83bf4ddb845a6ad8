"""Area of a report: the tree of blocks, and estimates beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.estimate.area import area_model, estimate_area, features
from intaglio.estimate.grid import KINDS, grid_of, kind_of
from intaglio.explore.cost_result import Estimate
from intaglio.spec.target import load_target

DEEPEST = 3
TERMS = {
    "base": "control and DMA",
    "macs": "array",
    "requantise": "requantiser",
    "feed": "bank to lane network",
    "folding": "groups and folded lanes",
    "gather": "choice among banks",
    "counters": "performance counters",
    "address": "address counters",
}


def area_tree(estimate: Estimate, build: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return rows of name, depth and LUT equivalents: of the netlist, else of the fit's terms."""
    if build:
        rows = [
            {
                "name": row["path"].rpartition(".")[2] or "accelerator",
                "depth": row["depth"],
                "luteq": row["luteq"]["value"],
            }
            for row in build["hierarchy"]
            if row["depth"] <= DEEPEST and row["luteq"]["value"]
        ]
        return {"source": "by hierarchy of the netlist", "tree": rows}
    total, array = estimate.summary["luteq"].value, estimate.array
    family = load_target(estimate.target).family
    model = area_model(family, kind_of(array)) if array else None
    if model is None or total is None or array is None:
        return {"source": "no grid of this family", "tree": []}
    values = features(array)
    rows = [{"name": "accelerator", "depth": 0, "luteq": total}]
    rows += [
        {"name": TERMS[name], "depth": 1, "luteq": round(weight * values[name])}
        for name, weight in zip(model.luteq.features, model.luteq.weights, strict=True)
        if weight * values[name] >= 1
    ]
    return {"source": "terms of the fit, estimated", "tree": rows}


def area_pairs(target: str) -> list[dict[str, Any]]:
    """Return estimated and measured LUT equivalents of the configurations of both grids."""
    family = load_target(target).family
    grids = [grid_of(family, kind) for kind in KINDS]
    pairs = []
    for row in [row for grid in grids if grid for row in grid.rows]:
        guess = estimate_area(row.config, family)["luteq"].value
        if guess is not None:
            name, measured = row.config.name, row.resources["luteq"]
            pairs.append({"name": name, "estimated": guess, "measured": measured})
    return pairs
