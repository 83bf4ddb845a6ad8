"""Buses as signatures: AXI4 read and write, AXI4-Lite; every channel is a stream.

Signals that never change (size, burst type, strobes) are not here; ``intaglio.gateware.pins`` adds
them at the edge of the design.
"""

from __future__ import annotations

from amaranth.hdl import unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import shape
from intaglio.spec.commands import ADDRESS
from intaglio.spec.registers import REGISTER_BITS, SPACE_BYTES

LENGTH_BITS = 8  # AxLEN: beats of a burst - 1
RESPONSE_BITS = 2
OKAY, SLAVE_ERROR, DECODE_ERROR = 0, 2, 3  # xRESP; bit 1 tells an error, bit 0 which one

READER_ID, LOAD_ID = 0, 1  # who a read burst is for

READ_ADDRESS = data.StructLayout({"id": 1, "addr": shape(ADDRESS), "len": LENGTH_BITS})
WRITE_ADDRESS = data.StructLayout({"addr": shape(ADDRESS), "len": LENGTH_BITS})
RESPONSE = unsigned(RESPONSE_BITS)

LITE_ADDRESS = unsigned((SPACE_BYTES - 1).bit_length())
LITE_WRITE = data.StructLayout({"data": REGISTER_BITS, "strb": REGISTER_BITS // 8})
LITE_READ = data.StructLayout({"data": REGISTER_BITS, "resp": RESPONSE_BITS})


def read_data(bus_bytes: int) -> data.StructLayout:
    """Return the layout of a beat of read data."""
    return data.StructLayout({"id": 1, "data": 8 * bus_bytes, "resp": RESPONSE_BITS, "last": 1})


def write_data(bus_bytes: int) -> data.StructLayout:
    """Return the layout of a beat of write data; all of its bytes are written."""
    return data.StructLayout({"data": 8 * bus_bytes, "last": 1})


class AxiRead(wiring.Signature):
    """Read half of AXI4, as its master sees it.

    Parameters
    ----------
    bus_bytes : int
        Bytes of a beat.

    Members
    -------
    ar : Out(stream.Signature(READ_ADDRESS))
        Bursts to read.
    r : In(stream.Signature(read_data(bus_bytes)))
        Beats, in order within an id.
    """

    def __init__(self, bus_bytes: int) -> None:
        self.bus_bytes = bus_bytes
        super().__init__(
            {
                "ar": Out(stream.Signature(READ_ADDRESS)),
                "r": In(stream.Signature(read_data(bus_bytes))),
            }
        )


class AxiWrite(wiring.Signature):
    """Write half of AXI4, as its master sees it; it has a single id.

    Parameters
    ----------
    bus_bytes : int
        Bytes of a beat.

    Members
    -------
    aw : Out(stream.Signature(WRITE_ADDRESS))
        Bursts to write.
    w : Out(stream.Signature(write_data(bus_bytes)))
        Their beats, in the order of the bursts.
    b : In(stream.Signature(RESPONSE))
        One response for each burst, in order.
    """

    def __init__(self, bus_bytes: int) -> None:
        self.bus_bytes = bus_bytes
        super().__init__(
            {
                "aw": Out(stream.Signature(WRITE_ADDRESS)),
                "w": Out(stream.Signature(write_data(bus_bytes))),
                "b": In(stream.Signature(RESPONSE)),
            }
        )


class AxiLite(wiring.Signature):
    """AXI4-Lite of the register space, as its master sees it.

    Members
    -------
    aw, ar : Out(stream.Signature(LITE_ADDRESS))
        Byte addresses.
    w : Out(stream.Signature(LITE_WRITE))
        Data and byte strobes.
    b : In(stream.Signature(RESPONSE))
        Write responses.
    r : In(stream.Signature(LITE_READ))
        Data and read responses.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "aw": Out(stream.Signature(LITE_ADDRESS)),
                "w": Out(stream.Signature(LITE_WRITE)),
                "b": In(stream.Signature(RESPONSE)),
                "ar": Out(stream.Signature(LITE_ADDRESS)),
                "r": In(stream.Signature(LITE_READ)),
            }
        )
