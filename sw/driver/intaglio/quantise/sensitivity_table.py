"""Layers with their sensitivities in a table: comma-separated values, a row for each layer.

Columns: ``layer``; ``tie_group`` (rows with the same letter share their bits; may be empty);
``params``; ``macs``; ``hessian_trace_per_param``; ``l2_perturb_intB`` for each width B; and, for
budgets of its own, NAME_intB. The loss of B bits is trace per parameter times the squared norm of
what rounding changes (HAWQ-V3).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

from intaglio.quantise.allocate import Group, Problem, Term
from intaglio.spec.errors import Finding, ModelError

PERTURBED = re.compile(r"l2_perturb_int(\d+)")
BUILT_IN = ("bytes", "bops")

Row = Mapping[str, str]


def read_table(text: str, where: str) -> tuple[list[Row], tuple[int, ...]]:
    """Return the rows and the widths of a table.

    Raises
    ------
    ModelError
        E307: columns are missing, or hold no numbers.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    names = set(rows[0]) if rows else set()
    widths = sorted(int(m[1]) for name in names if name and (m := PERTURBED.fullmatch(name)))
    missing = {"layer", "params", "macs", "hessian_trace_per_param"} - names
    if missing or len(widths) < 2:
        have = ", ".join(sorted(map(str, names))) or "no rows"
        raise _unfit(where, have, f"columns {', '.join(sorted(missing)) or 'l2_perturb_intB'}")
    return list(rows), tuple(widths)


def table_problem(
    rows: Sequence[Row], widths: tuple[int, ...], budget: str, share: float, where: str
) -> tuple[Problem, list[int]]:
    """Return the problem, and which group each row belongs to.

    The budget is C0 + share * (C1 - C0), of all rows at the least and at the greatest width.

    Parameters
    ----------
    budget : str
        ``bytes``: params * bits / 8. ``bops``: macs * bits**2. Else a column NAME_intB.
    """
    keys: dict[str, int] = {}
    place = [keys.setdefault(_key(row, i), len(keys)) for i, row in enumerate(rows)]
    members = [[row for row, p in zip(rows, place, strict=True) if p == g] for g in keys.values()]
    groups, terms = [], []
    for number, (name, own) in enumerate(zip(keys, members, strict=True)):
        losses = tuple(sum(_loss(row, bits, where) for row in own) for bits in widths)
        costs: dict[tuple[int, ...], float] = {
            (i,): sum(_cost(r, budget, b, where) for r in own) for i, b in enumerate(widths)
        }
        groups.append(Group(name, widths, losses))
        terms.append(Term((number,), costs))
    low, high = (sum(term.costs[(i,)] for term in terms) for i in (0, len(widths) - 1))
    return Problem(tuple(groups), tuple(terms), low + share * (high - low)), place


def _key(row: Row, index: int) -> str:
    tie = (row.get("tie_group") or "").strip()
    return f"tie {tie}" if tie else f"{row['layer']}#{index}"


def _loss(row: Row, bits: int, where: str) -> float:
    trace = _number(row, "hessian_trace_per_param", where)
    return trace * _number(row, f"l2_perturb_int{bits}", where)


def _cost(row: Row, budget: str, bits: int, where: str) -> float:
    if budget == "bytes":
        return _number(row, "params", where) * bits / 8
    if budget == "bops":
        return _number(row, "macs", where) * bits**2
    return _number(row, f"{budget}_int{bits}", where)


def _number(row: Row, column: str, where: str) -> float:
    try:
        return float(row[column])
    except (KeyError, TypeError, ValueError) as error:
        need = f"a number in column {column} of each row"
        raise _unfit(where, f"{row.get(column)!r} in {column}", need) from error


def _unfit(where: str, have: str, need: str) -> ModelError:
    return ModelError(
        Finding(
            "E307",
            f"{where} is no table of sensitivities: {have}",
            where=where,
            have=have,
            need=need,
            help="see intaglio allocate --help for the columns",
        )
    )
