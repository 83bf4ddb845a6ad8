"""Operators that are taken apart, on arrays of several kinds: small buffers, widths, residence."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from intaglio.api.bench_random import random_shape
from intaglio.api.bench_shapes import graph_of
from intaglio.compiler.compile import compile_graph
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Graph, Quantisation

KINDS = (
    *("transposed", "depthwise multiplier", "wrap padding", "edge padding", "reflect padding"),
    *("symmetric padding", "long row"),
)
PLAIN = ArrayConfig(
    name="plain",
    pixels=2,
    channels=4,
    depth=2,
    requant_lanes=2,
    acts_kib=4,
    weights_kib=1,
    params_kib=2,
)
CONFIGS = {
    "plain": PLAIN,
    "tight": replace(PLAIN, pixels=4, channels=8, acts_kib=1),
    "deep": replace(PLAIN, channels=16, depth=4, requant_lanes=4, weights_kib=2),
    "without groups": replace(PLAIN, grouped=False),
    "of any width": replace(PLAIN, requant_lanes=4, params_kib=4, precisions=(16, 8, 4)),
}


def of_width(graph: Graph, bits: int) -> Graph:
    """Return a graph of 8 bits with activations of 4 or 16."""
    tensors = dict(graph.tensors)
    factor, zero = {4: (16.0, 3), 8: (1.0, None), 16: (1 / 200, 0)}[bits]
    for number, tensor in graph.tensors.items():
        if tensor.data is None and tensor.quant is not None and zero is not None:
            scales = np.asarray(tensor.quant.scales * factor, np.float32)
            quant = Quantisation(scales, np.array([zero], np.int64))
            tensors[number] = replace(tensor, dtype=f"int{bits}", quant=quant)
        elif number == 1 and bits == 4 and tensor.data is not None:
            data = (tensor.data.astype(np.int64) // 20).astype(np.int8)
            tensors[number] = replace(tensor, dtype="int4", data=data)
    return replace(graph, tensors=tensors)


def check(graph: Graph, config: ArrayConfig, bits: int, seed: int, *, resident: bool) -> None:
    """Run a graph on the golden device in an order of its own; compare with the definition."""
    rng = np.random.default_rng(seed)
    half, kind = 1 << (bits - 1), np.int16 if bits == 16 else np.int8
    inputs = {
        number: rng.integers(-half, half, graph.tensors[number].shape).astype(kind)
        for number in graph.inputs
    }
    try:
        program = compile_graph(graph, config, resident_io=resident)
    except FitError as error:
        if {finding.code for finding in error.findings} != {"E401"}:
            raise
        return
    (number,) = graph.outputs
    device = GoldenDevice(config, order=rng)
    found = run_program(program, device, inputs).outputs[number]
    expected = run_graph(graph, inputs)[number]
    np.testing.assert_array_equal(found, expected.reshape(found.shape))


def _pick(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("config", CONFIGS)
def test_every_form_is_exact(config: str, kind: str, request: pytest.FixtureRequest) -> None:
    chosen = CONFIGS[config]
    widths = chosen.precisions or (8,)
    count = 40 if request.config.getoption("--slow") else 2

    for seed in range(count):
        rng = np.random.default_rng([seed, *kind.encode()])
        shape = random_shape(kind, partial(_pick, rng))
        for bits in widths:
            graph = of_width(graph_of(shape, "form", seed), bits)
            check(graph, chosen, bits, seed, resident=bool(seed % 2))
