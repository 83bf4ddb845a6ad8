"""Register map of the control port (AXI4-Lite, 32-bit registers, byte addresses)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag

REGISTER_BITS = 32
SPACE_BYTES = 4096
IDENTITY = 0x4C544E49  # "INTL" in ASCII, little-endian
VERSION = 2
TRACE_BASE = 0x400
TRACE_ENTRIES = 256


class Access(Enum):
    """What the bus may do with a register."""

    READ_ONLY = "ro"
    READ_WRITE = "rw"
    WRITE_ONE_CLEAR = "w1c"
    PULSE = "pulse"


@dataclass(frozen=True)
class Register:
    """One register.

    Parameters
    ----------
    name : str
        Identifier in Python, Verilog and C.
    address : int
        Byte address, a multiple of 4.
    access : Access
        PULSE: each written 1 acts for one cycle and reads as 0.
    meaning : str
        One phrase for the reference pages.
    """

    name: str
    address: int
    access: Access
    meaning: str


class Control(IntFlag):
    """Bits of CONTROL."""

    START = 1
    ABORT = 2


class Status(IntFlag):
    """Bits of STATUS."""

    BUSY = 1
    DONE = 2
    ERROR = 4


class Interrupt(IntFlag):
    """Bits of IRQ_ENABLE and IRQ_STATUS."""

    DONE = 1
    ERROR = 2


class Fault(IntEnum):
    """Values of ERROR_CODE."""

    NONE = 0
    READ_SLAVE = 1
    READ_DECODE = 2
    WRITE_SLAVE = 3
    WRITE_DECODE = 4
    ILLEGAL_COMMAND = 5
    ABORTED = 6


COUNTERS: tuple[tuple[str, str], ...] = (
    ("CYCLES", "cycles from START to the end of the program"),
    ("COMPUTE_CYCLES", "cycles in which a compute command ran"),
    ("MAC_CYCLES", "cycles in which the array took a step"),
    ("ACT_STALLS", "cycles in which a compute command waited for words of activations"),
    ("DRAIN_STALLS", "cycles in which a compute command waited for its results to drain"),
    ("VECTOR_CYCLES", "cycles in which the vector unit took a word"),
    ("LOAD_CYCLES", "cycles in which a load command ran"),
    ("STORE_CYCLES", "cycles in which a store command ran"),
    ("READ_BEATS", "beats read from memory, commands included"),
    ("WRITE_BEATS", "beats written to memory"),
    ("COMMANDS", "commands completed"),
    ("WEIGHT_STALLS", "cycles without a compute command in which constants were loaded"),
    ("BUS_STALLS", "cycles without a compute command in which something else was transferred"),
    ("IDLE_CYCLES", "cycles in which a compute command could begin, or nothing was to be done"),
)


def counters_of(*, counters: bool) -> tuple[str, ...]:
    """Return the names of the counters that a configuration has; COMMANDS is always there."""
    return tuple(name for name, _ in COUNTERS if counters or name == "COMMANDS")


def registers_of(*, counters: bool) -> tuple[Register, ...]:
    """Return the registers of a configuration; others are answered with SLVERR."""
    absent = {f"COUNT_{name}" for name, _ in COUNTERS} - {
        f"COUNT_{name}" for name in counters_of(counters=counters)
    }
    return tuple(register for register in REGISTERS if register.name not in absent)


# Every cycle of a program has one cause, the first of these that holds: they add up to CYCLES.
CAUSES: tuple[tuple[str, str], ...] = (
    ("MAC_CYCLES", "the array takes a step"),
    ("VECTOR_CYCLES", "the vector unit takes a word"),
    ("ACT_STALLS", "a compute command runs, and its next words have not come"),
    ("DRAIN_STALLS", "a compute command runs"),
    ("IDLE_CYCLES", "a compute command may begin, or no transfer runs"),
    ("WEIGHT_STALLS", "the load that runs fills weights, parameters or the table"),
    ("BUS_STALLS", "always: activations or commands are read, or results written"),
)
COMPUTE_CAUSES = ("MAC_CYCLES", "VECTOR_CYCLES", "ACT_STALLS", "DRAIN_STALLS")

REGISTERS: tuple[Register, ...] = (
    Register("IDENTITY", 0x000, Access.READ_ONLY, f"0x{IDENTITY:08x}"),
    Register("VERSION", 0x004, Access.READ_ONLY, "version of this register map"),
    Register("DIGEST0", 0x008, Access.READ_ONLY, "configuration digest, hexadecimal digits 0 to 7"),
    Register("DIGEST1", 0x00C, Access.READ_ONLY, "configuration digest, digits 8 to 15"),
    Register("CONTROL", 0x010, Access.PULSE, "bit 0 START, bit 1 ABORT"),
    Register("STATUS", 0x014, Access.READ_ONLY, "bit 0 BUSY, bit 1 DONE, bit 2 ERROR"),
    Register("IRQ_ENABLE", 0x018, Access.READ_WRITE, "bit 0 DONE, bit 1 ERROR"),
    Register("IRQ_STATUS", 0x01C, Access.WRITE_ONE_CLEAR, "bit 0 DONE, bit 1 ERROR"),
    Register("PROGRAM_ADDRESS", 0x020, Access.READ_WRITE, "byte address of the first command"),
    Register("PROGRAM_COUNT", 0x024, Access.READ_WRITE, "commands in the program"),
    Register("REGION0_BASE", 0x028, Access.READ_WRITE, "base of the constants"),
    Register("REGION1_BASE", 0x02C, Access.READ_WRITE, "base of the tensors"),
    Register("REGION2_BASE", 0x030, Access.READ_WRITE, "base of region 2, free for the host"),
    Register("REGION3_BASE", 0x034, Access.READ_WRITE, "base of region 3, free for the host"),
    Register("ERROR_CODE", 0x038, Access.READ_ONLY, "a Fault, of the first error since START"),
    Register("ERROR_ADDRESS", 0x03C, Access.READ_ONLY, "bus address of a bus error"),
    Register("ERROR_COMMAND", 0x040, Access.READ_ONLY, "index of an illegal command"),
    *(
        Register(f"COUNT_{name}", 0x080 + 4 * i, Access.READ_ONLY, meaning)
        for i, (name, meaning) in enumerate(COUNTERS)
    ),
)

BY_NAME: dict[str, Register] = {register.name: register for register in REGISTERS}
