"""A lane that is switched between precisions at run time."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, ResetSignal, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import shape
from intaglio.gateware.low_product import LowProduct
from intaglio.gateware.multiplier import Multiplier
from intaglio.gateware.shared import SharedComponent, instance
from intaglio.spec.formats import signed
from intaglio.spec.precisions import Precisions

SPACING = 7  # bits between two products of 4-bit codes
PORT = signed(18)


class RuntimeLane(SharedComponent):
    """Multiply D bytes by D bytes as codes of 4, 8 or 16 bits, and accumulate.

    One multiplier a byte: at 16 bits every other one takes two bytes, at 4 bits each makes four
    products, which are told apart behind the sum over D.

    Parameters
    ----------
    precisions : Precisions
        What it can be switched to.
    depth : int
        D, multipliers: a power of two, 2 to 8.
    longest : int
        Payloads of the longest sum; accumulators are as wide as it needs.
    part : str
        As :class:`intaglio.gateware.multiplier.Multiplier`.

    Members
    -------
    move : In(1)
    valid, last : In(1), precision : In(index into `precisions.bits`)
        With the operands; one precision from the first payload of a sum to its last.
    act, wgt : In(D bytes)
        :func:`intaglio.spec.precisions.codes`.
    sums : Out(1 sum, or 4 where 4 bits are possible)
        The drain copy; a sum that a precision does not have is 0. At 4 bits that of pixel i and
        channel j is number ``2 * i + j``.
    done : Out(1)
        `sums` are complete, until the next move.

    Timing
    ------
    `latency_cycles` moves from the last operands.

    Golden: :func:`intaglio.golden.products.runtime_sums`.
    """

    def __init__(
        self, precisions: Precisions, depth: int, longest: int, part: str = "generic"
    ) -> None:
        self.precisions, self.depth, self.part = precisions, depth, part
        self.block = Multiplier(PORT, PORT, part)
        self.levels = (depth - 1).bit_length()
        self.low = LowProduct(1 + self.levels, part)
        self.four = 4 in precisions.bits
        self.parts = (self.block, self.low) if self.four else (self.block,)
        fields = 3 if self.four else 0
        self.latency_cycles = Multiplier.latency_cycles + self.levels + fields + 1
        widths = {
            bits: precisions.sum_format(bits, depth, longest).bits for bits in precisions.bits
        }
        self.narrow = signed(widths.get(4, 1))
        self.wide = signed(max(widths.values()))
        self.module_name = f"intaglio_runtime_{precisions.name}_d{depth}_n{longest}_{part}"
        super().__init__(
            {
                **{name: In(1) for name in ("move", "valid", "last")},
                "precision": In(range(len(precisions.bits))),
                "act": In(8 * depth),
                "wgt": In(8 * depth),
                "sums": Out(data.ArrayLayout(shape(self.wide), 4 if self.four else 1)),
                "done": Out(1),
            }
        )
        self._MustUse__silence = True

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cycles = self.latency_cycles - 1
        valid, last = Signal(cycles), Signal(cycles)
        with m.If(self.move):
            m.d.sync += [
                valid.eq(valid << 1 | self.valid),
                last.eq(last << 1 | (self.valid & self.last)),
                self.done.eq(last[-1]),
            ]

        wholes: list[Value] = []
        lows: list[list[Value]] = [[], [], []]
        for d in range(self.depth):
            a, b = Signal(shape(PORT), name=f"a_{d}"), Signal(shape(PORT), name=f"b_{d}")
            whole = Signal(self.block.form.bits, name=f"whole_{d}")
            m.d.comb += [a.eq(self._port(self.act, d, 14)), b.eq(self._port(self.wgt, d, 7))]
            m.submodules[f"block_{d}"] = instance(
                self.block, move=self.move, a=a, b=b, product=whole
            )
            wholes.append(whole.as_signed())
            if self.four:
                self._low_products(m, d, lows)
        total = self._sum(m, wholes, "total")
        totals = [total]
        if self.four:
            totals = self._fields(m, total, [self._sum(m, low, "low", modulo=True) for low in lows])

        for n, value in enumerate(totals):
            acc = Signal(shape(self.narrow if n else self.wide), name=f"acc_{n}", reset_less=True)
            more = Signal(acc.shape(), name=f"more_{n}")
            m.d.comb += more.eq(acc + value)
            with m.If(self.move & valid[-1]):
                m.d.sync += acc.eq(more)
            # A sum that a reset breaks off must not go into the next one.
            with m.If(self.move & last[-1] | ResetSignal()):
                m.d.sync += [acc.eq(0), self.sums[n].eq(more)]
        return m

    def _is(self, bits: int) -> Value:
        """Return whether the operands at the ports are of `bits` bits."""
        if bits not in self.precisions.bits:
            return Const(0, 1)
        return self.precision == self.precisions.bits.index(bits)

    def _port(self, operand: Value, d: int, spacing: int) -> Value:
        """Return what the multiplier of byte `d` takes; at 4 bits two codes, `spacing` apart."""
        byte = operand.word_select(d, 8)
        value: Value = byte.as_signed()
        if self.four:
            first, second = byte[:4], byte[4:].as_signed()
            if spacing > SPACING:
                # Half a range is added to the first pixel, which is then not negative.
                packed = Cat(first ^ 8, Const(0, spacing - 4), second).as_signed()
            else:
                packed = (second << spacing) + first.as_signed()
            value = Mux(self._is(4), packed, value)
        if 16 in self.precisions.bits:
            word = operand.word_select(d // 2, 16).as_signed() if d % 2 == 0 else Const(0, 1)
            value = Mux(self._is(16), word, value)
        return value

    def _low_products(self, m: Module, d: int, lows: list[list[Value]]) -> None:
        """Place the low bits of the three upper products of byte `d`."""
        bits = 1 + self.levels
        act, wgt = self.act.word_select(d, 8), self.wgt.word_select(d, 8)
        for n, (i, j) in enumerate(((0, 1), (1, 0), (1, 1))):
            low = Signal(bits, name=f"low_{d}_{n}")
            raised = act[:4] ^ 8 if i == 0 else act[4:]
            m.submodules[f"low_{d}_{n}"] = instance(
                self.low,
                move=self.move,
                a=raised[:bits],
                b=wgt[4 * j : 4 * j + bits],
                product=low,
            )
            lows[n].append(low)

    def _sum(self, m: Module, values: list[Value], name: str, *, modulo: bool = False) -> Value:
        """Return the sum, a register a level; `modulo`: as wide as the values."""
        width = len(values[0])
        while len(values) > 1:
            values = [
                self._keep(m, (a + b)[:width] if modulo else a + b, name)
                for a, b in zip(values[::2], values[1::2], strict=True)
            ]
        return values[0]

    def _fields(self, m: Module, total: Value, lows: list[Value]) -> list[Value]:
        """Return the four sums at 4 bits, the first of which is the sum at 8 and 16 bits."""
        four = self._delayed(m, self._is(4), self.latency_cycles - 2)
        kept, rest, out = total, total, []
        bits = 5 * SPACING  # what the sums of four products take
        rest = rest[:bits].as_signed()
        for n in range(3):
            top = (rest[SPACING : SPACING + len(lows[0])] - lows[0])[: len(lows[0])]
            out.append(Cat(rest[:SPACING], top).as_signed())
            rest = (rest[SPACING:].as_signed() - top.as_signed())[: len(rest) - SPACING]
            rest = rest.as_signed()
            lows = [self._keep(m, low, f"later_{n}") for low in lows[1:]]
            if n < 2:
                rest = self._keep(m, rest, f"rest_{n}")
                kept = self._keep(m, kept, f"kept_{n}")
                out = [self._keep(m, field, f"field_{n}") for field in out]
        first = self._keep(m, Mux(four, out[0], kept), "first")
        # What the other precisions do not have is held at 0 by the registers' reset.
        last = [*out[1:], rest]
        others = [Signal(v.shape(), name=f"other_{n}", reset_less=True) for n, v in enumerate(last)]
        for register, value in zip(others, last, strict=True):
            with m.If(self.move):
                m.d.sync += register.eq(value)
            with m.If(self.move & ~four):
                m.d.sync += register.eq(0)
        return [first, *others]

    def _delayed(self, m: Module, value: Value, cycles: int) -> Value:
        for n in range(cycles):
            value = self._keep(m, value, f"delayed_{n}")
        return value

    def _keep(self, m: Module, value: Value, name: str) -> Value:
        register = Signal(value.shape(), reset_less=True, name=name)
        with m.If(self.move):
            m.d.sync += register.eq(value)
        return register
