"""Packed streams of codes of any width, unpacked into lanes."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, Value
from amaranth.hdl import unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.pack import WIDEST


class Unpack(Component):
    """Take tiles of packed codes from beats and offer `lanes` codes at once.

    A tile is full * lanes + rest codes, code n at bit n * bits; the next tile begins at the next
    byte, so that a tile takes ceil(codes * bits / 8) bytes and beats hold bytes of several tiles.
    A tile's last payload has `rest` codes, if that is not 0, and 0 in the other lanes.

    Parameters
    ----------
    bits : int
        Width of a code, 1 to 16.
    lanes : int
        Codes of a payload, 1 or more.
    beat_bytes : int
        Bytes of a beat, 1 or more.
    longest : int
        Greatest `full`.

    Members
    -------
    i : In(stream of beats)
        The first byte lowest.
    full : In(range), rest : In(range(lanes))
        Codes of a tile, at least one; still while a tile is under way.
    o : Out(stream of codes)
        Bit patterns, the first code in lane 0.

    Timing
    ------
    Latency `latency_cycles` from a beat to a payload that it completes. With codes on offer, one
    payload a cycle where lanes * bits is no more than a beat, else one beat a cycle.

    Raises
    ------
    ConfigError
        E203: a parameter is outside its range.

    Golden: :func:`intaglio.spec.pack.unpack_codes`.
    """

    latency_cycles = 1

    def __init__(self, bits: int, lanes: int, beat_bytes: int, longest: int = 4095) -> None:
        rules = (
            ("bits", bits, 1 <= bits <= WIDEST, f"1 to {WIDEST}"),
            ("lanes", lanes, lanes >= 1, "1 or more"),
            ("beat_bytes", beat_bytes, beat_bytes >= 1, "1 or more"),
            ("longest", longest, longest >= 1, "1 or more"),
        )
        findings = [
            Finding("E203", f"{key} is {value}", f"unpack.{key}", str(value), need, f"set {key}")
            for key, value, good, need in rules
            if not good
        ]
        if findings:
            raise ConfigError(findings)
        self.bits, self.lanes, self.beat_bytes, self.longest = bits, lanes, beat_bytes, longest
        super().__init__(
            {
                "i": In(stream.Signature(8 * beat_bytes)),
                "full": In(range(longest + 1)),
                "rest": In(range(lanes)),
                "o": Out(stream.Signature(data.ArrayLayout(unsigned(bits), lanes))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beat, whole = 8 * self.beat_bytes, self.lanes * self.bits
        # Room for a beat while two payloads and the padding wait: neither side ever waits for
        # more than the other.
        room = beat + 2 * whole + 7
        hold = Signal(room)
        level = Signal(range(room + 1))

        # What leaves with this payload: its codes, and the padding after a tile's last one.
        index = Signal(range(self.longest + 2))
        last = Signal()
        partial = Signal()
        pad = Signal(3)
        used = Signal(range(whole + 8))
        m.d.comb += [
            last.eq(index + 1 >= self.full + (self.rest != 0)),
            partial.eq(last & (self.rest != 0)),
            pad.eq(-(_times(self.full, whole % 8) + _times(self.rest, self.bits))),
            used.eq(whole),
        ]
        with m.If(last):
            m.d.comb += used.eq(Mux(partial, _times(self.rest, self.bits), whole) + pad)

        m.d.comb += [self.o.valid.eq(level >= used), self.i.ready.eq(level <= room - beat)]
        for n in range(self.lanes):
            code = hold[n * self.bits : (n + 1) * self.bits]
            m.d.comb += self.o.payload[n].eq(Mux(partial & (self.rest <= n), 0, code))

        take = Signal()
        gone = Signal.like(used)
        kept = Signal(room)
        left = Signal.like(level)
        m.d.comb += [
            take.eq(self.o.valid & self.o.ready),
            gone.eq(Mux(take, used, 0)),
            kept.eq(Mux(take, Mux(last, hold >> used, hold >> whole), hold)),
            left.eq(level - gone),
        ]
        m.d.sync += [hold.eq(kept), level.eq(left)]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [hold.eq(kept | (self.i.payload << left)), level.eq(left + beat)]
        with m.If(take):
            m.d.sync += index.eq(Mux(last, 0, index + 1))
        return m


def _times(value: Value, factor: int) -> Value:
    """Return value * factor as a sum of shifts."""
    terms = [value << bit for bit in range(factor.bit_length()) if factor >> bit & 1]
    return sum(terms[1:], terms[0]) if terms else value & 0
