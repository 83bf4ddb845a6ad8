"""The configurations that area and clock models are fitted to, small ones first.

Two kinds, each fitted alone: queues of commands and three engines that overlap, or one command at
a time. Of each kind every parameter that costs gates has two values or more, each in two rows or
more, so that a fit knows it with any row left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS, TFLITE
from intaglio.spec.quant import Rounding
from intaglio.spec.rounding import REFERENCE_MODES

TWO = (Rounding.DOUBLE, Rounding.SINGLE_AWAY)
LITTLE = {"acts_kib": 16, "weights_kib": 8, "params_kib": 4, "burst_beats": 16, "outstanding": 2}
MIDDLE = {"acts_kib": 64, "weights_kib": 32, "params_kib": 16}


def configurations() -> tuple[ArrayConfig, ...]:
    """Return the grid: both kinds."""
    return (*queued(), *serial())


def queued() -> tuple[ArrayConfig, ...]:
    """Return configurations whose commands wait in queues, for parts of 10,000 LUTs and more."""
    base = ArrayConfig()
    return (
        _row(base, 1, 4, 1, 1, **LITTLE),
        _row(base, 1, 4, 2, 1, roundings=TWO, grouped=False, **LITTLE),
        _row(base, 2, 4, 1, 2, **LITTLE),
        _row(base, 2, 4, 2, 1, roundings=TWO, **LITTLE),
        PRESETS["tiny"],
        PRESETS["tangnano20k"],
        _row(base, 1, 8, 1, 1, grouped=False, **MIDDLE),
        _row(base, 1, 8, 2, 2, **MIDDLE),
        PRESETS["ulx3s-25f"],
        PRESETS["small"],
        _row(base, 4, 4, 2, 1, roundings=TWO, **MIDDLE),
        _row(base, 1, 16, 1, 2, roundings=TWO, **MIDDLE),
        _row(base, 2, 8, 2, 4, **MIDDLE),
        _row(base, 4, 8, 1, 1, **MIDDLE),
        _row(base, 2, 16, 1, 4, roundings=TWO, **MIDDLE),
        base,
    )


def serial() -> tuple[ArrayConfig, ...]:
    """Return configurations of one command at a time, around the preset of the smallest part."""
    base = PRESETS["icebreaker"]
    long = {"max_terms": ArrayConfig().max_terms, "outstanding": 2}
    return (
        base,
        _serial(base, (1, 4, 1, 2), (1, 1, 1), 17, counters=True),
        _serial(base, (1, 4, 1, 1), (2, 2, 1), 20, roundings=REFERENCE_MODES, counters=True),
        _serial(base, (1, 4, 2, 1), (2, 2, 1), 20),
        _serial(base, (2, 4, 1, 1), (2, 1, 1), 24),
        _serial(base, (1, 8, 1, 1), (2, 2, 1), 17),
        _serial(base, (1, 4, 1, 1), (4, 2, 1), 32, grouped=True, **long),
        _serial(base, (1, 8, 2, 1), (4, 4, 2), 20, counters=True),
        _serial(base, (1, 8, 1, 2), (4, 4, 2), 32, roundings=TFLITE, counters=True),
        _serial(base, (2, 4, 2, 1), (4, 4, 2), 24, roundings=REFERENCE_MODES, **long),
        _serial(base, (2, 8, 1, 1), (16, 8, 4), 32, roundings=TFLITE, counters=True, **long),
        _serial(base, (2, 8, 1, 2), (8, 8, 4), 32, grouped=True, counters=True),
    )


def _row(
    base: ArrayConfig, pixels: int, channels: int, depth: int, lanes: int, **more: Any
) -> ArrayConfig:
    name = f"p{pixels}k{channels}d{depth}q{lanes}"
    name += "r2" if more.get("roundings") else ""
    name += "n" if more.get("grouped") is False else ""
    shape = replace(base, pixels=pixels, channels=channels, depth=depth, requant_lanes=lanes)
    return replace(shape, name=name, **more)


def _serial(
    base: ArrayConfig,
    shape: tuple[int, int, int, int],
    kib: tuple[int, int, int],
    address_bits: int,
    **more: Any,
) -> ArrayConfig:
    """Return a row of P, K, D, Q and sizes of the three memories; the rest is as in `base`."""
    row = _row(base, *shape, address_bits=address_bits, **more)
    acts, weights, params = kib
    name = f"serial-{row.name.removesuffix('r2')}"
    name += f"r{len(row.roundings)}" if "roundings" in more else ""
    name += "g" if row.grouped else ""
    name += "c" if row.counters else ""
    return replace(row, name=name, acts_kib=acts, weights_kib=weights, params_kib=params)
