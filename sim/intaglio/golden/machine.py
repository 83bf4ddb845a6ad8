"""The accelerator without gates: executes command words exactly as the contract says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from intaglio.golden.machine_compute import ComputeState, compute
from intaglio.golden.machine_move import Buffers, load, store
from intaglio.golden.machine_order import in_any_order
from intaglio.spec.commands import AT_LEAST_ONE, COMMAND_BYTES, RECORDS, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.errors import DeviceError, Finding
from intaglio.spec.formats import ByteArray
from intaglio.spec.widths import misfits

Command = tuple[Opcode, Mapping[str, int]]


class GoldenDevice:
    """A :class:`intaglio.spec.device.Device` in numpy, without a clock.

    Commands run one after the other, in the order of the stream; with `order`, in an arbitrary
    order among those that the ``wait_*`` fields allow.

    Parameters
    ----------
    config : ArrayConfig
        The accelerator.
    order : numpy Generator or None
        Chooses which engine goes next.
    """

    name = "golden"

    def __init__(self, config: ArrayConfig, *, order: np.random.Generator | None = None) -> None:
        self.config = config
        self._order = order
        self._memory: dict[int, ByteArray] = {}
        self.buffers = Buffers(config)
        self._state = ComputeState()

    def open(self, sizes: Mapping[int, int]) -> None:
        """Provide cleared memory of `sizes` bytes for each region."""
        self._memory = {region: np.zeros(size, np.uint8) for region, size in sizes.items()}

    def write(self, region: int, offset: int, data: ByteArray) -> None:
        """Copy `data` into memory."""
        self._range(region, offset, data.size)[:] = data

    def read(self, region: int, offset: int, size: int) -> ByteArray:
        """Return a copy of `size` bytes of memory."""
        return self._range(region, offset, size).copy()

    def run(self, commands: bytes) -> RunStats:
        """Execute `commands` to their end.

        Raises
        ------
        DeviceError
            E701: a command is illegal or touches what does not exist. E702: a command waits for
            one that comes later.
        """
        decoded = [
            self._decoded(commands[at : at + COMMAND_BYTES], at // COMMAND_BYTES)
            for at in range(0, len(commands), COMMAND_BYTES)
        ]
        for index in in_any_order(decoded, self._order):
            try:
                self._execute(*decoded[index])
            except ValueError as error:
                raise _fault(index, str(error)) from error
        return RunStats()

    def close(self) -> None:
        """Release the memory."""
        self._memory = {}

    def _range(self, region: int, offset: int, size: int) -> ByteArray:
        memory = self._memory.get(region, np.zeros(0, np.uint8))
        if not 0 <= offset <= offset + size <= memory.size:
            raise DeviceError(
                Finding(
                    "E701",
                    f"bytes {offset} to {offset + size} of region {region} do not exist",
                    where=f"region {region}",
                    have=f"{memory.size} bytes",
                    need=f"{offset + size} bytes",
                    help="open the device with larger regions",
                )
            )
        return memory[offset : offset + size]

    def _decoded(self, data: bytes, index: int) -> Command:
        if len(data) != COMMAND_BYTES:
            raise _fault(index, f"{len(data)} bytes, not {COMMAND_BYTES}")
        try:
            opcode = Opcode(data[0] & 0xF)
        except ValueError as error:
            raise _fault(index, str(error)) from error
        fields = RECORDS[opcode].from_bytes(data)
        zeros = [name for name in AT_LEAST_ONE[opcode] if fields[name] == 0]
        if zeros:
            raise _fault(index, f"{', '.join(zeros)} must be 1 or more")
        faults = misfits(opcode, fields, self.config)
        if faults:
            raise _fault(index, "; ".join(faults))
        return opcode, fields

    def _execute(self, opcode: Opcode, fields: Mapping[str, int]) -> None:
        if opcode is Opcode.COMPUTE:
            compute(fields, self.config, self.buffers, self._state)
            return
        region = fields["region"]
        if region not in self._memory:
            raise ValueError(f"region {region} does not exist")
        move = load if opcode is Opcode.LOAD else store
        move(fields, self.config, self.buffers, self._memory[region])


def _fault(index: int, what: str) -> DeviceError:
    return DeviceError(
        Finding(
            "E701",
            f"command {index}: {what}",
            where=f"command {index}",
            have=what,
            need="a command that the contract allows",
            help="compile the model again",
        )
    )
