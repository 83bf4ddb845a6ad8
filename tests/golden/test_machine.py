"""COMPUTE of the golden machine against the loops of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from intaglio.golden.machine import GoldenDevice
from intaglio.spec.commands import PARAM, RECORDS, TABLE, Opcode, Operation, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.quant import Rounding
from intaglio.spec.window import Window, pair_fields

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
K, D, Q = CONFIG.channels, CONFIG.depth, CONFIG.requant_lanes


def command(opcode: Opcode, **fields: int) -> bytes:
    return RECORDS[opcode].to_bytes({"opcode": int(opcode), **fields})


def opened(order: np.random.Generator | None = None) -> GoldenDevice:
    device = GoldenDevice(CONFIG, order=order)
    device.open({Region.CONSTANTS: 4096, Region.TENSORS: 4096})
    return device


def random_device(rng: np.random.Generator) -> GoldenDevice:
    """Return a device with random acts, weights and table, and scale 1 with a random bias."""
    device = opened()
    for words in (device.buffers.acts, device.buffers.weights):
        words[:] = rng.integers(-3, 4, words.shape).astype(np.int8).view(np.uint8)
    for word in device.buffers.params:
        for lane in range(Q):
            bias = int(rng.integers(-20, 20))
            record = PARAM.to_bytes({"bias": bias, "multiplier": 1 << 30, "shift": 1})
            word[9 * lane : 9 * lane + 9] = np.frombuffer(record, np.uint8)
    for word in device.buffers.table:
        a, b = (int(v) for v in rng.integers(-60, 60, 2))
        word[:8] = np.frombuffer(TABLE.to_bytes({"a": a, "b": b}), np.uint8)
    return device


def by_the_contract(fields: Mapping[str, int], device: GoldenDevice) -> dict[tuple[int, int], int]:
    """Return (word, lane) to output, from the loops of the contract in plain integers."""
    acts = device.buffers.acts.view(np.int8).tolist()
    weights = device.buffers.weights.view(np.int8).tolist()
    operation, out = Operation(fields["operation"]), {}

    def word(m: int, r: int, s: int, block: int) -> list[int]:
        i, j = divmod(m, fields["out_w"])
        y = fields["y0"] + i * fields["stride_y"] + r * fields["dilation_y"]
        x = fields["x0"] + j * fields["stride_x"] + s * fields["dilation_x"]
        if not (0 <= y < fields["in_h"] and 0 <= x < fields["in_w"]):
            return [fields["pad_value"]] * K
        at = fields["start"] + i * fields["window_y"] + j * fields["window_x"]
        at += r * fields["tap_y"] + s * fields["tap_x"] + block * fields["in_block"]
        return [int(v) for v in acts[at]]

    taps = [(r, s) for r in range(fields["kernel_h"]) for s in range(fields["kernel_w"])]
    for ob in range(fields["out_blocks"]):
        for m in range(fields["pixels"]):
            for k in range(K):
                acc = 0
                if operation is Operation.MAX:
                    acc = max(word(m, r, s, ob)[k] for r, s in taps)
                    if fields["kernel_w"] % D:
                        acc = max(acc, fields["pad_value"])
                elif operation is Operation.ADD:
                    for (r, s), column in zip(taps, "ab", strict=True):
                        entry = device.buffers.table[word(m, r, s, ob)[k] + 128]
                        acc += TABLE.from_bytes(entry[:8].tobytes())[column]
                elif operation is Operation.DEPTHWISE or fields["paired"]:
                    acc = wide_sum(fields, weights, word, m, ob, k)
                else:
                    acc = lane_sum(fields, weights, word, m, ob, k)
                    if fields["fold"]:
                        other = lane_sum(fields, weights, word, m, ob, (k + K // 2) % K)
                        acc = acc + other if k < K // 2 else 0
                at = fields["param_start"] + ob * fields["param_block"] + k // Q
                record = device.buffers.params[at][9 * (k % Q) : 9 * (k % Q) + 9]
                acc += PARAM.from_bytes(record.tobytes())["bias"] + fields["zero_point"]
                i, j = divmod(m, fields["out_w"])
                place = fields["out_start"] + ob * fields["out_block"] + i * fields["out_row"] + j
                out[place, k] = min(max(acc, fields["low"]), fields["high"])
    return out


def wide_sum(
    fields: Mapping[str, int],
    weights: list[list[int]],
    word: Callable[[int, int, int, int], list[int]],
    m: int,
    ob: int,
    k: int,
) -> int:
    """Return the sum of lane k over D taps of a row at once; one past its end reads the pad."""
    w, acc, width = fields["weight_start"] + ob * fields["weight_block"], 0, fields["kernel_w"]
    for r in range(fields["kernel_h"]):
        for first in range(0, width, D):
            columns = range(first, first + D)
            pad = [fields["pad_value"]] * K
            words = [
                word(m, r, s, ob if not fields["paired"] else 0) if s < width else pad
                for s in columns
            ]
            run = [x for w in words for x in w[: fields["channels"]]]
            for t in range(fields["last_steps" if first + D >= width else "steps"]):
                for d in range(D):
                    x = run[t * D + d] if fields["paired"] else words[d][k]
                    acc += x * weights[w][k * D + d]
                w += fields["weight_step"]
    return acc


def lane_sum(
    fields: Mapping[str, int],
    weights: list[list[int]],
    word: Callable[[int, int, int, int], list[int]],
    m: int,
    ob: int,
    k: int,
) -> int:
    """Return the sum of lane k over single taps: each lane reads the channels of its group."""
    w, acc, group = fields["weight_start"] + ob * fields["weight_block"], 0, fields["group"]
    for r in range(fields["kernel_h"]):
        for s in range(fields["kernel_w"]):
            for b in range(fields["in_blocks"]):
                x = word(m, r, s, ob if fields["local"] else b)
                last = b == fields["in_blocks"] - 1
                for t in range(fields["last_steps" if last else "steps"]):
                    for d in range(D):
                        acc += x[k // group * group + (t * D + d) % group] * weights[w][k * D + d]
                    w += fields["weight_step"]
    return acc


# What CONV may add to its geometry: groups of lanes, folded halves, paired taps of 1 and 3.
KINDS: dict[str, dict[str, int]] = {
    "plain": {},
    "local": {"local": 1, "group": 2, "in_blocks": 1, "steps": 1, "last_steps": 1},
    "fold": {"fold": 1, "group": 2, "in_blocks": 2, "steps": 1, "last_steps": 1},
    "one": {"paired": 1, "channels": 1, "pair_taps": 2, "steps": 1, "last_steps": 1},
    "three": {"paired": 1, "channels": 3, "pair_channels": 2, "steps": 3, "last_steps": 2},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kinds_of_convolution_follow_the_loops_of_the_contract(kind: str, seed: int) -> None:
    rng = np.random.default_rng([seed, 99])
    fields = dict.fromkeys((f.name for f in RECORDS[Opcode.COMPUTE].fields), 0)
    window = Window(5, 4, 5, -1, -1, (2, 3), (1, 1), (1, 1), 3, 3)
    fields |= window.fields(Operation.CONV, CONFIG) | {
        "rounding": int(Rounding.SINGLE_UP),
        "pad_value": 5,
        "in_block": 24,
        "in_blocks": 1 if KINDS[kind].get("paired") else 2,
        "steps": 2,
        "last_steps": 2,
        "out_start": 120,
        "out_row": 3,
        "out_block": 25,
        "out_blocks": 2,
        "weight_start": 3,
        "weight_step": 1,
        "weight_block": 24,
        "param_block": 2,
        "low": -128,
        "high": 127,
        **KINDS[kind],
    }
    device = random_device(rng)
    expected = by_the_contract(fields, device)
    fields["opcode"] = int(Opcode.COMPUTE)
    device.run(RECORDS[Opcode.COMPUTE].to_bytes(fields))
    got = device.buffers.acts.view(np.int8)
    assert {place: int(got[place]) for place in expected} == expected


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("trial", range(6))
def test_compute_follows_the_loops_of_the_contract(
    operation: Operation, trial: int, seed: int
) -> None:
    rng = np.random.default_rng([seed, trial, int(operation)])
    device = random_device(rng)
    conv = operation is Operation.CONV
    if operation is Operation.ADD:
        geometry = pair_fields(2, int(rng.integers(20, 40)), 7)
    else:
        geometry = Window(
            base=int(rng.integers(0, 20)),
            in_h=4,
            in_w=5,
            y0=int(rng.integers(-2, 2)),
            x0=int(rng.integers(-2, 2)),
            kernel=(int(rng.integers(1, 4)), int(rng.integers(1, 4))),
            stride=(int(rng.integers(1, 3)), int(rng.integers(1, 3))),
            dilation=(int(rng.integers(1, 3)), 1),
            out_h=3,
            out_w=2,
        ).fields(operation, CONFIG)
    fields = dict.fromkeys((f.name for f in RECORDS[Opcode.COMPUTE].fields), 0)
    fields |= geometry | {
        "operation": int(operation),
        "rounding": int(Rounding.SINGLE_UP),
        "pad_value": int(rng.integers(-128, 128)),
        "in_block": 24,
        "in_blocks": 2 if conv else 1,
        "steps": 2 if conv else 1,
        "last_steps": int(rng.integers(1, 3)) if conv else 1,
        "out_start": 120,
        "out_row": 3,
        "out_block": 25,
        "out_blocks": 2,
        "weight_start": 5,
        "weight_step": int(rng.integers(0, 2)),
        "weight_block": 40,
        "param_start": 3,
        "param_block": 2,
        "zero_point": int(rng.integers(-9, 9)),
        "low": -100,
        "high": 90,
    }
    expected = by_the_contract(fields, device)
    before = device.buffers.acts.copy()
    device.run(command(Opcode.COMPUTE, **{k: v for k, v in fields.items() if k != "opcode"}))
    after = device.buffers.acts.view(np.int8)
    assert {place: int(after[place]) for place in expected} == expected
    touched = {word for word, _ in expected}
    rest = [w for w in range(CONFIG.act_words) if w not in touched]
    np.testing.assert_array_equal(device.buffers.acts[rest], before[rest])


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


def test_a_sum_in_parts_is_the_sum() -> None:
    rng = np.random.default_rng(1)
    device = random_device(rng)
    device.run(command(Opcode.COMPUTE, **conv(in_blocks=2, in_block=2)))
    whole = device.buffers.acts[100:102].copy()
    device.buffers.acts[100:102] = 0
    device.run(
        command(Opcode.COMPUTE, **conv(hold=1))
        + command(Opcode.COMPUTE, **conv(accumulate=1, start=2, weight_start=2))
    )
    np.testing.assert_array_equal(device.buffers.acts[100:102], whole)


def test_a_held_sum_writes_nothing() -> None:
    device = random_device(np.random.default_rng(1))
    before = device.buffers.acts.copy()
    device.run(command(Opcode.COMPUTE, **conv(hold=1)))
    np.testing.assert_array_equal(device.buffers.acts, before)
