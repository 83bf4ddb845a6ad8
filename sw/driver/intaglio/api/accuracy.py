"""How far figures of cost are off, measured here: one page.

``python -m intaglio.api.accuracy`` writes ``docs/accuracy.md``. The board's measured currents are
read from ``$INTAGLIO_SHARED/anchors/ice40_power.csv`` (default ``../shared``).
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

from intaglio.api.files import write_file
from intaglio.api.model import load
from intaglio.api.plan import compile as compile_model
from intaglio.api.report_inputs import simulated
from intaglio.api.tour import demo_digits
from intaglio.estimate.area import area_model, estimate_area
from intaglio.estimate.grid import FILES, KINDS, grid_of
from intaglio.estimate.ice40 import leave_one_out
from intaglio.report.markdown import rows
from intaglio.spec.presets import PRESETS
from intaglio.spec.target import FAMILIES

PAGE = Path("docs/accuracy.md")
LIMITS = {"luteq": (0.08, 0.20), "ff": (0.08, 0.20), "fmax": (0.12, None)}
CONFIGS = ("tiny", "small", "default")
CLOCK_LIMIT = 0.05
CYCLE_LIMIT = 0.05


UNITS = (
    "By INT8's, beside libraries of cells, promised 15%: [formats](formats.md), *Beside a",
    "library of cells*. For the same units, in OSU's library of 180 nm (Debian's package",
    "qflow-tech-osu018, 1.3.17), all but INT16 hold; its column *no glitches* is below that",
    "library's figure, so what is too much are glitches, with delays that are assumed. Beside a",
    "trial in 45 nm INT4 and INT16 do not hold: its units are other ones, and the library's INT4",
    "is further from it. `intaglio compare-formats --liberty FILE` gives both for the same units.",
)


def page(progress: Callable[[str], None] = lambda _: None) -> str:
    """Return the page: area, clock, cycles, the measured board."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [
        "# Accuracy of cost figures",
        "",
        f"Measured on {today} by `python -m intaglio.api.accuracy`.",
        "An error is model / measured - 1; of a fit it is that on a configuration left out of it.",
        "",
        "## Area and clock",
        "",
        *_area(),
        "",
        "## Cycles",
        "",
        *_cycles(progress),
        "",
        "## iCE40UP5K: measured currents",
        "",
        *_board(),
        "",
        "## Energy of units",
        "",
        *UNITS,
    ]
    return "\n".join(lines) + "\n"


def _area() -> Iterator[str]:
    cells = []
    sources = []
    for family, kind in product(FAMILIES, KINDS):
        model, grid = area_model(family, kind), grid_of(family, kind)
        if model is None or grid is None or family == "generic":
            continue
        sources.append(f"- {family}, {kind}: {grid.stage}, {grid.tools}")
        for name, errors in model.errors().items():
            median, worst = LIMITS[name]
            good = errors["median"] <= median and (worst is None or errors["worst"] <= worst)
            limit = f"median {median:.0%}" + (f", worst {worst:.0%}" if worst else "")
            cells.append(
                (
                    *(f"{family} {name}", kind),
                    f"{errors['rows']:.0f}",
                    f"{errors['median']:.1%}",
                    f"{errors['worst']:.1%}",
                    limit,
                    _verdict(good),
                )
            )
        for name in ("dsp", "bram"):
            wrong = [
                row.config.name
                for row in grid.rows
                if estimate_area(row.config, family)[name].value != row.resources[name]
            ]
            said = f"{len(wrong)} wrong" + (f": {', '.join(wrong)}" if wrong else "")
            known = (f"{family} {name}", kind, str(len(grid.rows)))
            cells.append((*known, said, "", "exact", _verdict(not wrong)))
    yield from rows(
        ("figure", "control", "configurations", "median", "worst", "promised", "holds"), cells
    )
    yield ""
    yield from sources or [f"No family has a grid in {', '.join(FILES)}."]


def _cycles(progress: Callable[[str], None]) -> Iterator[str]:
    from intaglio.api.layer_cycles import model_cycles

    model = load(demo_digits().model)
    cells, every = [], []
    for name in CONFIGS:
        config = PRESETS[name]
        run = simulated(model, config, None, progress)
        expected = model_cycles(compile_model(model, config).program, config)
        errors = [
            expected[i] / layer["cycles"] - 1
            for i, layer in enumerate(run["layers"])
            if layer["cycles"] and i in expected
        ]
        every += errors
        whole = sum(expected.values()) / run["cycles"] - 1
        cells.append(
            (
                f"digits on {name}",
                str(len(errors)),
                f"{statistics.median(map(abs, errors)):.2%}",
                f"{max(map(abs, errors)):.1%}",
                f"{whole:+.2%}",
                str(run["mismatches"]),
            )
        )
    heads = ("network", "layers", "median", "worst layer", "whole network", "mismatches")
    yield from rows(heads, cells)
    yield ""
    middle = statistics.median(map(abs, every))
    yield (
        f"Against the counters of simulated gates, {len(every)} layers of at most a few thousand "
        f"cycles: median {middle:.2%}, promised {CYCLE_LIMIT:.0%}: "
        f"{_verdict(middle <= CYCLE_LIMIT)}. "
        "Whole networks and long layers are in [benchmarks](benchmarks.md)."
    )


def _board() -> Iterator[str]:
    path = Path(os.environ.get("INTAGLIO_SHARED", "../shared")) / "anchors" / "ice40_power.csv"
    if not path.is_file():
        yield f"Not measured here: {path.name} is not in $INTAGLIO_SHARED/anchors."
        return
    _, seen = leave_one_out(path.read_text("utf-8"), str(path))
    cells = [
        (str(s.row), s.description, s.kind, f"{s.measured:g}", f"{s.error:+.1%}") for s in seen
    ]
    yield from rows(("row", "design", "kind", "core uA", "error, left out"), cells)
    worst = max(abs(s.error) for s in seen if s.kind == "static and clock")
    yield ""
    yield (
        f"Static and clock: worst {worst:.1%}, promised {CLOCK_LIMIT:.0%}: "
        f"{_verdict(worst <= CLOCK_LIMIT)}. Rows of logic are printed whatever they are: those "
        "that multiply are told by counters, which toggle far less. Source: tinyvision-ai-inc/"
        "ice40_power @ecc5e590, one board."
    )


def _verdict(good: bool) -> str:
    return "yes" if good else "**no**"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m intaglio.api.accuracy", description=__doc__)
    parser.add_argument("--output", type=Path, default=PAGE, help="default: %(default)s")
    chosen = parser.parse_args(arguments)
    write_file(chosen.output, page(lambda text: print(text, file=sys.stderr)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
