"""``intaglio compare-formats``: what each number format costs, beside INT8."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.api import FormatComparison, FormatRow

NOT_GOOD = 1
RUNS = Path("build/formats")
COLUMNS = ("format", "accumulator", "style", ">lanes", "booth", ">gates", ">NAND2", ">path\nps")
ENERGY = (">energy\n/ INT8", ">glitch")
PARTS = {
    "ecp5": (">LUTeq", ">FF", ">DSP", ">MHz"),
    "xc7": (">xc7\nLUT", ">xc7\nDSP"),
    "ice40": (">iCE40\nLUT", ">iCE40\nDSP"),
}
FIGURES = {
    "ecp5": ("luteq", "ff", "dsp", "fmax_mhz"),
    "xc7": ("xc7_lut", "xc7_dsp"),
    "ice40": ("ice40_lut", "ice40_dsp"),
}


def compare_formats(
    context: typer.Context,
    formats: Annotated[
        str | None,
        typer.Option(
            "--formats",
            metavar="NAMES",
            help="Such as int8,fp8_e4m3/fp32; default: all. INT8 with 32 bits is always there.",
        ),
    ] = None,
    target: Annotated[
        str,
        typer.Option(
            "--target", metavar="gates|ecp5|xc7|ice40", help="What to map to, several by commas."
        ),
    ] = "gates",
    liberty: Annotated[
        Path | None,
        typer.Option("--liberty", metavar="FILE", help="Library of cells, for area and energy."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, help="Units at a time.")
    ] = 2,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder; default: a fresh one."),
    ] = None,
) -> int:
    """Compare number formats by gates, delay and energy; exit with 1 if a unit is not golden.

    Example: intaglio compare-formats --formats int8,fp8_e4m3 --target gates -o build/formats
    """
    from intaglio import api
    from intaglio.api.files import fresh_folder, write_folder

    terminal: Terminal = context.obj
    with terminal.waiting() as progress:
        result = api.compare_formats(
            _names(formats),
            targets=_names(target),
            liberty=liberty,
            workers=workers,
            progress=progress,
        )
        progress("drawing charts")
        contents = api.comparison_files(result)
    folder = output or fresh_folder(RUNS, "formats")
    files = write_folder(folder, contents)
    _show(terminal, result)
    terminal.say(f"wrote {folder}: {', '.join(file.name for file in files)}")
    terminal.result(result.as_dict() | {"files": [str(file) for file in files]})
    return 0 if result.passed else NOT_GOOD


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _show(terminal: Terminal, result: FormatComparison) -> None:
    parts = [part for part in PARTS if part in result.targets]
    columns = [*COLUMNS, *ENERGY, *(head for part in parts for head in PARTS[part]), "golden"]
    figures = [name for part in parts for name in FIGURES[part]]
    terminal.table(
        columns, [_cells(row, figures) for row in result.rows], title="cost of number formats"
    )
    for row in result.rows:
        for fault in row.faults:
            terminal.say(f"{row.format}/{row.accumulator} {row.style} x{row.lanes}: {fault}")


def _cells(row: FormatRow, figures: list[str]) -> list[str]:
    return [
        *(row.format, row.accumulator, row.style, str(row.lanes), "booth" if row.booth else ""),
        *(_figure(getattr(row, name)) for name in ("gates", "nand2", "path_ps")),
        *(_figure(getattr(row, name)) for name in ("energy_rel_int8", "glitch_factor")),
        *(_figure(getattr(row, name)) for name in figures),
        row.golden,
    ]


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 and isinstance(value, float) else f"{value:.0f}"
