"""Runs checks in worker processes and keeps what they showed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from datetime import UTC, datetime
from importlib import metadata

from intaglio.ledger.digest import code_digest
from intaglio.ledger.entry import check
from intaglio.ledger.store import Record, keep, shipped
from intaglio.ledger.table import entries, modules
from intaglio.tooling.workers import worker_pool

WORKERS = 2
BAR = 20  # characters


def run(
    numbers: Sequence[int],
    *,
    workers: int = WORKERS,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[int, Record]:
    """Run the checks of the systems `numbers` and return their records, which are kept.

    The systems that took longest when they were last run begin.
    """
    seconds = {number: record.seconds for number, record in shipped().items()}
    order = sorted(numbers, key=lambda number: -seconds.get(number, 0.0))
    found: dict[int, Record] = {}
    if workers < 2 or len(order) < 2:
        for number in order:
            found[number] = run_one(number, progress)
            keep(found[number])
        return found
    total = sum(seconds.get(number, 1.0) for number in order)
    done = 0.0
    with worker_pool(workers) as pool:
        futures = {pool.submit(run_one, number): number for number in order}
        progress(f"checking {len(order)} systems in {workers} processes")
        for future in as_completed(futures):
            number = futures[future]
            found[number] = future.result()
            keep(found[number])
            done += seconds.get(number, 1.0)
            bar = "#" * int(BAR * done / total)
            share = f"[{bar:.<{BAR}}] {len(found)} of {len(order)} systems"
            progress(f"{share}, done: {number} {entries()[number].name}")
    return found


def run_one(number: int, progress: Callable[[str], None] = lambda _: None) -> Record:
    """Run the checks of one system."""
    digest = code_digest(modules()[number])
    clauses = check(entries()[number], progress)
    return Record(
        number=number,
        digest=digest,
        version=metadata.version("intaglio"),
        date=datetime.now(UTC).date().isoformat(),
        clauses=clauses,
    )


def merged(fresh: Mapping[int, Record], older: Mapping[int, Record]) -> list[Record]:
    """Return the records of both, those of `fresh` first."""
    return list({**older, **fresh}.values())
