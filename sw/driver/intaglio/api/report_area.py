"""Area of a report: the tree of blocks, and estimates beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.estimate.area import area_model, estimate_area, features
from intaglio.estimate.grid import grid_of
from intaglio.explore.cost_result import Estimate
from intaglio.spec.target import load_target

DEEPEST = 3
TERMS = {
    "base": "control and DMA",
    "lanes": "address lanes",
    "macs": "array",
    "requantise": "requantiser",
    "feed": "bank to lane network",
    "rounding": "rounding modes",
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
    model = area_model(load_target(estimate.target).family)
    total = estimate.summary["luteq"].value
    if model is None or total is None or estimate.array is None:
        return {"source": "no grid of this family", "tree": []}
    values = features(estimate.array)
    rows = [{"name": "accelerator", "depth": 0, "luteq": total}]
    rows += [
        {"name": TERMS[name], "depth": 1, "luteq": round(weight * values[name])}
        for name, weight in zip(model.luteq.features, model.luteq.weights, strict=True)
        if weight * values[name] >= 1
    ]
    return {"source": "terms of the fit, estimated", "tree": rows}


def area_pairs(target: str) -> list[dict[str, Any]]:
    """Return estimated and measured LUT equivalents of the configurations of the grid."""
    family = load_target(target).family
    grid = grid_of(family)
    pairs = []
    for row in grid.rows if grid else ():
        guess = estimate_area(row.config, family)["luteq"].value
        if guess is not None:
            name, measured = row.config.name, row.resources["luteq"]
            pairs.append({"name": name, "estimated": guess, "measured": measured})
    return pairs
