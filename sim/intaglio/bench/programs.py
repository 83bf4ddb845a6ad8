"""A small program for whole accelerators: every engine, both units, waits across engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from intaglio.spec.commands import COMPUTE, LOAD, PARAM, STORE, Memory, Opcode, Operation, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import Device
from intaglio.spec.formats import ByteArray
from intaglio.spec.quant import Rounding
from intaglio.spec.scale import multiplier
from intaglio.spec.window import Window

BLOCKS, TAPS = 2, 9


@dataclass(frozen=True)
class Job:
    """Commands, and what each memory region holds before them."""

    commands: bytes
    before: dict[int, ByteArray]

    def run(self, device: Device) -> dict[int, ByteArray]:
        """Return what each region holds after `device` has run the commands."""
        device.open({region: data.size for region, data in self.before.items()})
        for region, data in self.before.items():
            device.write(region, 0, data)
        device.run(self.commands)
        return {region: device.read(region, 0, d.size) for region, d in self.before.items()}


def small_program(
    config: ArrayConfig, rng: np.random.Generator, size: tuple[int, int] = (6, 7)
) -> Job:
    """Return a 3x3 convolution with padding, then 2x2 max pooling; both results are stored.

    `size` is the height and width of the image.
    """
    height, width = size
    pixels, pooled = height * width, (height // 2) * (width // 2)
    pooled_at = pixels * (1 + BLOCKS)  # on-chip word, and the same place among the tensors
    steps = config.channels // config.depth
    weight_words, param_words = BLOCKS * TAPS * steps, BLOCKS * config.drain_steps
    weights = rng.integers(0, 256, weight_words * config.weight_bytes, dtype=np.uint8)
    constants = np.concatenate([weights, _params(config, param_words, rng)])
    word = config.act_bytes
    image = rng.integers(0, 256, pixels * word, dtype=np.uint8)
    results = np.zeros(BLOCKS * (pixels + pooled) * word, dtype=np.uint8)
    loads = [
        _load(config, Memory.WEIGHTS, Region.CONSTANTS, 0, 1, weights.size),
        _load(
            config, Memory.PARAMS, Region.CONSTANTS, weights.size, 1, constants.size - weights.size
        ),
        _load(config, Memory.ACTS, Region.TENSORS, 0, height, width * word),
    ]
    stores = [
        _store(config, 1, pixels, pixels * word, pixels),
        _store(config, 2, pooled_at, pooled_at * word, pooled),
    ]
    commands = b"".join([*loads, *_computes(config, steps, size), *stores])
    tensors = np.concatenate([image, results])
    return Job(commands, {int(Region.CONSTANTS): constants, int(Region.TENSORS): tensors})


def _params(config: ArrayConfig, words: int, rng: np.random.Generator) -> ByteArray:
    lanes = config.requant_lanes
    data = np.zeros((words, config.param_bytes), np.uint8)
    for row in data:
        packed = 0
        for lane in range(lanes):
            scale = multiplier(float(rng.uniform(0.001, 0.02)))
            bias = int(rng.integers(-3000, 3000))
            record = {"bias": bias, "multiplier": scale.multiplier, "shift": scale.shift}
            packed |= PARAM.pack(record) << (PARAM.bits * lane)
        row[:] = np.frombuffer(packed.to_bytes(config.param_bytes, "little"), np.uint8)
    return data.reshape(-1)


def _load(
    config: ArrayConfig, memory: Memory, region: Region, offset: int, rows: int, row_bytes: int
) -> bytes:
    beats = row_bytes // config.bus_bytes
    return LOAD.to_bytes(
        {
            "opcode": Opcode.LOAD,
            "memory": memory,
            "region": region,
            "offset": offset,
            "row_beats": beats,
            "rows": rows,
            "row_stride": row_bytes,
            "address_stride": beats,
        }
    )


def _store(config: ArrayConfig, wait: int, address: int, offset: int, words: int) -> bytes:
    return STORE.to_bytes(
        {
            "opcode": Opcode.STORE,
            "wait_compute": wait,
            "region": Region.TENSORS,
            "offset": offset,
            "row_beats": words,
            "rows": BLOCKS,
            "row_stride": words * config.bus_bytes,
            "address": address,
            "address_stride": words,
        }
    )


def _computes(config: ArrayConfig, steps: int, size: tuple[int, int]) -> list[bytes]:
    height, width = size
    pixels = height * width
    conv = Window(0, height, width, -1, -1, (3, 3), (1, 1), (1, 1), height, width)
    pool = Window(pixels, height, width, 0, 0, (2, 2), (2, 2), (1, 1), height // 2, width // 2)
    common = {
        "opcode": int(Opcode.COMPUTE),
        "mark": 1,
        "rounding": int(Rounding.DOUBLE),
        "pad_value": -5,
        "in_blocks": 1,
        "out_blocks": BLOCKS,
        "weight_step": 1,
        "param_block": config.drain_steps,
        "zero_point": 4,
        "low": -120,
        "high": 127,
    }
    first = common | conv.fields(Operation.CONV, config)
    first |= {"operation": int(Operation.CONV), "wait_load": 3, "steps": steps}
    first |= {"last_steps": steps, "weight_block": TAPS * steps}
    first |= {"out_start": pixels, "out_row": width, "out_block": pixels}
    second = common | pool.fields(Operation.MAX, config)
    second |= {"operation": int(Operation.MAX), "wait_load": 3, "wait_compute": 1, "layer": 1}
    second |= {"steps": 1, "last_steps": 1, "in_block": pixels}
    second |= {
        "out_start": pixels * (1 + BLOCKS),
        "out_row": width // 2,
        "out_block": (height // 2) * (width // 2),
    }
    return [COMPUTE.to_bytes(fields) for fields in (first, second)]
