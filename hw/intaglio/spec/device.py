"""What every device does: golden model, simulated gates and board run the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import DeviceError, Finding
from intaglio.spec.formats import ByteArray


@dataclass(frozen=True)
class RunStats:
    """What a run of commands took.

    Parameters
    ----------
    cycles : int or None
        Clock cycles from start to end; None where the device has no clock.
    counters : mapping
        Counter name of :data:`intaglio.spec.registers.COUNTERS` to its value; without those that
        the device does not have.
    marks : mapping
        Trace entry (a layer) to the cycle at which it was complete; empty without a trace.
    """

    cycles: int | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[int, int] = field(default_factory=dict)


def require_counters(config: ArrayConfig, what: str) -> None:
    """Raise unless accelerators of `config` have counters, which `what` reads.

    Raises
    ------
    DeviceError
        E704: they have none.
    """
    if not config.counters:
        raise DeviceError(
            Finding(
                "E704",
                f"{what} reads performance counters, and {config.name} has none",
                where=f"configuration {config.name}",
                have="control.counters = false",
                need="control.counters = true",
                help="set counters = true under [control]; outputs and golden are the same",
            )
        )


class Device(Protocol):
    """An accelerator with its memory.

    `name` is ``golden``, ``sim`` or a board; memory is addressed as (region, byte offset).
    """

    name: str
    config: ArrayConfig

    def open(self, sizes: Mapping[int, int]) -> None:
        """Provide cleared memory of `sizes` bytes for each region, before the first access."""

    def write(self, region: int, offset: int, data: ByteArray) -> None:
        """Copy `data` into memory."""

    def read(self, region: int, offset: int, size: int) -> ByteArray:
        """Return a copy of `size` bytes of memory."""

    def run(self, commands: bytes) -> RunStats:
        """Execute `commands` to their end.

        Raises
        ------
        DeviceError
            E701 if the device reports a fault, E702 if it does not finish.
        """

    def close(self) -> None:
        """Release what the device holds."""
