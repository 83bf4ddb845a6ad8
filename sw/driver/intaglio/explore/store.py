"""Results of an exploration in one SQLite file: each is there once it is done, with a checksum."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from intaglio.spec.errors import Finding, UsageError

SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS results (
  key TEXT PRIMARY KEY, record TEXT NOT NULL, checksum TEXT NOT NULL
);
"""


class Store:
    """The file `path`; it is made where it is not there.

    A damaged file is moved aside and begun again; a damaged row is dropped, so that it is
    computed again. Both are counted.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    damaged : int
        Rows that were dropped when the file was opened.
    replaced : Path or None
        Where a damaged file was moved.

    Raises
    ------
    UsageError
        E103: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self.replaced: Path | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._open()
            except sqlite3.DatabaseError:
                self.replaced = path.with_suffix(".damaged")
                path.replace(self.replaced)
                for suffix in ("-wal", "-shm"):
                    Path(f"{path}{suffix}").unlink(missing_ok=True)
                self._open()
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                Finding(
                    "E103",
                    f"{path} cannot be written: {error}",
                    where="--store",
                    have=str(error),
                    need="a file that can be written",
                    help="choose another place",
                )
            ) from error

    def _open(self) -> None:
        self._base = sqlite3.connect(self.path, isolation_level=None)
        try:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.executescript(_TABLES)
            self._known = self._read()
        except sqlite3.DatabaseError:
            self._base.close()
            raise

    def _read(self) -> dict[str, dict[str, Any]]:
        found, bad = {}, []
        with closing(self._base.execute("SELECT key, record, checksum FROM results")) as rows:
            for key, record, checksum in rows:
                if checksum_of(str(record)) == checksum:
                    found[str(key)] = json.loads(record)
                else:
                    bad.append(key)
        for key in bad:
            self._base.execute("DELETE FROM results WHERE key = ?", (key,))
        self.damaged = len(bad)
        return found

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def __getitem__(self, key: str) -> dict[str, Any]:
        return self._known[key]

    def __len__(self) -> int:
        return len(self._known)

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep a record; it is in the file when this returns."""
        text = json.dumps(record, sort_keys=True)
        row = (key, text, checksum_of(text))
        self._base.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", row)
        self._known[key] = json.loads(text)

    def note(self, name: str, value: str) -> None:
        """Keep a word about the whole, such as the space."""
        self._base.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Leave the file with everything in it."""
        with suppress(sqlite3.Error):
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._base.close()


def checksum_of(text: str) -> str:
    """Return the SHA-256 of a record's text."""
    return hashlib.sha256(text.encode()).hexdigest()
