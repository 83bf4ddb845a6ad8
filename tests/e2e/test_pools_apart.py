"""Pools whose taps lie apart: golden operators by definition, and programs equal to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.compiler.compile import compile_graph
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.golden.pool import average_pool, max_pool
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Attributes, Graph, Node, Op, Quantisation, Tensor, window_places
from intaglio.spec.presets import PRESETS

KERNEL, DILATION, PADS = (2, 3), (3, 2), (1, 1, 2, 1)
SHAPE = (1, 9, 11, 6)


def places(stride: tuple[int, int]) -> tuple[int, int]:
    sides = PADS[:2], PADS[2:]
    y, x = (
        window_places(SHAPE[1 + i], KERNEL[i], stride[i], DILATION[i], (sides[i][0], sides[i][1]))
        for i in range(2)
    )
    return y, x


def taps(x: np.ndarray, stride: tuple[int, int], i: int, j: int) -> np.ndarray:
    """Return the pixels of one window that lie inside the image."""
    rows = [i * stride[0] - PADS[0] + r * DILATION[0] for r in range(KERNEL[0])]
    columns = [j * stride[1] - PADS[2] + s * DILATION[1] for s in range(KERNEL[1])]
    inside = [(r, c) for r in rows for c in columns if 0 <= r < SHAPE[1] and 0 <= c < SHAPE[2]]
    return np.stack([x[0, r, c] for r, c in inside])


@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
def test_golden_pools_by_definition(rng: np.random.Generator, stride: tuple[int, int]) -> None:
    x = rng.integers(-128, 128, SHAPE).astype(np.int8)
    highest = max_pool(x, KERNEL, stride, PADS, dilation=DILATION)
    mean = average_pool(x, KERNEL, stride, PADS, ties_up=True, dilation=DILATION)
    for i, j in np.ndindex(*places(stride)):
        window = taps(x, stride, i, j).astype(np.int64)
        np.testing.assert_array_equal(highest[0, i, j], window.max(axis=0))
        ties_up = (2 * window.sum(axis=0) + len(window)) // (2 * len(window))
        np.testing.assert_array_equal(mean[0, i, j], ties_up)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("op", [Op.MAX_POOL, Op.AVERAGE_POOL])
@pytest.mark.parametrize("reference", ["litert", "onnxruntime"])
def test_programs_equal_golden(rng: np.random.Generator, op: Op, bits: int, reference: str) -> None:
    stride = (2, 1)
    quant = Quantisation(np.array([0.05], np.float32), np.array([3 if bits == 8 else 0]))
    kind = f"int{bits}"
    tensors = {
        0: Tensor(0, "x", SHAPE, kind, quant),
        1: Tensor(1, "y", (1, *places(stride), SHAPE[3]), kind, quant),
    }
    attributes = Attributes(kernel=KERNEL, stride=stride, dilation=DILATION, padding=PADS)
    graph = Graph("pool", tensors, (Node(op, "pool", (0,), (1,), attributes),), (0,), (1,))
    config = replace(PRESETS["tiny"], name="pools", act_bits=bits)
    limits = np.iinfo(kind)
    codes = {0: rng.integers(limits.min, limits.max + 1, SHAPE).astype(kind)}
    expected = run_graph(graph, codes, reference)[1]
    program = compile_graph(graph, config, reference=reference)
    found = run_program(program, GoldenDevice(config), codes).outputs[1]
    np.testing.assert_array_equal(found, expected)
