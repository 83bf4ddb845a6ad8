"""The points that no other point beats in everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from intaglio.explore.evaluate import OBJECTIVES

Record = Mapping[str, Any]


def front(records: Sequence[Record], objectives: Sequence[str]) -> list[Record]:
    """Return the records on the Pareto front, in the order of their first objective.

    A point is beaten by one that is nowhere worse and somewhere better; all objectives are less is
    better. Points with a figure that is not known are left out. Of equal points all stay.
    """
    keys = [OBJECTIVES[name][0] for name in objectives]
    known = [r for r in records if r["status"] == "ok" and all(r[k] is not None for k in keys)]
    ordered = sorted(known, key=lambda r: (tuple(r[k] for k in keys), _order(r)))
    found: list[Record] = []
    best: list[tuple[float, ...]] = []
    for record in ordered:
        values = tuple(float(record[k]) for k in keys)
        # Sorted: whatever beats this one stands before it.
        if not any(_beats(other, values) for other in best):
            found.append(record)
            best.append(values)
    return found


def best_fit(records: Sequence[Record], objectives: Sequence[str]) -> Record | None:
    """Return the best record by the objectives in turn that fits its part; None if none does."""
    fitting = [record for record in records if record["status"] == "ok" and record["fits"]]
    chosen = front(fitting, objectives)
    return chosen[0] if chosen else None


def _beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


def _order(record: Record) -> str:
    return str(sorted(record["point"].items()))
