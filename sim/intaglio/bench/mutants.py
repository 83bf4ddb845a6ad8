"""One-line breaks of the gates, each with the rows that must notice it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A break of one line.

    Parameters
    ----------
    name : str
        What is broken.
    module : str
        Module of :mod:`intaglio.gateware`.
    find, replace : str
        Text that occurs exactly once in the module, and what it becomes.
    rows : tuple of str
        Rows of the bench table, tried in order until one fails.
    """

    name: str
    module: str
    find: str
    replace: str
    rows: tuple[str, ...]


MUTANTS = (
    Mutant(
        "rounding-constant",
        "requantise_lane",
        "doubles = product[base] & (~negative | product[:base].any())",
        "doubles = product[base]",
        ("requantise-double",),
    ),
    Mutant(
        "rounding-ties-up",
        "requantise_lane",
        "~upward | ~negative | shifted.sticky,",
        "~upward | upward,",
        ("requantise-single-up",),
    ),
    Mutant(
        "rounding-ties-even",
        "requantise_lane",
        "shifted.sticky | whole[0],",
        "guard,",
        ("requantise-fp32-rne",),
    ),
    Mutant(
        "padding-value",
        "gather",
        "padded[0][p]), self.pad_value, 0)",
        "padded[0][p]), 0, 0)",
        ("gather-tiny",),
    ),
    Mutant(
        "accumulator-clear",
        "pe",
        "acc, added, self.first, self.part)",
        "acc, added, Const(0), self.part)",
        ("array-broadcast-tiny",),
    ),
    Mutant(
        "address-wrap",
        "lane_place",
        "place.column >= step.edge",
        "place.column > step.edge",
        ("window-tiny",),
    ),
    Mutant(
        "image-edge",
        "window",
        "(x < command.in_w)",
        "(x <= command.in_w)",
        ("window-tiny",),
    ),
    Mutant(
        "lane-mask",
        "window",
        "(p < request.tap.count) & taps.present[d]",
        "taps.present[d]",
        ("window-tiny",),
    ),
    Mutant(
        "channel-mask",
        "operands",
        "inside = Mux(self.depthwise, spreads, self.group > (1 << level))",
        "inside = Mux(self.depthwise, spreads, 1)",
        ("array-groups-tiny",),
    ),
    Mutant(
        "spread-mask",
        "operands",
        "spreads = self.spread >= config.channels >> level",
        "spreads = self.spread > config.channels >> level",
        ("array-spread-tiny",),
    ),
    Mutant(
        "tap-mask",
        "taps",
        "(column + d < command.kernel_w)",
        "(column + d <= command.kernel_w)",
        ("window-tiny",),
    ),
    Mutant(
        "list-ahead",
        "taps",
        "Mux(self.advance, Mux(self.last, 0, word + 1), word)",
        "Mux(self.advance, word + 1, word)",
        ("window-tiny-lists",),
    ),
    Mutant(
        "list-row",
        "window",
        "tap_y.eq(Mux(command.listed, tap.y, taps.y))",
        "tap_y.eq(taps.y)",
        ("window-tiny-lists",),
    ),
    Mutant(
        "paired-wrap",
        "cursor",
        "wraps = moved >= self.channels",
        "wraps = moved > self.channels",
        ("array-paired-default",),
    ),
    Mutant(
        "fold-empty-half",
        "fold",
        "self.o.payload[q].eq(0)",
        "self.o.payload[q].eq(kept[0][q])",
        ("fold-tiny", "fold-deep"),
    ),
    Mutant(
        "weight-restart",
        "array",
        "offset.eq(Mux(ends_tile, 0, offset + self.weight_step))",
        "offset.eq(offset + self.weight_step)",
        ("array-broadcast-tiny",),
    ),
    Mutant(
        "maximum-sign",
        "vector",
        "(most > so_far[k])",
        "(most.as_unsigned() > so_far[k].as_unsigned())",
        ("vector-max-tiny",),
    ),
    Mutant(
        "table-offset",
        "vector",
        ".as_unsigned() ^ (CODES // 2)",
        ".as_unsigned()",
        ("vector-add-tiny",),
    ),
    Mutant(
        "burst-4-kib",
        "bursts",
        "longest_burst(config)",
        "config.burst_beats",
        ("bursts-4-kib",),
    ),
    Mutant(
        "wait-compare",
        "dispatch",
        "self.completed[k] >= self.i.payload",
        "self.completed[k] + 1 >= self.i.payload",
        ("dispatch",),
    ),
    Mutant(
        "read-fault",
        "load",
        "take & r.payload.resp[1]",
        "take & r.payload.resp[0]",
        ("load-engine",),
    ),
    Mutant(
        "write-fault-address",
        "store",
        "self.fault.address.eq(flights.o.payload.addr)",
        "self.fault.address.eq(aw.payload.addr)",
        ("store-engine",),
    ),
    Mutant(
        "part-of-a-word",
        "load",
        'whole.eq(divides(beats, fields["row_beats"]))',
        "whole.eq(1)",
        ("reader",),
    ),
    Mutant(
        "first-fault",
        "life",
        "for source in reversed(SOURCES):",
        "for source in SOURCES:",
        ("life",),
    ),
    Mutant(
        "cause-twice",
        "causes",
        "holds & ~earlier",
        "holds",
        ("causes",),
    ),
    Mutant(
        "row-after-row",
        "sequencer",
        "with m.Elif(state.rows != 1):",
        "with m.Elif(state.rows > 2):",
        ("accelerator-in-order-stalls-0.3",),
    ),
    Mutant(
        "burst-of-a-row",
        "sequencer",
        "length.eq(Mux(left < bound, left, bound))",
        "length.eq(bound)",
        ("accelerator-in-order-stalls-0.3",),
    ),
)
