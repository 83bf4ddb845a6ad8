"""Additions on carry chains of ECP5 that the mapper leaves as they are."""

from __future__ import annotations

from amaranth import Const, Instance, Module, Mux, Shape, Signal, Value

MODULE = "intaglio_adder"
FILE = "adder.v"  # its Verilog, in this package


def gated_sum(m: Module, name: str, a: Value, b: Value, clear: Value, part: str) -> Value:
    """Return (0 if clear else a) + b, as wide and as signed as `a`.

    Parameters
    ----------
    part : str
        ``ecp5`` places CCU2C for synthesis, whose cells hold the gate; simulators and proofs see
        the sum.
    """
    total = Signal(a.shape(), name=name)
    if part != "ecp5":
        m.d.comb += total.eq(Mux(clear, 0, a) + b)
        return total
    wide = Signal(a.shape(), name=f"{name}_added")
    bits = Signal(len(a), name=f"{name}_bits")
    m.d.comb += [wide.eq(b), total.eq(bits)]
    m.submodules[name] = Instance(
        MODULE,
        p_WIDTH=len(a),
        i_a=a,
        i_b=wide.as_unsigned(),
        i_clear=clear,
        o_sum=bits,
    )
    return total


def signed_sum(m: Module, name: str, values: list[Value], part: str) -> Value:
    """Return the sum of signed `values`, added in pairs, each one bit wider than its operands."""
    level = 0
    while len(values) > 1:
        pairs = list(zip(values[::2], values[1::2], strict=False))
        sums = []
        for n, (a, b) in enumerate(pairs):
            wide = Signal(Shape(max(len(a), len(b)) + 1, signed=True), name=f"{name}_{level}_{n}_a")
            m.d.comb += wide.eq(a)
            sums.append(gated_sum(m, f"{name}_{level}_{n}", wide, b, Const(0, 1), part))
        values = sums + values[2 * len(pairs) :]
        level += 1
    return values[0]
