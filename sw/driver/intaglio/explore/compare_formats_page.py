"""A comparison of formats as pages: Markdown for the manual, one HTML file for everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import escape

from intaglio.explore.compare_formats_chart import charts
from intaglio.explore.compare_formats_pairs import BASE, STYLES
from intaglio.explore.compare_formats_table import FormatComparison, FormatRow

COMMAND = "intaglio compare-formats --target {targets} --output DIR"
HEADS = {
    "format": "format",
    "accumulator": "accumulator",
    "style": "style",
    "lanes": "lanes",
    "booth": "Booth",
    "gates": "gates",
    "flip_flops": "flip-flops",
    "nand2": "NAND2",
    "path_ps": "path ps",
    "energy_rel_int8": "energy / INT8",
    "energy_rel_uniform": "uniform data",
    "energy_rel_settled": "no glitches",
    "glitch_factor": "glitch factor",
    "luteq": "LUTeq",
    "ff": "FF",
    "dsp": "DSP",
    "fmax_mhz": "MHz",
    "xc7_lut": "xc7 LUT",
    "xc7_dsp": "xc7 DSP",
    "ice40_lut": "iCE40 LUT",
    "ice40_dsp": "iCE40 DSP",
    "liberty_area": "library area",
    "liberty_rel_int8": "library energy / INT8",
}
PUBLISHED = (
    ("fp8_e4m3", "fixed46", "fixed", "+53 %"),
    ("fp8_e4m3", "fp16", "pipelined", "-"),
    ("fp8_e4m3", "fp16", "single-cycle", "-"),
    ("fp8_e4m3", "fp32", "pipelined", "+183 %"),
    ("fp8_e4m3", "fp32", "single-cycle", "+183 %"),
)
METHOD = f"""\
Every unit is mapped by Yosys to gates of two inputs (`abc -g AND,NAND,OR,NOR,XOR,XNOR`), and these
gates are simulated, event by event, with a delay for each gate; their results must equal the golden
model's, for realistic and for uniform data with the sums of greatest magnitude, before a figure is
given. The same simulation counts the changes of every net, glitches included; energy is half C V^2
for each, with stated relative capacitances, and a clock term for each flip-flop. Delays and
capacitances are assumed, rounded from the proportions of a 45 nm library: ratios mean something,
the unit does not. Resets are gates, enables are clock gates. `gates` counts gates of two inputs
without inverters and flip-flops, `NAND2` all by transistors; `path` is the longest path with the
same delays, ripple carries included, since no timing was asked for. Energies are for one product
with its addition, by that of {BASE[0].upper()} with {BASE[1].upper()} of as many lanes, written as
operator, without Booth recoding. Realistic data: Gaussian weights cut off at four sigma, half
Gaussian activations of which half are 0."""


def markdown(result: FormatComparison) -> str:
    """Return the page of the manual; it begins with how to make it."""
    parts = [
        "# What a number format costs",
        _made(result),
        METHOD,
        f"Accumulators hold every sum of {result.terms} products.",
        "## FP8 beside INT8",
        *_fp8(result),
        "## Shift-add beside INT8",
        *_shift(result),
        "## Styles",
        "\n".join(f"- `{name}`: {text}." for name, text in STYLES.items()),
        "## All units",
        _table(result, _columns(result)),
    ]
    return "\n\n".join(parts) + "\n"


def _made(result: FormatComparison) -> str:
    tools = ", ".join(f"{name} {version}" for name, version in result.tools.items())
    command = COMMAND.format(targets=",".join(result.targets))
    return f"Made by `{command}` ({tools}); `formats.md` of its folder is this page."


def _fp8(result: FormatComparison) -> list[str]:
    """Return overheads over INT8, like style against like style."""
    lines = []
    for lanes in (1, 16):
        for form, acc, style, published in PUBLISHED:
            for booth in (False, True):
                row = result.find(form, acc, style, lanes, booth)
                if row is None:
                    continue
                base = result.base(lanes, booth)
                lines.append(
                    [
                        *(f"{form} / {acc}", style, str(lanes), "yes" if booth else "no"),
                        *(_more(result, row, name) for name in ("gates", "nand2", "energy")),
                        f"{row.path_ps} / {base.path_ps if base else '-'}",
                        published if lanes == 1 else "+11 to +32 %, 32 lanes",
                    ]
                )
    heads = ("unit", "style", "lanes", "Booth", "gates", "NAND2", "energy", "path ps / INT8's")
    words = (
        "Overhead over INT8 with 32 bits, written as operator, with Booth recoding where the row "
        "has it. Published: +53 % with a fixed-point and +183 % with an FP32 accumulator for one "
        "MAC in gates of two inputs, 50 to 180 % less efficient in all (second-hand); 11 to 32 % "
        "more area for a fused dot product of 32 lanes in sky130. At matched delay stand the "
        "pipelined rows: their longest path is that of INT8's accumulator or near it. The "
        "single-cycle rows have one accumulator and no clock to match. Accumulation in FP16 and "
        "FP32 is IEEE here, with subnormals, infinities and rounding to nearest even, and products "
        "are normalised before they are added: more gates than a unit that truncates and flushes. "
        "`NAND2` counts flip-flops, too."
    )
    return [words, _grid((*heads, "published"), lines)]


def _shift(result: FormatComparison) -> list[str]:
    lines = []
    for row in result.rows:
        base = result.base(row.lanes)
        if row.style != "shift" or base is None or not base.gates or not row.gates:
            continue
        lines.append(
            [
                *(f"{row.format} / {row.accumulator}", str(row.lanes)),
                *(f"{row.gates}", f"{base.gates}", f"{100 * row.gates / base.gates:.0f} %"),
                _percent(row.energy_rel_int8),
            ]
        )
    heads = ("lane", "lanes", "gates", "INT8's", "gates / INT8's", "energy / INT8's")
    words = (
        "Gates of two inputs of the whole lane, by those of the INT8 lane with 32 bits, both with "
        "registers behind the product and an accumulator."
    )
    return [words, _grid(heads, lines)]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _more(result: FormatComparison, row: FormatRow, figure: str) -> str:
    more = result.overhead(row, figure, like=True)
    return "-" if more is None else f"{100 * more:+.0f} %"


def _columns(result: FormatComparison) -> list[str]:
    """Return the columns that any row has a figure for."""
    return [key for key in HEADS if any(getattr(row, key) is not None for row in result.rows)]


def _table(result: FormatComparison, columns: Sequence[str]) -> str:
    rows = [[_cell(getattr(row, key)) for key in columns] for row in result.rows]
    return _grid([HEADS[key] for key in columns], rows)


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"
    return str(value)


CSS = """\
:root { color-scheme: light dark }
body { font: 14px/1.5 sans-serif; margin: 2em auto; max-width: 1200px; padding: 0 1em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: 2px 8px; text-align: right; border-bottom: 1px solid #8884 }
td:first-child, th:first-child { text-align: left }
th { cursor: pointer }
svg { max-width: 100%; height: auto; background: #fff }
code { background: #8882 }"""
SORT = """\
const value = (row, at) => {
  const text = row.cells[at].textContent, number = parseFloat(text);
  return isNaN(number) ? text : number;
};
document.querySelectorAll("th").forEach(head => head.onclick = () => {
  const table = head.closest("table"), at = head.cellIndex;
  const way = head.dataset.way = head.dataset.way == 1 ? -1 : 1;
  [...table.rows].slice(1)
    .sort((a, b) => value(a, at) > value(b, at) ? way : -way)
    .forEach(row => table.append(row));
});"""


def html(result: FormatComparison) -> str:
    """Return the page with charts as one file that needs nothing else."""
    pictures = [
        f'<figure aria-label="{escape(name)}">{_inline(text)}</figure>'
        for name, text in charts(result).items()
    ]
    body = "\n".join(_html_block(block) for block in markdown(result).split("\n\n"))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>What a number format costs</title><style>{CSS}</style>\n{body}\n"
        f"<h2>Charts</h2>\n{''.join(pictures)}\n<script>{SORT}</script></html>\n"
    )


def _html_block(block: str) -> str:
    if block.startswith("#"):
        level = len(block) - len(block.lstrip("#"))
        return f"<h{level}>{escape(block[level + 1 :])}</h{level}>"
    if block.startswith("|"):
        lines = [line.strip("| ").split(" | ") for line in block.strip().split("\n")]
        head, rows = lines[0], lines[2:]
        return (
            f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"
            + "".join(
                f"<tr>{''.join(f'<td>{_code(cell)}</td>' for cell in row)}</tr>" for row in rows
            )
            + "</table>"
        )
    if block.startswith("- "):
        items = (f"<li>{_code(line[2:])}</li>" for line in block.strip().split("\n"))
        return f"<ul>{''.join(items)}</ul>"
    return f"<p>{_code(block)}</p>"


def _code(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _inline(svg: str) -> str:
    """Return a picture without what stands before its first element."""
    return svg[svg.index("<svg") :]


def comparison_files(result: FormatComparison) -> dict[str, str]:
    """Return every file of a comparison by name."""
    return {
        "formats.html": html(result),
        "formats.json": json.dumps(result.as_dict(), indent=1) + "\n",
        "formats.csv": result.to_csv(),
        "formats.md": markdown(result),
        **charts(result),
    }
