"""The gates refuse the commands that golden refuses, and go on with the next program."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from intaglio.bench.device import SimDevice
from intaglio.bench.programs import Job, small_program
from intaglio.golden.machine import GoldenDevice
from intaglio.spec.commands import AT_LEAST_ONE, COMMAND_BYTES, RECORDS, Memory, Opcode, decode
from intaglio.spec.errors import DeviceError
from intaglio.spec.presets import PRESETS

CONFIG = PRESETS["tiny"]
ZEROS = [(opcode, {name: 0}) for opcode, names in AT_LEAST_ONE.items() for name in names]
RAGGED = [
    (Opcode.LOAD, {"memory": int(memory), "row_beats": beats})
    for memory, beats in ((Memory.WEIGHTS, 5), (Memory.PARAMS, 3), (Memory.PARAMS, 6))
] + [(Opcode.LOAD, {"memory": int(Memory.TABLE), "row_beats": 1})]
CHANGES = ZEROS + RAGGED


@pytest.fixture(scope="module")
def gates() -> Iterator[SimDevice]:
    device = SimDevice(CONFIG, stalls=0.2, seed=1)
    yield device
    device.close()


def _changed(commands: bytes, opcode: Opcode, change: dict[str, int]) -> tuple[bytes, int]:
    """Return the program with its first command for `opcode` changed, and that one's index."""
    for index, (here, fields) in enumerate(decode(commands)):
        if here is opcode:
            at = index * COMMAND_BYTES
            word = RECORDS[opcode].to_bytes(fields | change)
            return commands[:at] + word + commands[at + COMMAND_BYTES :], index
    raise ValueError(f"no {opcode.name}")


@pytest.mark.parametrize(
    ("opcode", "change"), CHANGES, ids=[f"{op.name}-{change}" for op, change in CHANGES]
)
def test_both_refuse_it(gates: SimDevice, opcode: Opcode, change: dict[str, int]) -> None:
    program = small_program(CONFIG, np.random.default_rng(3))
    commands, index = _changed(program.commands, opcode, change)
    for device in (GoldenDevice(CONFIG), gates):
        with pytest.raises(DeviceError, match="E701") as caught:
            Job(commands, program.before).run(device)
        assert f"command {index}" in str(caught.value)
    expected, got = program.run(GoldenDevice(CONFIG)), program.run(gates)
    for region, data in expected.items():
        np.testing.assert_array_equal(got[region], data)
