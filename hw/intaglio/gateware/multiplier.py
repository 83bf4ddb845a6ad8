"""A multiplier block with its registers: the primitive of a part, or ``*`` between registers."""

from __future__ import annotations

from amaranth import Module

from intaglio.gateware.layout import shape
from intaglio.gateware.pipeline import Pipeline
from intaglio.gateware.primitives import PORT_BITS, mult18x18d
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import IntFormat, dot_format
from intaglio.spec.target import load_target

PARTS = ("generic", "ecp5")


def multiplier_part(family: str) -> str:
    """Return the part whose primitive a target's family has; ``generic`` where there is none."""
    return family if family in PARTS else "generic"


def part_of(config: ArrayConfig) -> str:
    """Return the part of a configuration's target."""
    return multiplier_part(load_target(config.target).family)


class Multiplier(Pipeline):
    """Multiply two integers, with a register before, within and behind the multiplier.

    product = a * b.

    Place it with :func:`intaglio.gateware.shared.instance`::

        self.multiplier = Multiplier(config.act, config.wgt, part)      # and into `parts`
        instance(self.multiplier, move=1, a=act, b=wgt, product=product)

    and drop the registers of operands and products around it: all three lie in the block, where
    they cost nothing, and without them a block of ECP5 stops at half its clock.

    Parameters
    ----------
    a, b : IntFormat
        Of the operands, signed or not; on a part with a primitive at most 18 bits signed.
    part : str
        ``ecp5``: an instance of MULT18X18D with REG_INPUTA, REG_INPUTB, REG_PIPELINE and
        REG_OUTPUT; the written Verilog brings a model of it that synthesis does not read.
        ``generic``: ``*`` between three registers.

    Members
    -------
    move : In(1)
        Clock enable of all three registers.
    a, b : In(the formats)
    product : Out(any product)

    Timing
    ------
    Latency `latency_cycles`, on every part the same; one product a cycle.

    Raises
    ------
    ConfigError
        E203: no such part, or an operand is wider than its port.

    Golden: ``a * b``.
    """

    latency_cycles = 3

    def __init__(self, a: IntFormat, b: IntFormat, part: str = "generic") -> None:
        limit = PORT_BITS if part == "ecp5" else 64
        findings = [
            Finding(
                "E203",
                f"{key} is {have}",
                where=f"multiplier.{key}",
                have=str(have),
                need=need,
                help="choose another part",
            )
            for key, have, good, need in (
                ("part", part, part in PARTS, ", ".join(PARTS)),
                ("a.bits", a.bits, _signed_bits(a) <= limit, f"{limit} bits with the sign"),
                ("b.bits", b.bits, _signed_bits(b) <= limit, f"{limit} bits with the sign"),
            )
            if not good
        ]
        if findings:
            raise ConfigError(findings)
        self.part, self.form = part, dot_format(a, b, 1)
        super().__init__(
            f"intaglio_multiplier_{part}_{a}_{b}",
            {"a": shape(a), "b": shape(b)},
            {"product": shape(self.form)},
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.part == "ecp5":
            whole = mult18x18d(m, "block", self.a, self.b, self.move)
        else:
            a, b = self.stage(m, self.a, "a_1"), self.stage(m, self.b, "b_1")
            whole = self.stage(m, self.stage(m, a * b, "result_2"), "result_3")
        m.d.comb += self.product.eq(whole[: self.form.bits].as_signed())
        return m


def _signed_bits(form: IntFormat) -> int:
    return form.bits + (not form.signed)
