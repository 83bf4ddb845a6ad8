"""Wide multiplexers: cells of ECP5 where the target has them."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth import Array, Cat, Instance, Module, Signal, Value

MODULE = "intaglio_mux"
FILE = "mux.v"  # its Verilog, in this package


def add_mux(m: Module, name: str, words: Sequence[Value], select: Value, part: str) -> Signal:
    """Return the one of `words` that `select` names.

    Parameters
    ----------
    words : sequence of Value
        Of one width; 2, 4, 8 or 16 of them on ECP5, any number elsewhere.
    select : Value
        Index of a word; its width is the least that holds every index.
    part : str
        ``ecp5`` places LUT4, PFUMX and L6MUX21 for synthesis; simulators and proofs see an index.
    """
    out = Signal(len(words[0]), name=name)
    if len(words) == 1:
        m.d.comb += out.eq(words[0])
    elif part != "ecp5" or len(words) not in (2, 4, 8, 16):
        m.d.comb += out.eq(Array(words)[select])
    else:
        m.submodules[name] = Instance(
            MODULE,
            p_WIDTH=len(out),
            p_COUNT=len(words),
            p_BITS=(len(words) - 1).bit_length(),
            i_words=Cat(*words),
            i_select=select,
            o_word=out,
        )
    return out
