"""The page of the ledger: ``python -m intaglio.ledger.page`` writes ``docs/ledger.md``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from intaglio.api.files import write_file
from intaglio.ledger.entry import Judgement, State
from intaglio.ledger.store import Record, shipped
from intaglio.ledger.table import Row, entries

PAGE = Path("docs/ledger.md")
MARKS = {Judgement.PASSED: "holds", Judgement.FAILED: "FAILS", Judgement.MISSING: "missing"}
HEAD = """\
<!-- Written by `make docs` from the results of `intaglio systems --run all`; do not edit. -->

# Published systems

Each system is checked by code: `intaglio systems --run N` runs the checks of one, `--run all` \
those of all. *works* means that every clause below it holds, *partial* that some do; what is \
missing is named by the checks themselves. Classes: A arithmetic, B operator, C technique of \
compiling, search or report, D nothing that hardware implements.
"""


def page(records: Mapping[int, Record]) -> str:
    """Return the page of these results as Markdown."""
    rows = [Row(entry, records.get(number), True) for number, entry in entries().items()]
    counts = Counter(row.state for row in rows)
    lines = [HEAD, ", ".join(f"{counts[state]} {state}" for state in State) + ".", ""]
    lines += ["| | system | class | state | missing |", "|---|---|---|---|---|"]
    for row in rows:
        entry = row.entry
        lines.append(
            f"| {entry.number} | [{entry.name}](#{anchor(row)}) | {entry.kind} | {row.state} "
            f"| {_cell(row.missing)} |"
        )
    for row in rows:
        lines += ["", *_section(row)]
    return "\n".join(lines) + "\n"


def anchor(row: Row) -> str:
    """Return the anchor of a system's section."""
    return f"s{row.entry.number:02}"


def _section(row: Row) -> list[str]:
    entry, record = row.entry, row.record
    lines = [
        f'<a id="{anchor(row)}"></a>',
        "",
        f"## {entry.number} {entry.name}: {row.state}",
        "",
        f"{_text(entry.claim)}",
        "",
        f"Here: {_text(entry.operator)}",
        "",
        "| clause | verdict | figure, or what is missing |",
        "|---|---|---|",
    ]
    if record is None:
        return [*lines, *(f"| {_cell(c.text)} | not run | |" for c in entry.clauses)]
    for clause in record.clauses:
        shown = "; ".join(part for part in (clause.figure, clause.missing) if part)
        lines.append(f"| {_cell(clause.text)} | {MARKS[clause.judgement]} | {_cell(shown)} |")
    lines += ["", f"Checked {record.date}, version {record.version}: `{entry.command}`"]
    return lines


def _text(text: str) -> str:
    """Return `text` with the characters escaped that Markdown would take for marks."""
    return "".join(f"\\{c}" if c in "*_<>[]" else c for c in text)


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def main() -> int:
    """Write the page."""
    write_file(PAGE, page(shipped()))
    sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
