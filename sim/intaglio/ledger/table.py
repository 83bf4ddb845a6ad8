"""The 58 published systems, each with its state as the last run of its checks showed it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from intaglio.ledger.digest import code_digest
from intaglio.ledger.entry import Entry, State, figure_of, missing_of, state_of
from intaglio.ledger.store import Record, kept, shipped
from intaglio.spec.errors import Finding, UsageError

COUNT = 58


@dataclass(frozen=True)
class Row:
    """A system and what is known about it.

    Parameters
    ----------
    entry : Entry
        The system.
    record : Record or None
        The last run of its checks; None: never run.
    current : bool
        Whether that run was of the code as it is now.
    """

    entry: Entry
    record: Record | None
    current: bool

    @property
    def state(self) -> State:
        """Computed from the clauses of the last run; "not yet" if there was none."""
        return state_of(self.record.clauses) if self.record else State.NOT_YET

    @property
    def missing(self) -> str:
        """What keeps it from working; empty if it works."""
        if self.record is None:
            return f"not run: {self.entry.command}"
        return missing_of(self.record.clauses)

    @property
    def figure(self) -> str:
        """What was measured."""
        return figure_of(self.record.clauses) if self.record else ""

    @property
    def failing(self) -> bool:
        """Whether a check found something wrong, in contrast to something that does not exist."""
        return "fails: " in self.missing

    def as_dict(self) -> dict[str, Any]:
        """Return the row for JSON."""
        entry, record = self.entry, self.record
        return {
            "number": entry.number,
            "name": entry.name,
            "class": entry.kind,
            "state": str(self.state),
            "missing": self.missing,
            "figure": self.figure,
            "command": entry.command,
            "operator": entry.operator,
            "acceptance": entry.acceptance,
            "current": self.current,
            "version": record.version if record else None,
            "date": record.date if record else None,
            "digest": record.digest if record else None,
            "clauses": [_clause(clause) for clause in record.clauses] if record else [],
        }


def _clause(clause: Any) -> dict[str, Any]:
    return {
        "text": clause.text,
        "verdict": str(clause.judgement),
        "figure": clause.figure,
        "missing": clause.missing,
        "seconds": clause.seconds,
    }


@cache
def modules() -> dict[int, str]:
    """Return the module of each system by number: the files ``sNN_name.py`` of this package."""
    found: dict[int, str] = {}
    for path in sorted(Path(__file__).parent.glob("s[0-9][0-9]_*.py")):
        number = int(path.stem[1:3])
        if number in found:
            raise ValueError(f"two modules are of system {number}")
        found[number] = f"{__package__}.{path.stem}"
    return found


@cache
def entries() -> dict[int, Entry]:
    """Return every system by number.

    Raises
    ------
    ValueError
        If they are not 1 to 58, or one has another number than its module.
    """
    found = {}
    for number, module in modules().items():
        entry: Entry = import_module(module).ENTRY
        if entry.number != number:
            raise ValueError(f"{module} holds system {entry.number}")
        found[number] = entry
    if sorted(found) != list(range(1, COUNT + 1)):
        raise ValueError(f"systems are {sorted(found)}, not 1 to {COUNT}")
    return found


def choose(text: str) -> list[int]:
    """Return the numbers that `text` names: ``all``, or numbers with commas between them.

    Raises
    ------
    UsageError
        E101: a part is neither a number of a system nor its name.
    """
    if text == "all":
        return sorted(entries())
    names = {entry.name.lower(): number for number, entry in entries().items()}
    chosen, findings = [], []
    for part in (part.strip() for part in text.split(",")):
        number = int(part) if part.isdecimal() else names.get(part.lower(), 0)
        if number in entries():
            chosen.append(number)
        else:
            near = difflib.get_close_matches(part.lower(), names, n=1)
            findings.append(
                Finding(
                    "E101",
                    f"no published system is called {part or repr(part)}",
                    where="--run",
                    have=part,
                    need=f"all, or numbers from 1 to {COUNT} with commas between them",
                    help=f"did you mean {names[near[0]]}?"
                    if near
                    else "intaglio systems lists them",
                )
            )
    if findings:
        raise UsageError(findings)
    return list(dict.fromkeys(chosen))


def rows(fresh: Mapping[int, Record] | None = None) -> list[Row]:
    """Return every system with the record that counts.

    That is, in this order: the one of `fresh`; this user's or the shipped one of the present
    code; the shipped one, as one of earlier code.
    """
    delivered = shipped()
    return [_row(entry, fresh or {}, delivered) for entry in entries().values()]


def _row(entry: Entry, fresh: Mapping[int, Record], delivered: Mapping[int, Record]) -> Row:
    digest = code_digest(modules()[entry.number])
    record = fresh.get(entry.number)
    if record is None:
        record = delivered.get(entry.number)
        if record is None or record.digest != digest:
            record = kept(entry.number, digest) or record
    return Row(entry, record, record is not None and record.digest == digest)
