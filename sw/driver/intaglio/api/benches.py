"""Component benches: every component of the gates against its golden row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from intaglio.spec.errors import EnvironmentFault, Finding, UsageError

if TYPE_CHECKING:
    from intaglio.bench.run import RowResult

WILD = "*?["


def verify(
    rows: Sequence[str] = (),
    *,
    seed: int = 1,
    waves: bool = False,
    waves_on_fail: bool = False,
    output: Path = Path("build/verify"),
    progress: Callable[[str], None] = lambda _: None,
) -> list[RowResult]:
    """Run rows of the bench table under cocotb and Verilator; a failing one does not end the run.

    Parameters
    ----------
    rows : sequence of str
        Names, beginnings of names, or patterns with ``*``; none: all rows.
    seed : int
        Of stimulus and stalls.
    waves, waves_on_fail : bool
        Keep a VCD file of every row, or of failing ones, which are run again for it.
    output : Path
        Folder for logs and waves of failing rows.

    Raises
    ------
    EnvironmentFault
        E501: cocotb, g++ or another tool is missing.
    UsageError
        E101: a name or pattern fits no row.
    """
    _require_cocotb()
    from intaglio.bench.run import verify_rows

    return verify_rows(
        expand(rows),
        seed=seed,
        waves=waves,
        waves_on_fail=waves_on_fail,
        progress=progress,
        output=output,
    )


def expand(rows: Sequence[str]) -> list[str]:
    """Return `rows` with each pattern replaced by the names that it fits.

    Raises
    ------
    UsageError
        E101: a pattern fits no row.
    """
    if not any(mark in row for row in rows for mark in WILD):
        return list(rows)
    from intaglio.bench.pairs import PAIRS

    known = [row.name for row in PAIRS]
    names: list[str] = []
    for row in rows:
        wild = any(mark in row for mark in WILD)
        found = [name for name in known if fnmatchcase(name, row)] if wild else [row]
        if not found:
            raise UsageError(
                Finding(
                    "E101",
                    f"no bench row fits {row}",
                    where="--rows",
                    have=row,
                    need=", ".join(known),
                    help="leave --rows out to run all",
                )
            )
        names += found
    return names


def _require_cocotb() -> None:
    from importlib.util import find_spec

    if find_spec("cocotb") is None:
        raise EnvironmentFault(
            Finding(
                "E501",
                "cocotb is not installed",
                where="Python environment",
                have="no package cocotb",
                need="cocotb 2.1",
                help="pip install 'intaglio[sim]'",
            )
        )
