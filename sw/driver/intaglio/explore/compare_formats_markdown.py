"""A comparison of formats as the page of the manual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from intaglio.explore.compare_formats_pairs import BASE, STYLES
from intaglio.explore.compare_formats_table import LIBRARY, FormatComparison, FormatRow

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
    ("fp8_e4m3", "fp32", "bounded", "+183 %"),
    ("fp8_e4m3", "fp32", "pipelined", "+183 %"),
    ("fp8_e4m3", "fp32", "single-cycle", "+183 %"),
)
# Energy by that of INT8 with 32 bits, mapped to the Nangate 45 nm library at 1.1 V with delays,
# the same kind of data, units of one cycle with registers of operands.
LIBRARY_RATIOS = (
    ("int4", "int16", "operator", 0.25),
    ("w4a8", "int24", "operator", 0.51),
    ("int8", "int24", "operator", 0.82),
    ("int16", "int40", "operator", 2.7),
    ("pow2_5", "int24", "shift-floor", 0.45),
    ("fp8_e4m3", "fixed46", "fixed", 1.04),
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
Gaussian activations of which half are 0. On parts the same Verilog is mapped as it is: `*` becomes
a multiplier block without inner registers. Single lanes are placed and routed in a scan wrapper,
seed 1; fused lanes are mapped alone, of those before a float the ones of E4M3. LUTeq is LUT4 +
2 CCU2C + 6 TRELLIS_DPR16X4; the ECP5 is an 85F of speed 6."""


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
        "## Beside a library of cells",
        *_library(result),
        "## Styles",
        "\n".join(f"- `{name}`: {text}." for name, text in STYLES.items()),
        "## All units",
        _table(result, _columns(result)),
    ]
    return "\n\n".join(parts) + "\n"


def _made(result: FormatComparison) -> str:
    tools = ", ".join(f"{name} {version}" for name, version in result.tools.items())
    command = COMMAND.format(targets=",".join(result.targets))
    command += "".join(f" --liberty {name}" for name in _libraries(result))
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
        "single-cycle and bounded rows have one accumulator and a longer cycle. Accumulation in "
        "FP16 and FP32 is IEEE here, with subnormals, infinities and rounding to nearest even, and "
        "products are normalised before they are added; `bounded` leaves out what cannot come. "
        "`NAND2` counts flip-flops, too."
    )
    return [words, _grid((*heads, "published"), lines)]


def _shift(result: FormatComparison) -> list[str]:
    lines = []
    for row in result.rows:
        base = result.base(row.lanes)
        if not row.style.startswith("shift") or base is None or not base.gates or not row.gates:
            continue
        lines.append(
            [
                *(f"{row.format} / {row.accumulator}", row.style, str(row.lanes)),
                *(f"{row.gates}", f"{base.gates}", f"{100 * row.gates / base.gates:.0f} %"),
                _percent(row.energy_rel_int8),
            ]
        )
    heads = ("lane", "style", "lanes", "gates", "INT8's", "gates / INT8's", "energy / INT8's")
    words = (
        "Gates of two inputs of the whole lane, by those of the INT8 lane with 32 bits, both with "
        "registers behind the product and an accumulator."
    )
    return [words, _grid(heads, lines)]


def _library(result: FormatComparison) -> list[str]:
    """Return energies beside those of cells, of these units and of an earlier trial's."""
    given = _libraries(result)
    lines = []
    for form, acc, style, theirs in LIBRARY_RATIOS:
        row = result.find(form, acc, style)
        if row is None or row.energy_rel_int8 is None:
            continue
        others = [row.liberty_rel_int8] if given else []
        cells = []
        for other in (*others, theirs):
            cells += ["-", "-"] if other is None else [f"{other:.2f}", _off(row, other)]
        lines.append([f"{form} / {acc}", style, f"{row.energy_rel_int8:.2f}", *cells])
    words = "Energy by INT8's as found here with generic gates, " + (
        f"with the cells of {given[0]} for the same units, " if given else ""
    )
    words += (
        "and in an earlier trial in the Nangate 45 nm library, whose units are not these: they "
        "take a product and its addition in one cycle. "
    )
    if not given:
        words += "`--liberty FILE` adds a library's figures for the same units."
    heads = [text for name in (*given, "Nangate 45 nm, trial") for text in (name, "gates by it")]
    return [words.strip(), _grid(("unit", "style", "generic gates", *heads), lines)]


def _libraries(result: FormatComparison) -> list[str]:
    """Return the file of the library that was given, if one was."""
    return [name.removeprefix(LIBRARY) for name in result.tools if name.startswith(LIBRARY)]


def _off(row: FormatRow, other: float) -> str:
    return f"{100 * ((row.energy_rel_int8 or 0) / other - 1):+.0f} %"


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
