"""The least space for things that live for a while, by CP-SAT; one task in, one answer out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def solve(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return addresses, None where no smaller space was found, and whether the least is proven.

    Parameters
    ----------
    task : mapping
        ``lives``: [size, first, last] of each thing; ``most``, ``least``: bounds of the space;
        ``seconds``: to search.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    most = task["most"]
    top = model.new_int_var(task["least"], most, "top")
    spans, boxes = [], []
    for at, (size, first, last) in enumerate(task["lives"]):
        start = model.new_int_var(0, most - size, f"start{at}")
        spans.append(start)
        model.add(start + size <= top)
        boxes.append(
            (
                model.new_fixed_size_interval_var(start, size, f"space{at}"),
                model.new_fixed_size_interval_var(first, last - first + 1, f"time{at}"),
            )
        )
    model.add_no_overlap_2d([space for space, _ in boxes], [time for _, time in boxes])
    model.minimize(top)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = task["seconds"]
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return {"addresses": None, "proven": False}
    return {
        "addresses": [solver.value(start) for start in spans],
        "proven": status == cp_model.OPTIMAL,
    }


if __name__ == "__main__":
    print(json.dumps(solve(json.load(sys.stdin))))
