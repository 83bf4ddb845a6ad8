"""``make check-mutants``: break the gates one line at a time and show the row that fails."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from intaglio.bench.cocotb_run import require_cocotb
from intaglio.bench.mutants import MUTANTS, Mutant
from intaglio.bench.tools import toolchain
from intaglio.spec.errors import Finding, IntaglioError, ToolError
from intaglio.tooling import cache
from intaglio.tooling.process import run


def sources() -> Path:
    """Return the folder of the gateware that this Python imports."""
    import intaglio.gateware

    return Path(intaglio.gateware.__path__[0])


def apply(mutant: Mutant, folder: Path) -> None:
    """Break the copy of the gateware in `folder`.

    Raises
    ------
    ToolError
        E602 if the line to break does not occur exactly once: the list of mutants is stale.
    """
    path = folder / f"{mutant.module}.py"
    text = path.read_text() if path.is_file() else ""
    count = text.count(mutant.find)
    if count != 1:
        raise ToolError(
            Finding(
                "E602",
                f"mutant {mutant.name}: its line occurs {count} times",
                where=f"{mutant.module}.py",
                have=f"{count} times {mutant.find!r}",
                need="exactly once",
                help="bring intaglio.bench.mutants up to date with the gateware",
            )
        )
    path.write_text(text.replace(mutant.find, mutant.replace))


def first_failure(mutant: Mutant | None, rows: Sequence[str], seed: int) -> tuple[str, str] | None:
    """Return the first of `rows` that fails on the broken gates and its first fault, or None.

    The rows run in another process, on a copy of the gateware; None breaks nothing.
    """
    work = Path(tempfile.mkdtemp(prefix="intaglio-mutant-"))
    try:
        copy = work / "intaglio" / "gateware"
        shutil.copytree(sources(), copy, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant is not None:
            apply(mutant, copy)
        paths = [str(work), *(path for path in sys.path if path)]
        env = toolchain().environment() | {"PYTHONPATH": os.pathsep.join(paths)}
        answer = work / "answer.json"
        options = ("--rows", ",".join(rows), "--seed", str(seed), "--answer", answer)
        run((sys.executable, "-P", "-m", "intaglio.bench.mutate", *options), cwd=work, env=env)
        failure = json.loads(answer.read_text())
        return tuple(failure) if failure else None
    finally:
        cache.remove_tree(work)


def _child(rows: Sequence[str], seed: int, answer: Path) -> None:
    """Run `rows` until one fails and write what it said."""
    from intaglio.bench.pairs import choose
    from intaglio.bench.run import run_row

    failure = None
    for row in choose(list(rows)):
        result = run_row(row, seed=seed, output=answer.parent / "verify")
        if result.faults:
            failure = (row.name, result.faults[0])
            break
    answer.write_text(json.dumps(failure))


def check(names: Sequence[str], seed: int) -> int:
    """Run the mutants called `names`, or all; return how many survived."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    rows = sorted({row for mutant in chosen for row in mutant.rows})
    failure = first_failure(None, rows, seed)
    if failure is not None:
        raise ToolError(
            Finding(
                "E602",
                f"{failure[0]} fails on the gates as they are: {failure[1]}",
                where=failure[0],
                have=failure[1],
                need="rows that pass before anything is broken",
                help=f"intaglio verify {failure[0]} --seed {seed} --waves",
            )
        )
    print(f"unbroken gates: {len(rows)} rows pass, seed {seed}", flush=True)
    wide = max(len(mutant.name) for mutant in chosen)
    survivors = 0
    for mutant in chosen:
        began = time.monotonic()
        failure = first_failure(mutant, mutant.rows, seed)
        survivors += failure is None
        said = f"{failure[0]} failed: {failure[1]}" if failure else "SURVIVED " + str(mutant.rows)
        print(f"{mutant.name:{wide}} | {time.monotonic() - began:4.1f} s | {said}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} breaks were noticed")
    return survivors


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the mutants named, or all; exit status 1 if one survives."""
    parser = argparse.ArgumentParser(prog="mutate", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="MUTANT", help="default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = set(options.names) - {mutant.name for mutant in MUTANTS}
    if unknown:
        parser.error(f"no mutant is called {', '.join(sorted(unknown))}")
    try:
        if options.rows:
            _child(options.rows.split(","), options.seed, options.answer)
            return 0
        require_cocotb()
        return 1 if check(options.names, options.seed) else 0
    except IntaglioError as error:
        for finding in error.findings:
            print(f"{finding.code}: {finding.message}\n  help: {finding.help}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
