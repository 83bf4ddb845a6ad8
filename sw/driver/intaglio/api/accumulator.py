"""What the requantiser was given for one element of a tensor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from intaglio.api.comparison import Mismatch
from intaglio.api.plan import Plan
from intaglio.golden.machine import GoldenDevice
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Opcode, Region
from intaglio.spec.config import ArrayConfig

Codes = npt.NDArray[np.int8]


class TracingDevice(GoldenDevice):
    """A golden device that remembers the accumulator behind one byte of the tensor region.

    Parameters
    ----------
    config : ArrayConfig
        The accelerator.
    offset : int
        The byte.
    """

    def __init__(self, config: ArrayConfig, offset: int) -> None:
        super().__init__(config)
        self.offset = offset
        self.found: int | None = None
        self._acc = np.zeros((config.act_words, config.channels), np.int64)

    def _execute(self, opcode: Opcode, fields: Mapping[str, int]) -> None:
        super()._execute(opcode, fields)
        if opcode is Opcode.COMPUTE and not fields["hold"]:
            self._acc[self._state.out] = self._state.total
        if opcode is Opcode.STORE and fields["region"] == Region.TENSORS:
            self._store(fields)

    def _store(self, fields: Mapping[str, int]) -> None:
        size = fields["row_beats"] * self.config.bus_bytes
        for row in range(fields["rows"]):
            place = self.offset - fields["offset"] - row * fields["row_stride"]
            if 0 <= place < size:
                first = fields["address"] + row * fields["address_stride"]
                word, lane = divmod(place, self.config.act_bytes)
                self.found = int(self._acc[first + word, lane])


def accumulator_at(plan: Plan, codes: Mapping[int, Codes], at: Mismatch) -> int | None:
    """Return the accumulator, bias included, of the element at `at`; None for a host layer."""
    program, layer = plan.program, plan.program.layers[at.index]
    tensor = program.tensor(layer.output)
    if layer.where != "array" or tensor.offset < 0:
        return None
    shape = (1,) * (4 - len(tensor.shape)) + tensor.shape
    flat = int(np.ravel_multi_index((at.y, at.x, at.channel), shape[1:]))
    height, width, _ = tensor.image
    y, x, channel = (int(i) for i in np.unravel_index(flat, tensor.image))
    block, lane = divmod(channel, plan.config.channels)
    word = block * height * width + y * width + x
    device = TracingDevice(plan.config, tensor.offset + word * plan.config.channels + lane)
    one = {number: values[at.batch : at.batch + 1] for number, values in codes.items()}
    run_program(program, device, one)
    return device.found
