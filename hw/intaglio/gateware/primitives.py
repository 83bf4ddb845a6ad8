"""Primitives of ECP5 that synthesis does not infer: registered multipliers, adders with gates."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from amaranth import Cat, ClockSignal, Const, Instance, Module, Signal, Value
from amaranth.hdl import ValueLike

from intaglio.gateware.layout import shape
from intaglio.spec.formats import signed

MODULES = ("MULT18X18D", "CCU2C")
FILE = "ecp5.v"  # models for simulators, in this package
PORT_BITS = 18  # of either port of MULT18X18D

_REGISTERS = ("REG_INPUTA", "REG_INPUTB", "REG_PIPELINE", "REG_OUTPUT")


class Carry(IntEnum):
    """What a carry chain adds, bit by bit, as the table of a CCU2C."""

    GATED = 0xC6CC  # a where c is 0, plus b; d is 1
    PAIR = 0x7888  # a where b, plus c where d
    ONE = 0x5AAA  # a, plus c where d


def carry_chain(
    m: Module, name: str, kind: Carry, bits: Sequence[Sequence[ValueLike]], carry: int = 0
) -> Signal:
    """Place a chain of CCU2C and return its sum, a bit for each entry of `bits`.

    Parameters
    ----------
    kind : Carry
        What is added.
    bits : sequence of (a, b, c, d)
        Inputs of each bit, lowest first.
    carry : int
        Into bit 0.
    """
    even = [*bits, *[(Const(0, 1),) * 4] * (len(bits) % 2)]
    into: Value = Const(carry, 1)
    sums = []
    for at in range(0, len(even), 2):
        out = [Signal(name=f"{name}_s{at + n}") for n in (0, 1)]
        after = Signal(name=f"{name}_c{at + 2}")
        pins = {
            f"i_{letter}{n}": value
            for n in (0, 1)
            for letter, value in zip("ABCD", even[at + n], strict=True)
        }
        m.submodules[f"{name}_{at}"] = Instance(
            "CCU2C",
            p_INIT0=Const(kind, 16),
            p_INIT1=Const(kind, 16),
            p_INJECT1_0="NO",
            p_INJECT1_1="NO",
            i_CIN=into,
            o_S0=out[0],
            o_S1=out[1],
            o_COUT=after,
            **pins,
        )
        into = after
        sums += out
    total = Signal(len(bits), name=name)
    m.d.comb += total.eq(Cat(*sums[: len(bits)]))
    return total


def mult18x18d(m: Module, name: str, a: Value, b: Value, enable: ValueLike) -> Signal:
    """Place a MULT18X18D with every register and return its 36-bit product, 3 cycles later.

    Parameters
    ----------
    a, b : Value
        Operands of at most 18 bits, the sign included.
    enable : Value
        Clock enable of the registers.
    """
    pins: dict[str, ValueLike] = {}
    for letter, value in (("A", a), ("B", b)):
        wide = Signal(shape(signed(PORT_BITS)), name=f"{name}_{letter.lower()}")
        m.d.comb += wide.eq(value)
        pins |= {f"i_{letter}{bit}": wide[bit] for bit in range(PORT_BITS)}
    bits = [Signal(name=f"{name}_p{bit}") for bit in range(2 * PORT_BITS)]
    pins |= {f"o_P{bit}": signal for bit, signal in enumerate(bits)}
    pins |= {f"i_{pin}{n}": Const(0, 1) for pin in ("CLK", "CE", "RST") for n in (1, 2, 3)}
    m.submodules[name] = Instance(
        "MULT18X18D",
        **{f"p_{register}_CLK": "CLK0" for register in _REGISTERS},
        i_CLK0=ClockSignal(),
        i_CE0=enable,
        i_RST0=Const(0, 1),
        i_SIGNEDA=Const(1, 1),
        i_SIGNEDB=Const(1, 1),
        i_SOURCEA=Const(0, 1),
        i_SOURCEB=Const(0, 1),
        **pins,
    )
    product = Signal(2 * PORT_BITS, name=f"{name}_product")
    m.d.comb += product.eq(Cat(*bits))
    return product
