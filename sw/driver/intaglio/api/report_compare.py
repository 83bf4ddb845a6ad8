"""Two reports side by side, and limits on what may have grown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from intaglio.spec.errors import Finding, UsageError

_LIMIT = re.compile(r"\s*([a-z_]+)\s*([<>])\s*([+-]?)(\d+(?:\.\d+)?)\s*(%?)\s*")


@dataclass(frozen=True)
class Limit:
    """``cycles>+2%``: fails if B is more than 2 % above A; without sign and %: B itself."""

    text: str
    name: str
    above: bool
    relative: bool
    percent: bool
    amount: float

    def fails(self, old: float | None, new: float | None) -> bool:
        """Tell whether `new` is beyond the limit; a figure that is not known fails it."""
        if new is None or (self.relative and old is None):
            return True
        bound = self.amount
        if self.relative and old is not None:
            bound = old * (1 + self.amount / 100) if self.percent else old + self.amount
        return new > bound if self.above else new < bound


@dataclass(frozen=True)
class Change:
    """One figure in both reports; `failed` holds the limits that it breaks."""

    name: str
    unit: str
    old: float | None
    new: float | None
    failed: tuple[str, ...] = ()

    @property
    def relative(self) -> float | None:
        """New / old - 1; None where it cannot be said."""
        if self.old is None or self.new is None or not self.old:
            return None
        return self.new / self.old - 1


def parse_limits(text: str) -> list[Limit]:
    """Return the limits in `text`, which commas separate.

    Raises
    ------
    UsageError
        E101: every limit that is none, all together.
    """
    found, findings = [], []
    for part in text.split(","):
        match = _LIMIT.fullmatch(part)
        if match is None or (match[5] and not match[3]):
            findings.append(_bad(part))
            continue
        amount = float(match[4]) * (-1 if match[3] == "-" else 1)
        limit = Limit(
            part.strip(), match[1], match[2] == ">", bool(match[3]), bool(match[5]), amount
        )
        found.append(limit)
    if findings:
        raise UsageError(findings)
    return found


def compare_reports(
    old: Mapping[str, Any], new: Mapping[str, Any], limits: Sequence[Limit] = ()
) -> list[Change]:
    """Return every figure of both summaries, with the limits that are broken.

    Raises
    ------
    UsageError
        E101: a limit names a figure that neither report has.
    """
    names = list(dict.fromkeys([*old["summary"], *new["summary"]]))
    strange = [limit for limit in limits if limit.name not in names]
    if strange:
        raise UsageError([_unknown(limit, names) for limit in strange])
    changes = []
    for name in names:
        before, after = old["summary"].get(name), new["summary"].get(name)
        values = before["value"] if before else None, after["value"] if after else None
        failed = tuple(n.text for n in limits if n.name == name and n.fails(*values))
        changes.append(Change(name, (after or before)["unit"], *values, failed))
    return changes


def _bad(part: str) -> Finding:
    return Finding(
        "E101",
        f"limit {part.strip()!r} is none",
        where="--fail-on",
        have=part.strip(),
        need="such as cycles>+2%, luteq>+100, fmax<45",
        help="name a figure of the summary, < or >, and a bound; + or - for a change from A to B",
    )


def _unknown(limit: Limit, names: Sequence[str]) -> Finding:
    return Finding(
        "E101",
        f"limit {limit.text}: no report has {limit.name}",
        where="--fail-on",
        have=limit.name,
        need=", ".join(names),
        help="name one of these figures",
    )
