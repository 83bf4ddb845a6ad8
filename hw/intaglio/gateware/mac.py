"""Lanes of any kind of product between two streams: one, a row, or an array of rows."""

from __future__ import annotations

from itertools import pairwise

from amaranth import Module, ResetSignal, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.lane import Lane, LaneRow
from intaglio.gateware.layout import shape
from intaglio.gateware.product import Product
from intaglio.gateware.shared import Holder, instance
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import signed
from intaglio.spec.groups import require_accumulator


class MacLane(Holder):
    """Multiply and accumulate: `depth` products a cycle in each lane, summed up to `last`.

    o[r, c, n] = sum over payloads and d of product n of operand set d, whose activations are row
    r's and whose weights are column c's; see :class:`intaglio.gateware.product.Product` for a
    product. Zero points and surpluses do not reach the gates:
    :func:`intaglio.spec.operands.folded_bias` puts them into the bias.

    Parameters
    ----------
    product : Product
        What multiplies: operators, rows, a shared multiplier, shifts.
    depth : int
        D, products side by side in a lane: 1 to 64.
    acc_bits : int
        Width of the accumulators: 32, 40, 48, or any that holds the longest sum.
    longest : int
        Payloads of the longest sum.
    columns, rows : int
        Lanes that share activations, and rows that share weights: 1 to 64 each.

    Members
    -------
    i : In(stream of act, wgt, last)
        Operands of row or column 0 first, within it those of product d = 0 first.
    o : Out(stream of the sums of a row)
        Column 0 first; one payload a row, row 0 first.

    Timing
    ------
    One payload a cycle; a sum follows its last payload by `latency_cycles`: the product's, one for
    each level of the sum over D, one for the accumulator, and one where rows leave one by one.
    Lanes wait while sums are complete and those before them have not left.

    Raises
    ------
    ConfigError
        E203: a number is outside its range. E402: an accumulator is narrower than the longest sum
        needs.

    Golden: :func:`intaglio.golden.products.lane_sums`.
    """

    def __init__(
        self,
        product: Product,
        depth: int,
        acc_bits: int,
        longest: int,
        columns: int = 1,
        rows: int = 1,
    ) -> None:
        findings = [
            Finding("E203", f"{key} is {have}", f"lane.{key}", str(have), "1 to 64", f"set {key}")
            for key, have in (("depth", depth), ("columns", columns), ("rows", rows))
            if not 1 <= have <= 64
        ]
        if findings:
            raise ConfigError(findings)
        count = depth * longest
        require_accumulator(signed(acc_bits), product.sum_format(count), f"{count} products")
        self.multiplier, self.depth, self.acc = product, depth, signed(acc_bits)
        self.columns, self.rows = columns, rows
        self.row = LaneRow(Lane(product, depth, self.acc), columns)
        self.parts = (self.row,)
        self.latency_cycles = self.row.lane.latency_cycles + (rows > 1)
        self.act_count = product.terms * product.pixels
        self.wgt_count = product.terms * product.channels
        self.results = product.pixels * product.channels
        payload = {
            "act": data.ArrayLayout(shape(product.operands.act), rows * depth * self.act_count),
            "wgt": data.ArrayLayout(shape(product.operands.wgt), columns * depth * self.wgt_count),
            "last": 1,
        }
        sums = data.ArrayLayout(shape(self.acc), columns * self.results)
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(payload))),
                "o": Out(stream.Signature(sums)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move, done = Signal(), Signal()
        m.d.comb += self.i.ready.eq(move)

        # What goes with the operands through the products.
        delay = self.row.lane.latency_cycles - 1
        valid, last = Signal(delay), Signal(delay)
        take, end = Signal(), Signal()
        with m.If(move):
            m.d.sync += [
                valid.eq(valid << 1 | self.i.valid),
                last.eq(last << 1 | (self.i.valid & self.i.payload.last)),
                done.eq(last[-1]),
            ]
        # A sum that a reset breaks off must not go into the next one.
        m.d.comb += [take.eq(move & valid[-1]), end.eq(move & last[-1] | ResetSignal())]

        act = Value.cast(self.i.payload.act)
        sums = [Signal(len(self.row.sums), name=f"sums_{r}") for r in range(self.rows)]
        for r in range(self.rows):
            m.submodules[f"row_{r}"] = instance(
                self.row,
                move=move,
                take=take,
                end=end,
                act=act.word_select(r, len(self.row.act)),
                wgt=Value.cast(self.i.payload.wgt),
                sums=sums[r],
            )
        out = Value.cast(self.o.payload)
        if self.rows == 1:
            m.d.comb += [
                move.eq(~done | self.o.ready),
                self.o.valid.eq(done),
                out.eq(sums[0]),
            ]
            return m

        # Rows leave one by one: each moves down to the row before it.
        left = Signal(range(self.rows + 1))
        free = Signal()
        chain = [Signal(len(out), name=f"leaving_{r}", reset_less=True) for r in range(self.rows)]
        m.d.comb += [
            free.eq((left == 0) | ((left == 1) & self.o.ready)),
            move.eq(~done | free),
            self.o.valid.eq(left != 0),
            out.eq(chain[0]),
        ]
        with m.If(done & free):
            m.d.sync += [left.eq(self.rows), *(c.eq(s) for c, s in zip(chain, sums, strict=True))]
        with m.Elif(self.o.valid & self.o.ready):
            m.d.sync += [left.eq(left - 1), *(a.eq(b) for a, b in pairwise(chain))]
        return m
