"""``intaglio bench --shapes``: the error table of the cycle model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.api.bench_model import KindErrors

NOT_GOOD = 1
COLUMNS = (
    *("operator", ">shapes", ">refused", ">compared", ">mis-\nmatches", ">compute\ncycles"),
    *(">compute\nexact", ">cycles\nexplained", ">layers\nexact", ">layers\nworst"),
    ">programs\nworst",
)


def show_errors(
    terminal: Terminal, config: str, *, shapes: int, stalls: float, seed: int, workers: int
) -> int:
    """Run random shapes, print the table; return 1 if a line is not good."""
    from intaglio.api.bench_model import model_errors

    with terminal.waiting() as progress:
        found = model_errors(
            config, shapes, stalls=stalls, seed=seed, workers=workers, progress=progress
        )
    terminal.table(
        COLUMNS,
        [_row(kind) for kind in found.kinds],
        title=f"cycle model against gates: {found.config}, seed {seed}, stalls {stalls:g}",
    )
    terminal.say("compute exact: every cause within COMPUTE has the cycles of the model")
    terminal.say("cycles explained: all other cycles are counted waits, each with one cause")
    terminal.say(
        f"layers, activations in the buffer: {100 * found.layers_exact:.1f} % exact, "
        f"worst {100 * found.layer_worst:+.1f} %"
    )
    terminal.result(found.as_dict())
    return 0 if found.good else NOT_GOOD


def _row(kind: KindErrors) -> tuple[str, ...]:
    return (
        kind.kind,
        str(kind.shapes),
        str(kind.refused),
        f"{kind.compared:,}",
        str(kind.mismatches),
        f"{kind.compute_cycles:,}",
        _share(kind.compute_exact, kind.shapes),
        _share(kind.explained, kind.shapes),
        _share(kind.layers_exact, kind.layers),
        f"{100 * kind.layer_worst:+.1f} %",
        f"{100 * kind.program_worst:+.1f} %",
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
