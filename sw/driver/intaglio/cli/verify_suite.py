"""``intaglio verify --suite``: published and random cases instead of component benches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intaglio.cli.terminal import Terminal

NOT_GOOD = 1
MOST_SHOWN = 20
LAYERS = 100


def suite(
    terminal: Terminal,
    name: str,
    *,
    device: str,
    data: Path | None,
    seed: int,
    count: int | None,
) -> int:
    """Run a suite and show each category; return 1 if a case failed."""
    from intaglio import api

    with terminal.waiting() as progress:
        found = api.run_suite(
            name, device, data=data, seed=seed, count=count or LAYERS, progress=progress
        )
    terminal.table(
        ("category", ">cases", ">passed"),
        [
            (category, str(tally["cases"]), str(tally["passed"]))
            for category, tally in found.categories.items()
        ],
        footer=("all", str(found.cases), str(found.passed)),
    )
    for case, reason in found.failed[:MOST_SHOWN]:
        terminal.say(f"{case}: {reason}")
    if len(found.failed) > MOST_SHOWN:
        terminal.say(f"{len(found.failed) - MOST_SHOWN} more; --json lists them all")
    terminal.say(f"{found.suite} on {device}: {found.passed} of {found.cases} cases passed")
    terminal.result(found.as_dict())
    return NOT_GOOD if found.failed else 0
