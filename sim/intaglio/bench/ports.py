"""The control port as verbs: start a program, read counters and the trace."""

from __future__ import annotations

from typing import Protocol

from intaglio.spec.commands import COMMAND_BYTES, COMPUTE, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import require_counters
from intaglio.spec.registers import BY_NAME, TRACE_BASE, Control, Interrupt, counters_of

_AT = COMPUTE.offsets()
_HEAD_BYTES = 16  # holds every field of the header


class ControlPort(Protocol):
    """What can read and write registers by byte address."""

    def write_register(self, address: int, value: int) -> int:
        """Write a register and return the bus response."""

    def read_register(self, address: int) -> int:
        """Return a register's value."""


def start_writes(address: int, count: int) -> list[tuple[int, int]]:
    """Return the register writes that start the `count` commands at `address`, in order."""
    both = Interrupt.DONE | Interrupt.ERROR
    values = {
        "PROGRAM_ADDRESS": address,
        "PROGRAM_COUNT": count,
        "IRQ_STATUS": int(both),
        "IRQ_ENABLE": int(both),
        "CONTROL": int(Control.START),
    }
    return [(BY_NAME[name].address, value) for name, value in values.items()]


def start(port: ControlPort, address: int, count: int) -> None:
    """Start the program of `count` commands at `address`, with both interrupts enabled."""
    for register, value in start_writes(address, count):
        port.write_register(register, value)


def clear_interrupts(port: ControlPort) -> None:
    """Clear what the interrupt was raised for."""
    port.write_register(BY_NAME["IRQ_STATUS"].address, Interrupt.DONE | Interrupt.ERROR)


def read_counters(port: ControlPort, config: ArrayConfig) -> dict[str, int]:
    """Return every counter that an accelerator of `config` has."""
    names = counters_of(counters=config.counters)
    return {name: port.read_register(BY_NAME[f"COUNT_{name}"].address) for name in names}


def read_marks(port: ControlPort, commands: bytes, config: ArrayConfig) -> dict[int, int]:
    """Return the cycle at which each layer that `commands` marks was complete.

    Raises
    ------
    DeviceError
        E704: accelerators of `config` have no trace.
    """
    require_counters(config, "the trace of layers")
    layers = marked_layers(commands)
    return {layer: port.read_register(TRACE_BASE + 4 * layer) for layer in layers}


def marked_layers(commands: bytes) -> list[int]:
    """Return the trace entries that `commands` write, in order, each once."""
    found: dict[int, None] = {}
    for at in range(0, len(commands), COMMAND_BYTES):
        head = int.from_bytes(commands[at : at + _HEAD_BYTES], "little")
        if head & 0xF == Opcode.COMPUTE and head >> _AT["mark"] & 1:
            found[head >> _AT["layer"] & 0xFF] = None
    return list(found)
