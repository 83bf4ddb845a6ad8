"""Activations of 16 bits with few channels: the second word of a pixel is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.api.bench_random import random_shape
from intaglio.api.bench_shapes import graph_of
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.convert import convert
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Opcode, decode
from intaglio.spec.presets import PRESETS

CONFIG = replace(PRESETS["default"], name="switched", precisions=(16, 8, 4))


@pytest.mark.parametrize("kind", ["first layer", "large kernel", "dilated", "conv", "band"])
@pytest.mark.parametrize("case", range(6))
def test_outputs_equal_golden(kind: str, case: int, seed: int) -> None:
    rng = np.random.default_rng([seed, case])
    shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
    graph = convert(graph_of(shape, "layer", seed + case), CONFIG, lambda _: 16)
    program = compile_graph(graph, CONFIG)
    (number,) = graph.inputs
    codes = rng.integers(-32768, 32768, graph.tensors[number].shape).astype(np.int16)
    (output,) = graph.outputs
    got = run_program(program, GoldenDevice(CONFIG), {number: codes}).outputs[output]
    np.testing.assert_array_equal(got, run_graph(graph, {number: codes})[output])


def test_a_first_layer_walks_lower_words_alone(seed: int) -> None:
    shape = random_shape("first layer", lambda low, high: high)
    graph = convert(graph_of(shape, "layer", seed), CONFIG, lambda _: 16)
    found = [f for o, f in decode(compile_graph(graph, CONFIG).commands) if o is Opcode.COMPUTE]
    assert {f["dilation_x"] for f in found} == {2}
    assert {f["kernel_w"] for f in found} == {shape.kernel[1]}
    assert {f["last_steps"] for f in found} == {3}
