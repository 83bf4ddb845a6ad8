"""Cycles of a COMPUTE command, counted as the gates count them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import IntArray
from intaglio.spec.lane import Precision
from intaglio.spec.registers import COMPUTE_CAUSES
from intaglio.spec.tap_list import Tap
from intaglio.spec.tensor import pixel_words
from intaglio.spec.window import tile_pixels

# Latencies of the blocks; tests compare each with the block's own `latency_cycles`.
ARRAY_CYCLES = 7  # a tile's last step to its first accumulators
VECTOR_CYCLES = 3  # a window's last tap to its first accumulators
DRAIN_CYCLES = 15  # accumulators to the written word
GATHER_CYCLES = 2  # a request's last pass to its words
START_CYCLES = 5  # a command is taken to its first request, without the P cycles of placing
SCALE_CYCLES = 2  # sums of groups pass their scales, where the array has these


@dataclass(frozen=True)
class ComputeCycles:
    """What a COMPUTE command takes.

    Parameters
    ----------
    total : int
        From its acceptance to its completion.
    steps : int
        Cycles in which the array or the vector unit took something.
    drain : int
        Cycles in which what was there waited for the drain, or all was taken and drained.
    """

    total: int
    steps: int
    drain: int

    @property
    def waits(self) -> int:
        """Cycles in which words were still to come, and the next ones were not there."""
        return self.total - self.steps - self.drain


def compute_cycles(fields: Mapping[str, int], config: ArrayConfig) -> ComputeCycles:
    """Return the cycles of a COMPUTE command with these field values.

    The pipeline is a chain of three queues: requests wait for a slot of the gather, words for the
    array, a tile's last step for the drain copy. Each event is the latest of what it waits for, so
    a tile only shifts the state it finds: tiles with one pattern of bank passes and one state
    before them take the same time, and are computed once.
    """
    operation = Operation(fields["operation"])
    passes = gather_passes(fields, config)
    tile = tile_pixels(operation, config)
    steps = _steps(fields, config, passes.shape[1])
    pipeline = _Pipeline(operation, config, fields)
    patterns = [tuple(pattern) for pattern in passes.tolist()]
    for _ in range(fields["out_blocks"]):
        left = fields["pixels"]
        for pattern in patterns:
            pipeline.tile(pattern, steps, min(left, tile))
            left -= tile
    total_steps = fields["out_blocks"] * len(patterns) * sum(steps)
    end = pipeline.end()
    drain = pipeline.waited + end - pipeline.now - pipeline.last
    return ComputeCycles(end, total_steps, drain)


def counters_of(fields: Mapping[str, int], taken: ComputeCycles) -> dict[str, int]:
    """Return what a COMPUTE adds to COMPUTE_CYCLES and to the causes that make it up."""
    on_array = Operation(fields["operation"]) in (Operation.CONV, Operation.DEPTHWISE)
    steps = (taken.steps, 0) if on_array else (0, taken.steps)
    parts = dict(zip(COMPUTE_CAUSES, (*steps, taken.waits, taken.drain), strict=True))
    return {"COMPUTE_CYCLES": taken.total, **parts}


def request_columns(fields: Mapping[str, int], config: ArrayConfig) -> int:
    """Return the tap columns that a request takes at once: D, but 1 for CONV that is not paired."""
    alone = Operation(fields["operation"]) is Operation.CONV and not fields["paired"]
    return 1 if alone else config.depth


def _steps(fields: Mapping[str, int], config: ArrayConfig, requests: int) -> list[int]:
    """Return the array steps of each request of a tile, input blocks innermost."""
    if fields["paired"]:
        row = -(-fields["kernel_w"] // request_columns(fields, config))
        return ([fields["steps"]] * (row - 1) + [fields["last_steps"]]) * (requests // row)
    return ([fields["steps"]] * (fields["in_blocks"] - 1) + [fields["last_steps"]]) * requests


def gather_passes(fields: Mapping[str, int], config: ArrayConfig) -> IntArray:
    """Return the passes of the gather for each tile (axis 0) and request (axis 1).

    A pass serves one word of each bank; a request whose lanes are all outside takes one pass too.
    Input blocks move all lanes alike and change nothing.
    """
    return _gather(fields, config)[0]


def gather_reads(fields: Mapping[str, int], config: ArrayConfig) -> int:
    """Return the words that the gather reads for one output block: each word of a request once."""
    again = 1
    if Operation(fields["operation"]) is Operation.CONV and not fields["paired"]:
        again = fields["in_blocks"]
    return again * int(_gather(fields, config)[1].sum())


_GATHERED = (
    *("operation", "listed", "paired", "kernel_h", "kernel_w", "pixels", "out_w"),
    *("in_h", "in_w", "y0", "x0"),
    *("stride_y", "stride_x", "dilation_y", "dilation_x", "window_y", "window_x", "tap_x"),
)


def _gather(fields: Mapping[str, int], config: ArrayConfig) -> tuple[IntArray, IntArray]:
    """Return passes and different words for each tile (axis 0) and request (axis 1)."""
    values = tuple(fields[name] for name in _GATHERED)
    return _gather_of(values, _taps(fields), config)


def _taps(fields: Mapping[str, Any]) -> tuple[Tap, ...]:
    """Return the taps of a list; none where all taps of the window are read."""
    if not fields["listed"]:
        return ()
    return tuple(fields["taps"])


@lru_cache(maxsize=1024)
def _gather_of(
    values: tuple[int, ...], taps: tuple[Tap, ...], config: ArrayConfig
) -> tuple[IntArray, IntArray]:
    fields = dict(zip(_GATHERED, values, strict=True))
    tile = tile_pixels(Operation(fields["operation"]), config)
    wide = request_columns(fields, config)
    windows = np.arange(-(-fields["pixels"] // tile) * tile).reshape(-1, tile, 1)
    i, j = np.divmod(windows, fields["out_w"])
    columns = range(0, fields["kernel_w"], wide)
    found = []
    for r, first in ((r, s) for r in range(fields["kernel_h"]) for s in columns):
        s = np.arange(first, min(first + wide, fields["kernel_w"]))
        places = s * fields["tap_x"], r * fields["dilation_y"], s * fields["dilation_x"]
        if fields["listed"]:
            places = tuple(np.array(taps[first : s[-1] + 1]).T)
        y = fields["y0"] + i * fields["stride_y"] + places[1]
        x = fields["x0"] + j * fields["stride_x"] + places[2]
        inside = (y >= 0) & (y < fields["in_h"]) & (x >= 0) & (x < fields["in_w"])
        inside &= windows < fields["pixels"]
        word = i * fields["window_y"] + j * fields["window_x"] + places[0]
        found.append(_fullest(np.where(inside, word, _NOWHERE), config.banks))
    passes, reads = zip(*found, strict=True)
    return np.stack(passes, axis=1), np.stack(reads, axis=1)


_NOWHERE = -(1 << 40)


def _fullest(words: IntArray, banks: int) -> tuple[IntArray, IntArray]:
    """Return the most different words of one bank, at least 1, and of all, for each tile."""
    flat = np.sort(words.reshape(len(words), -1), axis=1)
    fresh = np.ones(flat.shape, bool)
    fresh[:, 1:] = flat[:, 1:] != flat[:, :-1]
    fresh &= flat != _NOWHERE
    most = np.ones(len(flat), np.int64)
    for bank in range(banks):
        most = np.maximum(most, (fresh & (flat % banks == bank)).sum(axis=1))
    return most, fresh.sum(axis=1)


_State = tuple[int, int, tuple[int, int], int, int]
_Key = tuple[tuple[int, ...], int, _State]
_After = tuple[int, int, tuple[int, int], int, int]


class _Pipeline:
    """Times of the last events, relative to the last request's last pass."""

    def __init__(
        self, operation: Operation, config: ArrayConfig, fields: Mapping[str, int]
    ) -> None:
        self.config = config
        self.hold = bool(fields["hold"])
        # A folded window leaves the drain half a window later, unless it is a single payload.
        self.folding = config.drain_steps // 2 if fields["fold"] else 0
        # Outputs of 16 bits take two cycles a payload; groups with scales are drained one by one.
        self.slow = pixel_words(Precision(fields["out_precision"]).bits)
        self.group = config.lanes.group_steps if fields["scaled"] else 0
        self.place_in_group = 0
        self.unit = ARRAY_CYCLES + (SCALE_CYCLES if config.group_scale == "integer" else 0)
        self.on_array = operation in (Operation.CONV, Operation.DEPTHWISE)
        self.now = 0  # absolute cycle that the relative times below count from
        self.ready = START_CYCLES + config.pixels  # the next request may reach the gather
        self.shown = -1  # the last request reached the gather
        self.pops = (-9, -9)  # the last but one and the last word were taken
        self.last = -(10**6)  # the last step of the last tile was issued
        self.payloads = 0  # accumulator payloads of that tile
        self.waited = 0  # cycles that words waited for the drain copy
        self.known: dict[_Key, tuple[_After, int]] = {}

    def tile(self, passes: tuple[int, ...], steps: list[int], count: int) -> None:
        """Run one tile: every request, for every input block."""
        state = (self.ready, self.shown, self.pops, max(self.last, -(10**4)), self.payloads)
        key = (passes, count, state)
        if key not in self.known:
            waited = self._run(passes, steps, count)
            by = self.ready
            self._rebase(by)
            self.known[key] = (by, self.shown, self.pops, self.last, self.payloads), waited
        (by, self.shown, self.pops, self.last, self.payloads), waited = self.known[key]
        self.waited += waited
        self.ready = 0
        self.now += by

    def _run(self, passes: tuple[int, ...], steps: list[int], count: int) -> int:
        """Move on by a tile; return the cycles that its words waited for the drain copy."""
        before, previous = self.pops
        waited = 0
        blocks = len(steps) // len(passes)
        for n in range(len(steps)):
            self.shown = self.ready
            first = max(self.ready, before)
            last_pass = first + passes[n // blocks] - 1
            self.ready = last_pass + 1
            visible = max(last_pass + GATHER_CYCLES, previous + 1)
            taken = visible - 1
            for count_of_steps, ends in self._parts(steps[n], n == len(steps) - 1):
                taken += count_of_steps
                if ends and not self.hold:
                    late = max(self.last + self._wait() - taken, 0)
                    taken, waited = taken + late, waited + late
                    self.payloads = count * self.config.drain_steps * self.slow
                if ends:
                    self.last = taken
            before, previous = previous, taken
        self.pops = (before, previous)
        return waited

    def _parts(self, steps: int, ends_tile: bool) -> Iterator[tuple[int, bool]]:
        """Yield the steps of a request in parts, and whether a part ends what is drained."""
        left = steps if self.on_array else 1
        while left:
            part = min(left, self.group - self.place_in_group) if self.group else left
            left -= part
            ends = ends_tile and not left
            if self.group:
                self.place_in_group = (self.place_in_group + part) % self.group
                ends = self.place_in_group == 0
            yield part, ends

    def _wait(self) -> int:
        """Return the cycles from one tile's last step to the next one's, at least."""
        return max(self.payloads, ARRAY_CYCLES) if self.on_array else self.payloads

    def _rebase(self, by: int) -> None:
        self.shown -= by
        self.pops = (self.pops[0] - by, self.pops[1] - by)
        self.last -= by

    def end(self) -> int:
        """Return the cycle of completion."""
        if self.hold:
            return self.now + self.last + ARRAY_CYCLES
        unit = self.unit if self.on_array else VECTOR_CYCLES
        return self.now + self.last + unit + self.payloads - 1 + self.folding + DRAIN_CYCLES
