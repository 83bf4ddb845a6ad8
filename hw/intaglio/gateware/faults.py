"""What an engine reports when something goes wrong."""

from __future__ import annotations

from amaranth.hdl import Mux, Value, unsigned
from amaranth.lib import data

from intaglio.gateware.layout import shape
from intaglio.spec.commands import ADDRESS, COUNT
from intaglio.spec.registers import Fault

CODE = unsigned(max(Fault).bit_length())

# `valid` for a cycle or longer; `code` is a Fault, `address` the first byte of the burst of a bus
# error, `command` the index of an illegal command.
FAULT = data.StructLayout(
    {"valid": 1, "code": CODE, "address": shape(ADDRESS), "command": shape(COUNT)}
)


def read_fault(resp: Value) -> Value:
    """Return the Fault of an erroneous RRESP: bit 0 tells a decode error from a slave's."""
    return Mux(resp[0], Fault.READ_DECODE, Fault.READ_SLAVE)


def write_fault(resp: Value) -> Value:
    """Return the Fault of an erroneous BRESP."""
    return Mux(resp[0], Fault.WRITE_DECODE, Fault.WRITE_SLAVE)
