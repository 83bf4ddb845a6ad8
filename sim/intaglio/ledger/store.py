"""Results of checks: shipped with the package, and of this user, each with the code it was of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from intaglio.ledger.entry import Checked, Judgement
from intaglio.spec.errors import Finding, UsageError
from intaglio.tooling import cache

SCHEMA = 1
SHIPPED = Path(__file__).parent / "ledger.json"


@dataclass(frozen=True)
class Record:
    """What one run of an entry's checks showed; its state is not kept but computed from it.

    Parameters
    ----------
    number : int
        Of the system.
    digest : str
        :func:`intaglio.ledger.digest.code_digest` of the code that was checked.
    version : str
        Of the package.
    date : str
        Day of the run, as in 2026-11-24.
    clauses : tuple of Checked
        In the order of the entry.
    """

    number: int
    digest: str
    version: str
    date: str
    clauses: tuple[Checked, ...]

    @property
    def seconds(self) -> float:
        """Wall time of all clauses."""
        return sum(clause.seconds for clause in self.clauses)

    def as_dict(self) -> dict[str, Any]:
        """Return the record for JSON."""
        return asdict(self)


def record_of(values: Mapping[str, Any]) -> Record:
    """Return what :meth:`Record.as_dict` gave."""
    clauses = tuple(
        Checked(**{**clause, "judgement": Judgement(clause["judgement"])})
        for clause in values["clauses"]
    )
    return Record(**{**values, "clauses": clauses})


def shipped(path: Path = SHIPPED) -> dict[int, Record]:
    """Return the records of a results file by number; none where there is no file.

    Raises
    ------
    UsageError
        E103: it is no results file, or one of another schema.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
        schema = content["schema"]
        records = [record_of(values) for values in content["systems"]] if schema == SCHEMA else []
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, str(error)) from error
    if schema != SCHEMA:
        raise _unreadable(path, f"schema {schema}")
    return {record.number: record for record in records}


def _unreadable(path: Path, have: str) -> UsageError:
    return UsageError(
        Finding(
            "E103",
            f"{path} is no results file: {have}",
            where=str(path),
            have=have,
            need=f"what intaglio systems --output writes, schema {SCHEMA}",
            help="remove it; intaglio systems --run all --output writes it anew",
        )
    )


def results_text(records: Iterable[Record]) -> str:
    """Return the text of a results file."""
    ordered = sorted(records, key=lambda record: record.number)
    content = {"schema": SCHEMA, "systems": [record.as_dict() for record in ordered]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def keep(record: Record) -> None:
    """Keep a record of this user under the content that it is of."""
    from intaglio.api.files import write_file

    write_file(_path(record.number, record.digest), json.dumps(record.as_dict()))


def kept(number: int, digest: str) -> Record | None:
    """Return this user's record of exactly this content, if there is one.

    A damaged file counts as none: it is only ever written whole, and a run replaces it.
    """
    path = _path(number, digest)
    try:
        return record_of(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(number: int, digest: str) -> Path:
    return cache.folder() / "ledger" / f"s{number:02}-{digest[:32]}.json"
