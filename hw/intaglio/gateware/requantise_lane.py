"""One requantiser lane: bias, multiply, round by mode, zero point, clamp."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import shape
from intaglio.gateware.multiplier import part_of
from intaglio.gateware.rounding import ShiftOut, leading_zeros
from intaglio.gateware.shared import SharedComponent, instance
from intaglio.gateware.wide_multiplier import WideMultiplier
from intaglio.spec.commands import COMPUTE, PARAM
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import INT32
from intaglio.spec.quant import FP32_MANTISSA_BITS, MULTIPLIER_FRACTION_BITS, Rounding

_PARAM = {field.name: field.format for field in PARAM.fields}
_FIELD = {field.name: field.format for field in COMPUTE.fields}


class RequantiseLane(SharedComponent):
    """Requantise one accumulator a cycle.

    out = clamp(round((acc + bias) * scale) + zero_point, low, high), rounded as `rounding` says.
    The arithmetic works on sign and magnitude: every mode is then an increment of the product, a
    shift to the right, and a rule for when to add one. DOUBLE and FP32_RNE round the product in
    place, so that all modes share the shifters.

    Parameters
    ----------
    config : ArrayConfig
        Gives the formats, the modes that there are gates for, and the target's multipliers.

    Members
    -------
    move : In(1)
        Advance the pipeline.
    acc : In(acc), bias, multiplier, shift : In
        Value and fields of PARAM. In FP32_RNE bit 23 of the multiplier is 1 unless it is 0, as
        :func:`intaglio.spec.quant.fp32_scale` makes it.
    rounding, zero_point, low, high : In
        Fields of COMPUTE; still while values are in flight.
    out : Out(out)
        The code.

    Timing
    ------
    Latency `latency_cycles` moves.

    Golden: :func:`intaglio.spec.quant.requantise`.
    """

    latency_cycles = 9 + WideMultiplier.latency_cycles

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        modes = "".join(str(int(mode)) for mode in sorted(config.roundings))
        factors = (config.acc.bits, _PARAM["multiplier"].bits)
        self.scale = WideMultiplier(*factors, part_of(config))
        self.parts = (self.scale,)
        self.module_name = (
            f"intaglio_requantise_lane_a{config.acc.bits}_o{config.out.bits}_m{modes}"
        )
        super().__init__(
            {
                "move": In(1),
                "acc": In(shape(config.acc)),
                "bias": In(shape(_PARAM["bias"])),
                "multiplier": In(shape(_PARAM["multiplier"])),
                "shift": In(shape(_PARAM["shift"])),
                "rounding": In(shape(_FIELD["rounding"])),
                "zero_point": In(shape(_FIELD["zero_point"])),
                "low": In(shape(_FIELD["low"])),
                "high": In(shape(_FIELD["high"])),
                "out": Out(shape(config.out)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = self.config.acc.bits
        double = self._is(Rounding.DOUBLE)
        floating = self._is(Rounding.FP32_RNE)

        # 1, 2, 3: bias; DOUBLE shifts left and wraps as 32-bit arithmetic does, FP32 to its sign.
        multiplier: Value = self.multiplier
        shift: Value = self.shift
        biased = Signal(shape(self.config.acc))
        m.d.comb += biased.eq(self.acc + self.bias)
        x: Value = self._stage(m, biased, "x_1")
        up: Value = self._stage(m, Mux(double & (shift > 0), shift[: _bits(bits)], 0), "up_1")
        if Rounding.FP32_RNE in self.config.roundings:
            signs = Signal(bits - 1)
            m.d.comb += signs.eq(x[:-1] ^ x[-1].replicate(bits - 1))
            up = Mux(floating, leading_zeros(m, signs), up)
        up = self._stage(m, up[: _bits(bits)], "up_2")
        x = self._stage(m, x, "x_2")
        moved = (x << up)[:bits].as_signed()
        if bits > INT32.bits:
            moved = Mux(double, moved[: INT32.bits].as_signed(), moved)
        x = self._stage(m, moved, "x_3")
        raised = self._stage(m, up, "up_3")

        # 4: sign and magnitude; FP32 rounds to 24 significant bits in place, ties to even.
        negative: Value = self._stage(m, x[-1], "negative_4")
        magnitude = Signal(bits)
        m.d.comb += magnitude.eq((x ^ x[-1].replicate(bits)) + x[-1])
        factor = self._significant(m, magnitude, floating)
        raised = self._stage(m, raised, "up_4")
        multiplier, shift = (
            self._later(m, value, 4, name)
            for value, name in ((multiplier, "multiplier"), (shift, "shift"))
        )

        # 5 to 8: multiply; the amount to shift right meanwhile.
        product = Signal(bits + len(multiplier))
        m.submodules.scale = instance(
            self.scale, move=self.move, a=factor, b=multiplier, product=product
        )
        amount = self._amount(m, shift, raised, double, floating)
        negative = self._later(m, negative, 4, "negative_8")

        # 9: the first rounding of DOUBLE, at 31 bits, and of FP32, to 24 bits.
        value = self._first_rounding(m, product, negative, double, floating)
        amount = self._stage(m, amount, "amount_9")
        negative = self._stage(m, negative, "negative_9")

        # 10, 11: the shift. One bit more than the widest output is enough: above it the clamp
        # decides.
        limit = _FIELD["zero_point"].bits + 1
        shifted = ShiftOut.of(value)
        levels = list(reversed(range(len(amount))))
        for level in levels[: len(levels) // 2]:
            shifted.step(m, level, amount[level], limit, "shifted")
        shifted = self._shifted(m, shifted, "10")
        amount = self._stage(m, amount, "amount_10")
        for level in levels[len(levels) // 2 :]:
            shifted.step(m, level, amount[level], limit, "shifted")
        shifted = self._shifted(m, shifted, "11")
        negative = self._later(m, negative, 2, "negative_11")

        # 12: second rounding, sign, zero point.
        offset = self._stage(m, self._rounded(m, shifted, negative, floating), "offset_12")

        # 13: clamp.
        low, high = self.low, self.high
        clamped = Mux(offset < low, low, Mux(offset > high, high, offset))
        m.d.comb += self.out.eq(
            self._stage(m, clamped[: self.config.out.bits].as_signed(), "clamped_13")
        )
        return m

    def _rounded(self, m: Module, shifted: ShiftOut, negative: Value, floating: Value) -> Value:
        """Return the rounded value with its sign, and the zero point added."""
        guard, whole = shifted.bits[0], shifted.bits[1:]
        upward = self._is(Rounding.SINGLE_UP) | self._is(Rounding.I64_Q15)
        even = floating
        if Rounding.SINGLE_RNE in self.config.roundings:
            even = floating | self._is(Rounding.SINGLE_RNE)
        one = Signal()
        m.d.comb += one.eq(
            guard
            & Mux(
                even,
                shifted.sticky | whole[0],
                ~upward | ~negative | shifted.sticky,
            )
        )
        rounded = Signal(len(whole) + 1)
        m.d.comb += rounded.eq((whole | shifted.over.replicate(len(whole))) + one)
        signed = Cat(rounded ^ negative.replicate(len(whole) + 1), negative).as_signed()
        return signed + negative + self.zero_point

    def _is(self, mode: Rounding) -> Value:
        """Return whether the mode is `mode`; a mode without gates is never."""
        return (self.rounding == mode) & (mode in self.config.roundings)

    def _stage(self, m: Module, value: Value, name: str) -> Signal:
        """Return a register that takes `value` when the pipeline moves."""
        register = Signal(value.shape(), reset_less=True, name=name)
        with m.If(self.move):
            m.d.sync += register.eq(value)
        return register

    def _later(self, m: Module, value: Value, cycles: int, name: str) -> Value:
        """Return `value` some cycles later."""
        for n in range(cycles):
            value = self._stage(m, value, f"{name}_{n}")
        return value

    def _shifted(self, m: Module, shifted: ShiftOut, name: str) -> ShiftOut:
        """Return registers of a shift under way."""
        return ShiftOut(
            self._stage(m, shifted.bits, f"shifted_{name}"),
            self._stage(m, shifted.sticky, f"sticky_{name}"),
            self._stage(m, shifted.over, f"over_{name}"),
        )

    def _significant(self, m: Module, magnitude: Value, floating: Value) -> Value:
        """Return the factor: `magnitude`, in FP32 with its low bits rounded away.

        Its highest 1 is then at the last bit but one, or it is a power of two one bit higher.
        """
        if Rounding.FP32_RNE not in self.config.roundings:
            return self._stage(m, magnitude, "factor_4")
        lost = len(magnitude) - 1 - FP32_MANTISSA_BITS
        sticky = magnitude[: lost - 1].any() | magnitude[lost]
        more = floating & magnitude[lost - 1] & sticky
        high = self._stage(m, (magnitude[lost:] + more)[: len(magnitude) - lost], "high_4")
        low = self._cleared(m, magnitude[:lost], floating, "low_4")
        return Cat(low, high)

    def _cleared(self, m: Module, value: Value, clear: Value, name: str) -> Signal:
        """Return a register of `value` that a mode holds at 0 by its reset, without gates."""
        register = Signal(value.shape(), reset_less=True, name=name)
        with m.If(self.move):
            m.d.sync += register.eq(value)
        with m.If(clear):
            m.d.sync += register.eq(0)
        return register

    def _amount(
        self, m: Module, shift: Value, raised: Value, double: Value, floating: Value
    ) -> Value:
        """Return how far to shift the product right, 4 cycles later."""
        width = self.config.acc.bits + _PARAM["multiplier"].bits
        base = Mux(floating, raised, MULTIPLIER_FRACTION_BITS)
        amount: Value = self._stage(m, base - Mux(double & (shift > 0), 0, shift), "amount_5")
        # FP32 alone goes beyond: to nothing, or to more than any code.
        most = (1 << _bits(width)) - 1
        bounded = Mux(amount < 0, 0, Mux(amount > most, most, amount))[: _bits(width)]
        return self._later(m, bounded, 3, "amount_8")

    def _first_rounding(
        self, m: Module, product: Value, negative: Value, double: Value, floating: Value
    ) -> Value:
        """Return the product, rounded in place by the modes that round twice.

        FP32 finds the highest of its 24 bits at one of two places, since both factors have theirs
        at a known one.
        """
        has_floating = Rounding.FP32_RNE in self.config.roundings
        at = MULTIPLIER_FRACTION_BITS
        place = self.config.acc.bits - 1  # of FP32's lowest bit, or one below
        top = product[place + FP32_MANTISSA_BITS - 1] if has_floating else Const(0, 1)

        # What is added, from bit 30 on.
        base = at - 1
        ones = Signal(max(place, at) + 1 - base)
        upper: Value = Const(0, 1)
        edge = base
        if has_floating:
            edge = place - 1
            half, unit, below = product[place - 2], product[edge], product[: place - 2].any()
            upper = floating & top & unit & (half | below | product[place])
            m.d.comb += ones[edge - base].eq(floating & ~top & half & (below | unit))
        doubles = product[base] & (~negative | product[:base].any())
        if has_floating and place == at:
            m.d.comb += ones[at - base].eq(Mux(double, doubles, upper))
        else:
            m.d.comb += ones[at - base].eq(double & doubles)
            if has_floating:
                m.d.comb += ones[place - base].eq(upper)
        total = Cat(product[:base], (product[base:] + ones)[: len(product) - base])

        # Bits that were rounded away: held at 0 by the mode, the one below FP32's by gates.
        kept = total[edge] & ~(floating & top) & ~(double & (edge < at))
        parts = [
            self._cleared(m, total[: min(at, edge)], double | floating, "low_9"),
            *([self._cleared(m, total[at:edge], floating, "lower_9")] if edge > at else []),
            self._stage(m, kept, "edge_9"),
            self._stage(m, total[edge + 1 :], "high_9"),
        ]
        return Cat(*parts)


def _bits(count: int) -> int:
    """Return the bits that count to `count` - 1."""
    return (count - 1).bit_length()
