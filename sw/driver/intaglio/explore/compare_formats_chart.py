"""Charts of a comparison of formats."""

from __future__ import annotations

import io
from typing import Any

from intaglio.explore.compare_formats_table import FormatComparison, FormatRow
from intaglio.spec.errors import EnvironmentFault, Finding

# Colour-blind safe (Okabe and Ito).
COLOURS = {
    "operator": "#0072b2",
    "rows": "#56b4e9",
    "shift": "#009e73",
    "fixed": "#e69f00",
    "pipelined": "#d55e00",
    "single-cycle": "#cc79a7",
    "bounded": "#882255",
}
OTHER = "#777777"
METADATA = ("Creator", "Date", "Format", "Type")  # left out: files depend on figures alone
STYLE: dict[Any, Any] = {"svg.hashsalt": "intaglio", "font.size": 8, "svg.fonttype": "none"}


def bars(result: FormatComparison, figure: str, title: str, lanes: int) -> str | None:
    """Return SVG with a bar for each unit of `lanes` lanes, longest last; None without figures.

    INT8 with 32 bits is 1.
    """
    base = result.base(lanes)
    one = getattr(base, figure, None)
    rows = [
        row
        for row in result.rows
        if row.lanes in (lanes, 2 if lanes == 1 else lanes)
        and not row.booth
        and getattr(row, figure) is not None
    ]
    if not rows or not one:
        return None
    rows.sort(key=lambda row: -_per_product(row, figure))
    unit = _per_product(base, figure) if base else 1.0
    values = [_per_product(row, figure) / unit for row in rows]

    def draw(axes: Any) -> None:
        axes.barh([_label(row) for row in rows], values, color=[_colour(row) for row in rows])
        axes.axvline(1, color="#222222", linewidth=0.8)
        for at, value in enumerate(values):
            axes.text(value, at, f" {value:.2f}", va="center", fontsize=7)
        axes.set_title(title, loc="left")
        axes.set_xlabel("INT8 with 32 bits = 1, no Booth recoding, a product")
        axes.margins(y=0.01)

    return _svg(draw, height=1.2 + 0.17 * len(rows))


def scatter(result: FormatComparison, lanes: int) -> str | None:
    """Return SVG of energy against gates, both by those of INT8; None without figures."""
    base = result.base(lanes)
    rows = [row for row in result.rows if row.lanes == lanes and row.energy_rel_int8 is not None]
    if base is None or not base.gates or not rows:
        return None
    one = base.gates

    def draw(axes: Any) -> None:
        for style in dict.fromkeys(row.style for row in rows):
            for booth in (False, True):
                own = [row for row in rows if row.style == style and row.booth is booth]
                axes.scatter(
                    [(row.gates or 0) / one for row in own],
                    [row.energy_rel_int8 for row in own],
                    s=22,
                    marker="x" if booth else "o",
                    color=COLOURS.get(style, OTHER),
                    label=f"{style}{', Booth' if booth else ''}" if own else None,
                )
        for row in rows:
            if not row.booth:
                place = ((row.gates or 0) / one, row.energy_rel_int8)
                axes.annotate(f"{row.format}/{row.accumulator}", place, fontsize=5)
        axes.set_xlabel("gates of two inputs, INT8 with 32 bits = 1")
        axes.set_ylabel("energy of a product, INT8 with 32 bits = 1")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.legend(fontsize=6)
        axes.set_title(f"energy against gates, {lanes} lane{'s' * (lanes > 1)}", loc="left")

    return _svg(draw, height=6)


def charts(result: FormatComparison) -> dict[str, str]:
    """Return every chart that has figures, by file name."""
    lanes = sorted({row.lanes for row in result.rows} - {2})
    found: dict[str, str | None] = {}
    for count in lanes:
        words = f"{count} lane{'s' * (count > 1)}"
        found[f"gates-x{count}.svg"] = bars(result, "gates", f"gates of two inputs, {words}", count)
        found[f"energy-x{count}.svg"] = bars(result, "energy", f"energy, {words}", count)
        found[f"luteq-x{count}.svg"] = bars(result, "luteq", f"ECP5 LUTeq, {words}", count)
        found[f"pareto-x{count}.svg"] = scatter(result, count)
    return {name: text for name, text in found.items() if text}


def _per_product(row: FormatRow, figure: str) -> float:
    value = float(getattr(row, figure))
    return value if figure == "energy" else value / row.lanes


def _label(row: FormatRow) -> str:
    return f"{row.format} / {row.accumulator}  {row.style}"


def _colour(row: FormatRow) -> str:
    return COLOURS.get(row.style, OTHER)


def _svg(draw: Any, height: float) -> str:
    try:
        import matplotlib
    except ImportError as error:
        raise EnvironmentFault(
            Finding(
                "E501",
                "matplotlib is not installed",
                where="Python environment",
                have="no package matplotlib",
                need="matplotlib",
                help="pip install 'intaglio[report]'",
            )
        ) from error
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, height), layout="constrained")
        draw(figure.add_subplot())
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata=dict.fromkeys(METADATA))
    return text.getvalue()
