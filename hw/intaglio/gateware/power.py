"""Power codes: raised to their power before the product, or the product raised after it."""

from __future__ import annotations

from typing import Any

from amaranth import Array, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.gateware.minifloat_dot import dot_layout
from intaglio.gateware.stages import Stages, handshake
from intaglio.spec.codes import accumulator_format
from intaglio.spec.codes_power import PowerFormat
from intaglio.spec.errors import ConfigError, Finding


def _size(code: Value) -> Value:
    """Return the magnitude of a two's-complement code."""
    return Mux(code[-1], -code, code)[: len(code)]


class PowerDot(Component):
    """Accumulate the products of N lanes of power codes exactly.

    o = sum over payloads from `first` to `last`, and over lanes, of value(act) * value(wgt).

    Parameters
    ----------
    form : PowerFormat
        Format of both operands.
    lanes : int
        N, products summed in a cycle.
    terms : int
        Longest sum of products; it decides the accumulator's width.

    Members
    -------
    i : In(stream of N act, N wgt, first, last)
    o : Out(stream of accumulator_format(form, form, terms))
        In units of 2**-(2 * form.point).

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum; one payload a cycle; stops while ``o``
    is valid and not ready.

    Golden: :func:`intaglio.golden.power.dot`.

    Source: NUPES; exact because the power is taken of integers.
    """

    latency_cycles = 4

    def __init__(self, form: PowerFormat, lanes: int = 1, terms: int = 512) -> None:
        self.form, self.lanes = form, lanes
        self.acc = accumulator_format(form, form, terms)
        self.one = accumulator_format(form, form, 1)
        super().__init__(
            {
                "i": In(stream.Signature(dot_layout(form.bits, form.bits, lanes))),
                "o": Out(stream.Signature(shape(self.acc))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        codes = self.i.payload
        products, first, last = self._products(m, pipe, codes)
        total, first, last = pipe.cut(sum(products[1:], products[0]), first, last)
        acc = Signal(shape(self.acc), reset_less=True)
        with m.If(pipe.move & pipe.valid):
            m.d.sync += acc.eq(Mux(first, 0, acc) + total)
        (last,) = pipe.cut(last)
        m.d.comb += [self.o.payload.eq(acc), self.o.valid.eq(pipe.valid & last)]
        return m

    def _products(self, m: Module, pipe: Stages, codes: Any) -> tuple[list[Value], Value, Value]:
        """Return the signed products of all lanes, `first` and `last`, after two stages."""
        raise NotImplementedError

    def _signed(self, m: Module, negative: Value, magnitude: Value) -> Signal:
        """Return a product with its sign."""
        result = Signal(shape(self.one))
        # A signal of its own: written twice, the product would be two in the netlist.
        size = Signal(len(result))
        m.d.comb += [size.eq(magnitude), result.eq(Mux(negative, -size, size))]
        return result


class PowerPreDot(PowerDot):
    """Decode each code to its value by table, then multiply.

    Any power, with fraction bits or without. Parameters, Members, Timing, Golden: as
    :class:`PowerDot`.
    """

    def _products(self, m: Module, pipe: Stages, codes: Any) -> tuple[list[Value], Value, Value]:
        table = self.form.table()
        sizes = Array(int(table[n]) for n in range(1 << (self.form.bits - 1)))
        lowest = -int(table[1 << (self.form.bits - 1)])
        factors = []
        for n in range(self.lanes):
            for code in (codes.act[n], codes.wgt[n]):
                size = Signal(range(lowest + 1))
                low = code == 1 << (self.form.bits - 1)
                m.d.comb += size.eq(Mux(low, lowest, sizes[_size(code)[:-1]]))
                factors += [code[-1], size]
        *kept, first, last = pipe.cut(*factors, codes.first, codes.last)
        products = [
            self._signed(m, kept[at] ^ kept[at + 2], kept[at + 1] * kept[at + 3])
            for at in range(0, len(kept), 4)
        ]
        *done, first, last = pipe.cut(*products, first, last)
        return list(done), first, last


class PowerPostDot(PowerDot):
    """Multiply the codes, then raise the product to the power, an integer.

    Parameters, Members, Timing, Golden: as :class:`PowerDot`; the sums are those of
    :class:`PowerPreDot` to the bit.

    Raises
    ------
    ConfigError
        E203: the power of `form` is not an integer.
    """

    def __init__(self, form: PowerFormat, lanes: int = 1, terms: int = 512) -> None:
        if not form.whole:
            raise ConfigError(
                Finding(
                    "E203",
                    f"the product of {form} codes cannot be raised to {form.power}",
                    where="format.power",
                    have=str(form.power),
                    need="an integer",
                    help="decode before the product: PowerPreDot",
                )
            )
        super().__init__(form, lanes, terms)

    def _products(self, m: Module, pipe: Stages, codes: Any) -> tuple[list[Value], Value, Value]:
        parts = []
        for n in range(self.lanes):
            act, wgt = codes.act[n], codes.wgt[n]
            parts += [act[-1] ^ wgt[-1], _size(act) * _size(wgt)]
        *kept, first, last = pipe.cut(*parts, codes.first, codes.last)
        products = []
        for at in range(0, len(kept), 2):
            power = base = kept[at + 1]
            for _ in range(int(self.form.power) - 1):
                power = power * base
            products.append(self._signed(m, kept[at], power))
        *done, first, last = pipe.cut(*products, first, last)
        return list(done), first, last
