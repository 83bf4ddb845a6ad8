"""Memories as one Verilog module with parameters: no contents are written out."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth import ClockSignal, Instance, Module, Signal

MODULE, BLOCK_MODULE = "intaglio_ram", "intaglio_block_ram"
FILE = "ram.v"  # its Verilog, in this package


@dataclass(frozen=True)
class RamPorts:
    """The signals of one memory: drive all but `read_data`, which follows a read by one cycle."""

    write_enable: Signal
    write_address: Signal
    write_data: Signal
    read_enable: Signal
    read_address: Signal
    read_data: Signal


def add_ram(m: Module, name: str, *, width: int, depth: int, block: bool = False) -> RamPorts:
    """Place a memory of `depth` words of `width` bits in `m` and return its ports.

    Its contents are undefined at the start: what is read has been written before. With `block` it
    is block RAM where a part has that, and is not made of lookup tables.
    """
    address = max((depth - 1).bit_length(), 1)
    widths = {
        "write_enable": 1,
        "write_address": address,
        "write_data": width,
        "read_enable": 1,
        "read_address": address,
        "read_data": width,
    }
    ports = RamPorts(**{key: Signal(bits, name=f"{name}_{key}") for key, bits in widths.items()})
    m.submodules[name] = Instance(
        BLOCK_MODULE if block else MODULE,
        p_WIDTH=width,
        p_DEPTH=depth,
        p_ADDRESS=address,
        i_clk=ClockSignal(),
        i_write_enable=ports.write_enable,
        i_write_address=ports.write_address,
        i_write_data=ports.write_data,
        i_read_enable=ports.read_enable,
        i_read_address=ports.read_address,
        o_read_data=ports.read_data,
    )
    return ports
