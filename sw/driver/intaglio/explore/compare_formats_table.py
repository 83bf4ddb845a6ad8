"""Rows of a comparison of formats, as JSON, CSV and ratios."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from intaglio.explore.compare_formats_pairs import BASE

Figure = float | int | None


@dataclass(frozen=True)
class FormatRow:
    """One unit and its figures; what was not run, or whose golden check failed, is None.

    Parameters
    ----------
    format, accumulator, style : str
    lanes : int
        Products of a cycle.
    booth : bool
        Multipliers with Booth recoding.
    golden : str
        ``pass`` or ``fail``: of the gates that the figures are of, in this run or kept by content.
    gates : int
        Gates of two inputs; inverters and flip-flops are not among them.
    inverters, flip_flops : int
        Beside them.
    nand2 : float
        All of them as NAND2 equivalents, by transistors.
    path_ps : int
        Longest path with the stated delays.
    energy : float
        For one product with its addition, realistic data, glitches included; relative unit.
    energy_rel_int8 : float
        The same by that of INT8 with 32 bits, operator, no Booth recoding, as many lanes (of two
        lanes: by that of one).
    energy_rel_uniform, energy_rel_settled : float
        As `energy_rel_int8`, with uniform data; without glitches: both by INT8's of that sort.
    glitch_factor : float
        Changes of nets for each that is left without delays.
    luteq, ff, dsp, fmax_mhz
        Of ECP5: LUT4 + 2 CCU2C + 6 TRELLIS_DPR16X4, flip-flops, MULT18X18D, and the clock after
        routing, operands and result in registers.
    xc7_lut, xc7_ff, xc7_dsp, ice40_lut, ice40_ff, ice40_dsp : int
        Of 7 series and of iCE40: look-up tables, flip-flops, multiplier blocks.
    liberty_area, liberty_energy, liberty_rel_int8
        Of the cells of a liberty library.
    faults : tuple of str
        What the golden check found.
    """

    format: str
    accumulator: str
    style: str
    lanes: int
    booth: bool
    golden: str
    gates: int | None = None
    inverters: int | None = None
    flip_flops: int | None = None
    nand2: float | None = None
    path_ps: int | None = None
    energy: float | None = None
    energy_rel_int8: float | None = None
    energy_rel_uniform: float | None = None
    energy_rel_settled: float | None = None
    glitch_factor: float | None = None
    luteq: int | None = None
    ff: int | None = None
    dsp: int | None = None
    fmax_mhz: float | None = None
    xc7_lut: int | None = None
    xc7_ff: int | None = None
    xc7_dsp: int | None = None
    ice40_lut: int | None = None
    ice40_ff: int | None = None
    ice40_dsp: int | None = None
    liberty_area: float | None = None
    liberty_energy: float | None = None
    liberty_rel_int8: float | None = None
    faults: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, int, bool]:
        """What tells the row from others."""
        return (self.format, self.accumulator, self.style, self.lanes, self.booth)


KEYS = tuple(item.name for item in fields(FormatRow))
FIGURES = KEYS[KEYS.index("gates") : KEYS.index("faults")]


LIBRARY = "library "  # before the file of a library of cells, among the tools


@dataclass(frozen=True)
class FormatComparison:
    """All rows, with what they were made by.

    Parameters
    ----------
    rows : tuple of FormatRow
    targets : tuple of str
        What was run.
    tools : mapping
        Version by name.
    terms : int
        Products of the longest sum that every accumulator holds.
    """

    rows: tuple[FormatRow, ...]
    targets: tuple[str, ...]
    tools: Mapping[str, str]
    terms: int
    notes: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every golden check passed."""
        return all(row.golden == "pass" for row in self.rows)

    def find(
        self, form: str, acc: str, style: str, lanes: int = 1, booth: bool = False
    ) -> FormatRow | None:
        """Return a row, or None."""
        key = (form, acc, style, lanes, booth)
        return next((row for row in self.rows if row.key == key), None)

    def base(self, lanes: int, booth: bool = False) -> FormatRow | None:
        """Return INT8 with 32 bits, written as operator."""
        return self.find(*BASE, "operator", lanes if lanes != 2 else 1, booth)

    def overhead(self, row: FormatRow, figure: str, *, like: bool = False) -> float | None:
        """Return how much more of a figure a row takes than INT8 / INT32 of as many lanes.

        Parameters
        ----------
        like : bool
            Against INT8 with Booth recoding where the row has it.
        """
        base = self.base(row.lanes, row.booth and like)
        mine, theirs = getattr(row, figure), getattr(base, figure, None)
        return None if mine is None or not theirs else mine / theirs - 1

    def as_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "targets": list(self.targets),
            "tools": dict(self.tools),
            "terms": self.terms,
        }

    def to_csv(self) -> str:
        """Return a line for each row; what was not run is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(KEYS[:-1])
        for row in self.rows:
            values = [getattr(row, key) for key in KEYS[:-1]]
            writer.writerow(["" if value is None else value for value in values])
        return text.getvalue()
