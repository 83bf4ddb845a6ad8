"""One requantiser lane: bias, multiply, round by mode, zero point, clamp."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import shape
from intaglio.gateware.rounding import leading_zeros, shift_right
from intaglio.gateware.shared import SharedComponent
from intaglio.spec.commands import COMPUTE, PARAM
from intaglio.spec.config import ArrayConfig
from intaglio.spec.quant import FP32_MANTISSA_BITS, MULTIPLIER_FRACTION_BITS, Rounding

_PARAM = {field.name: field.format for field in PARAM.fields}
_FIELD = {field.name: field.format for field in COMPUTE.fields}


class RequantiseLane(SharedComponent):
    """Requantise one accumulator a cycle.

    out = clamp(round((acc + bias) * scale) + zero_point, low, high), rounded as `rounding` says.
    The arithmetic works on sign and magnitude: every mode is then a shift of the magnitude, and a
    rule for when to add one.

    Parameters
    ----------
    config : ArrayConfig
        Gives the formats and the modes that there are gates for.

    Members
    -------
    move : In(1)
        Advance the pipeline.
    acc : In(acc), bias, multiplier, shift : In
        Value and fields of PARAM.
    rounding, zero_point, low, high : In
        Fields of COMPUTE; still while values are in flight.
    out : Out(act)
        The code.

    Timing
    ------
    Latency `latency_cycles` moves.

    Golden: :func:`intaglio.spec.quant.requantise`.
    """

    latency_cycles = 7

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        modes = "".join(str(int(mode)) for mode in sorted(config.roundings))
        self.module_name = f"intaglio_requantise_lane_a{config.acc.bits}_m{modes}"
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
                "out": Out(shape(config.act)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        acc_bits = self.config.acc.bits
        double = self._is(Rounding.DOUBLE)
        floating = self._is(Rounding.FP32_RNE)
        upward = self._is(Rounding.SINGLE_UP) | self._is(Rounding.I64_Q15)

        # 1: bias; DOUBLE shifts left first, and wraps as 32-bit arithmetic does.
        biased = Signal(shape(self.config.acc))
        left = Signal(range(acc_bits))
        m.d.comb += [
            biased.eq(self.acc + self.bias),
            left.eq(Mux(double & (self.shift > 0), self.shift[: len(left)], 0)),
        ]
        x = self._stage(m, (biased << left)[:acc_bits].as_signed(), "x")
        multiplier, shift = self.multiplier, self.shift
        multiplier = self._stage(m, multiplier, "multiplier_1")
        shift = self._stage(m, shift, "shift_1")

        # 2: sign and magnitude; FP32 keeps 24 significant bits, ties to even.
        negative = self._stage(m, x < 0, "negative_2")
        magnitude = Signal(acc_bits)
        m.d.comb += magnitude.eq(Mux(x < 0, -x, x))
        kept: Value = magnitude
        if Rounding.FP32_RNE in self.config.roundings:
            kept = Mux(floating, _significant(m, magnitude), magnitude)
        factor = self._stage(m, kept, "factor")
        multiplier = self._stage(m, multiplier, "multiplier_2")
        shift = self._stage(m, shift, "shift_2")

        # 3, 4: multiply, in two registers so that a multiplier block may take one.
        product = self._stage(m, (factor * multiplier)[: acc_bits + len(multiplier)], "product_3")
        product = self._stage(m, product, "product_4")
        for n in (3, 4):
            negative = self._stage(m, negative, f"negative_{n}")
            shift = self._stage(m, shift, f"shift_{n}")

        # 5: first rounding (DOUBLE at 31 bits, FP32 to 24 bits) and the amount that is left.
        value, amount = self._first_rounding(m, product, shift, negative, double, floating)
        value = self._stage(m, value, "value")
        amount = self._stage(m, amount, "amount")
        negative = self._stage(m, negative, "negative_5")

        # 6: second rounding.
        whole, guard, sticky = shift_right(m, value, amount)
        up = Signal()
        with m.If(floating):
            m.d.comb += up.eq(guard & (sticky | whole[0]))
        with m.Elif(upward):
            m.d.comb += up.eq(guard & (~negative | sticky))
        with m.Else():
            m.d.comb += up.eq(guard)
        # One bit more than the widest output is enough: above it the clamp decides.
        limit = _FIELD["zero_point"].bits + 1
        over = whole[limit:].any()
        rounded = self._stage(m, Mux(over, (1 << limit) - 1, whole[:limit]) + up, "rounded")
        negative = self._stage(m, negative, "negative_6")

        # 7: sign, zero point, clamp.
        offset = Mux(negative, -rounded, rounded) + self.zero_point
        low, high = self.low, self.high
        clamped = Mux(offset < low, low, Mux(offset > high, high, offset))
        m.d.comb += self.out.eq(
            self._stage(m, clamped[: self.config.act.bits].as_signed(), "clamped")
        )
        return m

    def _is(self, mode: Rounding) -> Value:
        """Return whether the mode is `mode`; a mode without gates is never."""
        return (self.rounding == mode) & (mode in self.config.roundings)

    def _stage(self, m: Module, value: Value, name: str) -> Signal:
        """Return a register that takes `value` when the pipeline moves."""
        register = Signal(value.shape(), reset_less=True, name=name)
        with m.If(self.move):
            m.d.sync += register.eq(value)
        return register

    def _first_rounding(
        self,
        m: Module,
        product: Signal,
        shift: Signal,
        negative: Signal,
        double: Value,
        floating: Value,
    ) -> tuple[Value, Value]:
        """Return the value for the second rounding and how far to shift it right."""
        amount = Signal(range(len(product)))
        value = Signal(len(product))
        with m.If(double):
            at = MULTIPLIER_FRACTION_BITS
            guard, sticky = product[at - 1], product[: at - 1].any()
            m.d.comb += [
                value.eq(product[at:] + (guard & (~negative | sticky))),
                amount.eq(Mux(shift < 0, -shift, 0)),
            ]
        with m.Else():
            m.d.comb += [value.eq(product), amount.eq(MULTIPLIER_FRACTION_BITS - shift)]
        if Rounding.FP32_RNE not in self.config.roundings:
            return value, amount

        # Normalise, so that the 24 bits to keep lie at a fixed place.
        zeros = leading_zeros(m, product)
        top = Signal(len(product))
        m.d.comb += top.eq(product << zeros)
        lost = len(product) - FP32_MANTISSA_BITS
        guard, sticky = top[lost - 1], top[: lost - 1].any()
        mantissa = top[lost:] + (guard & (sticky | top[lost]))
        # mantissa * 2**(lost - zeros) * 2**shift: what remains to be shifted out, if anything.
        remaining = Signal(range(-len(product) * 4, len(product) * 4))
        m.d.comb += remaining.eq(zeros - lost - shift)
        bounded = Mux(remaining < 0, 0, Mux(remaining >= len(product), len(product) - 1, remaining))
        return Mux(floating, mantissa, value), Mux(floating, bounded[: len(amount)], amount)


def _significant(m: Module, magnitude: Signal) -> Value:
    """Return `magnitude` rounded to 24 significant bits, ties to even."""
    excess = len(magnitude) - FP32_MANTISSA_BITS
    zeros = leading_zeros(m, magnitude)
    drop = Signal(range(excess + 1))
    m.d.comb += drop.eq(Mux(zeros < excess, excess - zeros, 0))
    whole, guard, sticky = shift_right(m, magnitude, drop)
    rounded = whole + (guard & (sticky | whole[0]))
    return (rounded << drop)[: len(magnitude)]
