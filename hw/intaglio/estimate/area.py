"""What a configuration costs: LUTs and flip-flops by a fit, multipliers and block RAM exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from math import log2

from intaglio.estimate.fit import Fit, fit
from intaglio.estimate.grid import QUEUED, SERIAL, Grid, grid_of, kind_of
from intaglio.estimate.memories import block_rams, command_queues, multipliers
from intaglio.spec.config import ArrayConfig
from intaglio.spec.figure import Figure

UNITS = {"luteq": "LUT equivalent", "ff": "flip-flop", "dsp": "multiplier", "bram": "RAM block"}
# Parameters that the features below read, or that change no gates that count.
READ = {
    *("name", "target", "pixels", "channels", "depth", "requant_lanes", "roundings", "grouped"),
    *("acts_kib", "weights_kib", "params_kib", "max_terms", "burst_beats", "outstanding"),
}
READ_BY_KIND = {QUEUED: READ, SERIAL: READ | {"command_queue", "counters", "address_bits"}}
# What each is fitted with, the most telling first: the last ones need more rows.
AREA: dict[str, dict[str, tuple[str, ...]]] = {
    QUEUED: {
        "luteq": ("base", "macs", "requantise", "feed", "folding"),
        "ff": ("base", "columns", "requantise", "macs", "rounding", "bus"),
    },
    SERIAL: {
        "luteq": ("base", "macs", "requantise", "counters", "address", "gather"),
        "ff": ("base", "columns", "requantise", "counters", "macs", "address", "bus"),
    },
}
SPARE_ROWS = 2  # rows beyond the features of a fit, so that one can be left out
# A memory of 16 words in look-up tables: the bits of a cell, and what it counts.
LUT_MEMORY = {"ecp5": (4, 6), "generic": (4, 6), "gowin": (4, 4)}
CLOCK = ("base", "levels")


def features(config: ArrayConfig) -> dict[str, float]:
    """Return what area and delay grow with.

    ``base`` control and DMA; ``columns`` P * K accumulators, each with its place in the chain that
    drains them; ``macs`` P * K * D; ``requantise`` Q; ``feed`` P * K * D * log2(P * D), the network
    between banks and lanes; ``folding`` P * K * D with gates for groups and folded lanes;
    ``gather`` (P * D - 1) * K, the bytes that are chosen among banks; ``rounding`` Q times the
    rounding modes past the first; ``bus`` K, the bytes of a beat; ``counters`` 1 with performance
    counters; ``address`` bits of an address; ``levels`` log2 of the multipliers.
    """
    return {
        "base": 1.0,
        "columns": config.pixels * config.channels,
        "macs": config.macs,
        "requantise": config.requant_lanes,
        "feed": config.macs * log2(config.banks),
        "rounding": config.requant_lanes * (len(config.roundings) - 1),
        "bus": config.channels,
        "levels": log2(config.macs),
        "folding": config.macs if config.grouped else 0,
        "gather": (config.banks - 1) * config.channels,
        "counters": config.counters,
        "address": config.address_bits,
    }


def counted(config: ArrayConfig, name: str, family: str) -> float:
    """Return the LUT equivalents or flip-flops that are known without a fit.

    Where a configuration keeps its queues of commands out of block RAM: the look-up tables that
    hold them and the register behind each bit; on a part that has no such memory, a flip-flop for
    each bit of each word, and what chooses among the words, two of them to a look-up table.
    """
    if config.roomy:
        return 0.0
    queues = command_queues(config)
    if family not in LUT_MEMORY:
        return sum(q.bits * (q.words + 1 if name == "ff" else q.words / 2) for q in queues)
    if name == "ff":
        return float(sum(queue.bits for queue in queues))
    bits, luteq = LUT_MEMORY[family]
    return float(luteq * sum(-(-queue.bits // bits) for queue in queues))


@dataclass(frozen=True)
class AreaModel:
    """Fits of one family and kind.

    Parameters
    ----------
    grid : Grid
        What they were fitted to.
    luteq, ff : Fit
        Of LUT4 equivalents and flip-flops.
    period : Fit or None
        Of the clock period in ns; None where too few rows were routed.
    """

    grid: Grid
    luteq: Fit
    ff: Fit
    period: Fit | None

    def errors(self) -> dict[str, dict[str, float]]:
        """Return median and worst relative error on rows left out, for each quantity."""
        fits = {"luteq": self.luteq, "ff": self.ff, "fmax": self.period}
        return {
            name: {"median": found.median, "worst": found.worst, "rows": len(found.left_out)}
            for name, found in fits.items()
            if found is not None
        }


@cache
def area_model(family: str, kind: str = QUEUED) -> AreaModel | None:
    """Return the fits of `family` and `kind`; None where no grid has enough rows."""
    grid = grid_of(family, kind)
    if grid is None:
        return None
    values = [features(row.config) for row in grid.rows]
    routed = [(v, row.fmax) for v, row in zip(values, grid.rows, strict=True) if row.fmax]
    most = len(grid.rows) - SPARE_ROWS
    luteq, ff = (
        fit(
            names[:most],
            values,
            [row.resources[name] for row in grid.rows],
            [counted(row.config, name, family) for row in grid.rows],
        )
        for name, names in AREA[kind].items()
    )
    period, most = None, len(routed) - SPARE_ROWS
    if most > 0:
        period = fit(CLOCK[:most], [v for v, _ in routed], [1000 / f for _, f in routed])
    return AreaModel(grid, luteq, ff, period)


def unread(config: ArrayConfig) -> list[str]:
    """Return parameters away from their defaults that the fits know nothing of."""
    plain, read = ArrayConfig(), READ_BY_KIND[kind_of(config)]
    return [
        field.name
        for field in fields(ArrayConfig)
        if field.name not in read and getattr(config, field.name) != getattr(plain, field.name)
    ]


def estimate_area(config: ArrayConfig, family: str) -> dict[str, Figure]:
    """Return ``luteq``, ``ff``, ``dsp``, ``bram`` and ``fmax`` of `config` on `family`."""
    kind = kind_of(config)
    model, strange = area_model(family, kind), unread(config)
    missing = ""
    if strange:
        missing = f"no fit for {', '.join(strange)}"
    elif model is None:
        missing = f"no coefficient: no grid of {kind} {family} configurations"
    found = {}
    for name in AREA[kind]:
        found[name] = _none(name, missing) if missing else _fitted(name, config, family, model)
    counts: Mapping[str, tuple[int | None, str]] = {
        "dsp": (multipliers(config, family), "P*K*D, and those of Q requantiser lanes"),
        "bram": (
            block_rams(config, family),
            "blocks of each memory, in the lightest shape",
        ),
    }
    for name, (count, how) in counts.items():
        if count is None or strange:
            found[name] = _none(name, missing or f"no formula for this configuration on {family}")
        else:
            found[name] = Figure(count, UNITS[name], "estimated", how)
    found["fmax"] = _clock(config, family, model, missing)
    return found


def _fitted(name: str, config: ArrayConfig, family: str, model: AreaModel | None) -> Figure:
    if model is None:
        return _none(name, "no coefficient")
    chosen: Fit = getattr(model, name)
    value = round(chosen.at(features(config), counted(config, name, family)))
    low, high = chosen.band(value)
    how = (
        f"fit to {model.grid.stage}: {model.grid.tools}; left out: median "
        f"{chosen.median:.1%}, worst {chosen.worst:.1%}"
    )
    largest = max(row.resources[name] for row in model.grid.rows)
    if value > largest:
        how += f"; {value / largest:.1f} times the largest configuration of the fit"
    return Figure(value, UNITS[name], "estimated", how, round(low), round(high))


def _clock(config: ArrayConfig, family: str, model: AreaModel | None, missing: str) -> Figure:
    if missing or model is None or model.period is None or family == "generic":
        rows = f"{kind_of(config)} {family} configurations"
        why = missing or f"no coefficient: too few routed {rows}"
        return Figure(None, "MHz", "estimated", why)
    value = 1000 / model.period.at(features(config))
    low, high = model.period.band(value)
    routed = [row.resources["luteq"] for row in model.grid.rows if row.fmax]
    how = (
        f"fit to {len(routed)} routed periods: {model.grid.tools}; left out: median "
        f"{model.period.median:.1%}, worst {model.period.worst:.1%}"
    )
    size = model.luteq.at(features(config), counted(config, "luteq", family))
    if size > max(routed):
        how += f"; {size / max(routed):.1f} times the largest that was routed"
    return Figure(round(value, 1), "MHz", "estimated", how, round(low, 1), round(high, 1))


def _none(name: str, why: str) -> Figure:
    return Figure(None, UNITS[name], "estimated", why)
