"""Transfers of the golden machine, and the commands that it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.golden.machine import GoldenDevice
from intaglio.spec.commands import AT_LEAST_ONE, RECORDS, Memory, Opcode, Operation, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import DeviceError
from intaglio.spec.quant import Rounding
from intaglio.spec.window import Window

CONFIG = ArrayConfig(
    name="machine",
    pixels=2,
    channels=4,
    depth=2,
    requant_lanes=2,
    acts_kib=1,
    weights_kib=1,
    params_kib=1,
    roundings=(Rounding.SINGLE_UP,),
)
K = CONFIG.channels


def command(opcode: Opcode, **fields: int) -> bytes:
    return RECORDS[opcode].to_bytes({"opcode": int(opcode), **fields})


def opened() -> GoldenDevice:
    device = GoldenDevice(CONFIG)
    device.open({Region.CONSTANTS: 4096, Region.TENSORS: 4096})
    return device


def conv(**changes: int) -> dict[str, int]:
    """Return the fields of a 1x1 convolution of two pixels."""
    window = Window(0, 1, 2, 0, 0, (1, 1), (1, 1), (1, 1), 1, 2)
    return {
        **window.fields(Operation.CONV, CONFIG),
        "rounding": int(Rounding.SINGLE_UP),
        "in_blocks": 1,
        "steps": 2,
        "last_steps": 2,
        "out_start": 100,
        "out_blocks": 1,
        "weight_step": 1,
        "low": -128,
        "high": 127,
        **changes,
    }


def test_load_and_store_move_rows() -> None:
    device = opened()
    data = np.arange(64, dtype=np.uint8)
    device.write(Region.TENSORS, 0, data)
    device.run(
        command(
            Opcode.LOAD,
            memory=Memory.ACTS,
            region=Region.TENSORS,
            offset=8,
            row_beats=2,
            rows=3,
            row_stride=16,
            address=5,
            address_stride=4,
        )
        + command(
            Opcode.STORE,
            region=Region.TENSORS,
            offset=100,
            row_beats=1,
            rows=2,
            row_stride=12,
            address=10,
            address_stride=3,
        )
    )
    acts = device.buffers.acts
    for row in range(3):
        first = 8 + 16 * row
        assert acts[5 + 4 * row : 7 + 4 * row].ravel().tolist() == list(range(first, first + 8))
    assert device.read(Region.TENSORS, 100, 4).tolist() == [28, 29, 30, 31]
    assert device.read(Region.TENSORS, 112, 4).tolist() == [40, 41, 42, 43]


@pytest.mark.parametrize(
    ("memory", "beats"), [(Memory.WEIGHTS, 2), (Memory.PARAMS, 5), (Memory.TABLE, 2)]
)
def test_words_wider_than_the_bus_take_several_beats(memory: Memory, beats: int) -> None:
    device = opened()
    data = np.arange(beats * 2 * K, dtype=np.uint8)
    device.write(Region.CONSTANTS, 0, data)
    device.run(command(Opcode.LOAD, memory=memory, row_beats=2 * beats, rows=1, address=3))
    assert device.buffers.of(memory)[3:5].ravel().tolist() == data.tolist()
    with pytest.raises(DeviceError, match="not whole words"):
        device.run(command(Opcode.LOAD, memory=memory, row_beats=beats + 1, rows=1))


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        (bytes(128), "command 0: 0 is not a valid Opcode"),
        (bytes(60), "command 0: 60 bytes, not 128"),
        (command(Opcode.LOAD, row_beats=1, rows=1, offset=2), "no multiple of 4"),
        (command(Opcode.LOAD, row_beats=1, rows=1, offset=4096), "byte 4099 does not exist"),
        (command(Opcode.LOAD, row_beats=1, rows=1, address=256), "word 256 does not exist"),
        (command(Opcode.LOAD, row_beats=1, rows=1, region=3), "region 3 does not exist"),
        (command(Opcode.COMPUTE, **conv(last_steps=3)), "last_steps is 3"),
        (command(Opcode.COMPUTE, **conv(rounding=0)), "rounding 0 has no gates"),
        (command(Opcode.COMPUTE, **conv(hold=1, out_blocks=2)), "one output block"),
        (command(Opcode.COMPUTE, **conv(start=255)), "activation words 255 to 256 do not exist"),
        (command(Opcode.COMPUTE, **conv(out_start=255)), "output words 255 to 256 do not exist"),
        (command(Opcode.COMPUTE, **conv(weight_start=127)), "weight words 127 to 128 do not exist"),
        (command(Opcode.COMPUTE, **conv(operation=1)), "more than one input block or step"),
        (command(Opcode.COMPUTE, **conv(accumulate=1)), "accumulates"),
    ],
)
def test_illegal_commands_are_faults_of_the_device(commands: bytes, message: str) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        opened().run(commands)
    assert caught.value.findings[0].code == "E701"


@pytest.mark.parametrize(
    ("opcode", "name"),
    [(opcode, name) for opcode, names in AT_LEAST_ONE.items() for name in names],
)
def test_counts_of_0_are_refused_before_anything_runs(opcode: Opcode, name: str) -> None:
    good = conv() if opcode is Opcode.COMPUTE else {"row_beats": 1, "rows": 1}
    device = opened()
    device.run(command(opcode, **good))
    with pytest.raises(DeviceError, match=f"E701: command 1: {name} must be 1 or more"):
        device.run(command(opcode, **good) + command(opcode, **good | {name: 0}))


def test_memory_that_was_not_opened_is_a_fault() -> None:
    device = opened()
    with pytest.raises(DeviceError, match="E701"):
        device.read(Region.TENSORS, 4090, 8)
    device.close()
    with pytest.raises(DeviceError, match="E701"):
        device.write(Region.TENSORS, 0, np.zeros(1, np.uint8))
