"""Integer programs on standard input, answers on standard output: HiGHS in a process of its own."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np


def solve(programme: dict[str, Any]) -> list[float] | None:
    """Return the values of the variables, each from 0 to 1; None: no values meet all rows.

    Parameters
    ----------
    programme : dict
        ``objective`` of each variable, to be least; ``integer``: 1 where it is whole; ``rows``,
        each ``low`` <= sum of ``values`` times the variables ``at`` <= ``high``.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    rows = programme["rows"]
    at = [(r, c) for r, row in enumerate(rows) for c in row["at"]]
    values = [v for row in rows for v in row.get("values", [1.0] * len(row["at"]))]
    shape = (len(rows), len(programme["objective"]))
    matrix = csr_array((values, tuple(zip(*at, strict=True))), shape=shape)
    low = [-np.inf if row["low"] is None else row["low"] for row in rows]
    found = milp(
        np.asarray(programme["objective"]),
        integrality=np.asarray(programme["integer"]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, low, [row["high"] for row in rows]),
        options={"mip_rel_gap": 0.0},
    )
    return None if found.x is None else [float(v) for v in found.x]


def main() -> int:
    """Solve all programs of standard input."""
    json.dump([solve(programme) for programme in json.load(sys.stdin)], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
