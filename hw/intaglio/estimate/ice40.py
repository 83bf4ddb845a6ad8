"""The published currents of an iCE40UP5K: a fit, and what it says of rows that it has not seen.

I_core = I_static + I_oscillator [HFOSC] + f * (I_clock + cells * I_cell), in uA and MHz.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from intaglio.estimate.fit import Fit, fit
from intaglio.spec.errors import Finding, ModelError

FEATURES = ("static", "oscillator", "clock", "cells")
MULTIPLIES = "Math"
SMALL = 28  # logic cells of the smallest design, which stand in the clock's own term
COLUMNS = ("row", "group", "description", "clock_source", "clock_mhz", "lcs", "dsp", "core_ua")


@dataclass(frozen=True)
class Seen:
    """One measured row with what a fit to all other rows says."""

    row: int
    description: str
    kind: str
    measured: float
    error: float


def leave_one_out(text: str, where: str = "ice40_power.csv") -> tuple[Fit, list[Seen]]:
    """Return the fit to all rows and the error on each row left out.

    ``kind`` of a row is ``"static and clock"`` for the smallest design at any clock, else
    ``"logic"``. Rows that multiply are told by the fit to counters, which toggle far less. Rows
    with a PLL, a driver, or without a clock source have terms of their own and are not told.

    Raises
    ------
    ModelError
        E314: columns are missing.
    """
    table = list(csv.DictReader(io.StringIO(text)))
    missing = [name for name in COLUMNS if not table or name not in table[0]]
    if missing:
        raise ModelError(
            Finding(
                "E314",
                f"{where} has no column {', '.join(missing)}",
                where=where,
                have=", ".join(table[0]) if table else "no rows",
                need=", ".join(COLUMNS),
                help="give the table of measured currents",
            )
        )
    rows = [row for row in table if _modelled(row)]
    counters = [row for row in rows if MULTIPLIES not in row["description"]]
    found = fit(
        FEATURES, [_features(row) for row in counters], [float(row["core_ua"]) for row in counters]
    )
    seen = []
    errors = iter(found.left_out)
    for row in rows:
        current = float(row["core_ua"])
        alone = MULTIPLIES not in row["description"]
        error = next(errors) if alone else found.at(_features(row)) / current - 1
        small = float(row["lcs"]) <= SMALL + 4
        kind = "static and clock" if alone and small else "logic"
        seen.append(Seen(int(row["row"]), row["description"], kind, current, error))
    return found, seen


def _modelled(row: Mapping[str, str]) -> bool:
    return (
        row["group"] == "design"
        and row["clock_source"] in ("external", "hfosc", "lfosc", "external_halted")
        and row["lcs"] != ""
    )


def _features(row: Mapping[str, str]) -> dict[str, float]:
    clock = float(row["clock_mhz"] or 0)
    return {
        "static": 1.0,
        "oscillator": float(row["clock_source"] == "hfosc"),
        "clock": clock,
        "cells": clock * max(float(row["lcs"]) - SMALL, 0.0),
    }
