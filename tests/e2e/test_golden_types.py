"""Networks of other types, and operators of the host, as programs on the golden device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from intaglio.api.suites_layers import network, quant, tensor
from intaglio.api.suites_litert import run_litert
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load import load_model
from intaglio.compiler.load_tflite import parse_tflite
from intaglio.compiler.save_tflite import save_tflite
from intaglio.golden.machine import GoldenDevice
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Attributes, Graph, Op, Quantisation
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import Program

NETWORKS = {
    "mobilenet_v1_025_128": ("coral/mobilenet_v1_0.25_128_quant.tflite", 8),
    "digits_int16x8": ("generated/digits_int16x8.tflite", 16),
    "resnet8_a16w8": ("generated/resnet8_a16w8.tflite", 16),
    "resnet8_a8w4": ("generated/resnet8_a8w4.tflite", 8),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_every_tensor_is_that_of_the_reference_kernels(shared: Path, case: str) -> None:
    name, bits = NETWORKS[case]
    graph = load_model(shared / "models" / name)
    reference = np.load(shared / "golden" / "litert_ref" / f"{case}.npz")
    config = replace(PRESETS["default"], name="other", act_bits=bits)
    inputs = {}
    for number in graph.inputs:
        given = graph.tensors[number]
        codes = reference[f"t{number:03d}"].astype(np.int64) - given.offset
        inputs[number] = codes.astype(given.dtype)
    program = compile_graph(graph, config, keep_all=True)
    found = run_program(program, GoldenDevice(config), inputs, keep=True).tensors
    for layer in program.layers:
        stored = found[layer.output].astype(np.int64) + graph.tensors[layer.output].offset
        np.testing.assert_array_equal(stored, reference[f"t{layer.output:03d}"], layer.name)


SHAPE = (1, 5, 6, 8)


def _moved(op: Op, after: tuple[int, ...], attributes: Attributes) -> Callable[..., Graph]:
    def make(rng: np.random.Generator) -> Graph:
        q = quant(rng, "int8")
        return network(
            op, [tensor("x", SHAPE, "int8", q), tensor("y", after, "int8", q)], (0,), 1, attributes
        )

    return make


def _prelu(rng: np.random.Generator) -> Graph:
    slopes = rng.integers(-128, 128, (1, 1, 8)).astype(np.int8)
    tensors = [
        tensor("x", SHAPE, "int8", quant(rng, "int8")),
        tensor("a", (1, 1, 8), "int8", quant(rng, "int8", 0.001, 0.01), slopes),
        tensor("y", SHAPE, "int8", quant(rng, "int8")),
    ]
    return network(Op.PRELU, tensors, (0, 1), 1, Attributes())


def _transposed(rng: np.random.Generator) -> Graph:
    scales = rng.uniform(0.001, 0.01, 5).astype(np.float32)
    weights = rng.integers(-127, 128, (5, 3, 3, 8)).astype(np.int8)
    tensors = [
        tensor("x", SHAPE, "int8", quant(rng, "int8")),
        tensor("w", (5, 3, 3, 8), "int8", Quantisation(scales, np.zeros(5, np.int64), 0), weights),
        tensor("y", (1, 10, 12, 5), "int8", quant(rng, "int8", 0.3, 0.6)),
    ]
    attributes = Attributes(stride=(2, 2), padding="same")
    return network(Op.TRANSPOSED_CONV, tensors, (0, 1, -1), 1, attributes)


def _concat(rng: np.random.Generator) -> Graph:
    q = quant(rng, "int8")
    shapes = {"a": SHAPE, "b": (1, 5, 6, 3), "y": (1, 5, 6, 11)}
    tensors = [tensor(name, shape, "int8", q) for name, shape in shapes.items()]
    return network(Op.CONCAT, tensors, (0, 1), 2, Attributes(order=(3,)))


def _argmax(rng: np.random.Generator) -> Graph:
    tensors = [
        tensor("x", (1, 12), "int8", quant(rng, "int8")),
        tensor("y", (1,), "int32", None),
    ]
    return network(Op.ARGMAX, tensors, (0,), 1, Attributes(order=(1,)))


OPERATORS: dict[str, tuple[Callable[..., Graph], str]] = {
    "prelu": (_prelu, "host"),
    "transposed_conv": (_transposed, "array"),
    "concat": (_concat, "host"),
    "argmax": (_argmax, "host"),
    "pad": (
        _moved(Op.PAD, (1, 8, 9, 8), Attributes(begin=(0, 1, 2, 0), end=(0, 2, 1, 0))),
        "array",
    ),
    "pad of channels": (
        _moved(Op.PAD, (1, 5, 6, 11), Attributes(begin=(0, 0, 0, 1), end=(0, 0, 0, 2))),
        "host",
    ),
    "slice": (
        _moved(
            Op.SLICE,
            (1, 2, 3, 8),
            Attributes(begin=(0, 1, 1, 0), end=(1, 4, 6, 8), step=(1, 2, 2, 1)),
        ),
        "array",
    ),
    "slice of channels": (
        _moved(
            Op.SLICE,
            (1, 5, 6, 3),
            Attributes(begin=(0, 0, 0, 2), end=(1, 5, 6, 5), step=(1, 1, 1, 1)),
        ),
        "host",
    ),
    "transpose": (_moved(Op.TRANSPOSE, (1, 8, 5, 6), Attributes(order=(0, 3, 1, 2))), "host"),
    "depth_to_space": (
        _moved(Op.DEPTH_TO_SPACE, (1, 10, 12, 2), Attributes(kernel=(2, 2))),
        "host",
    ),
    **{
        f"{kind} {corners} {centres}": (
            _moved(
                Op.RESIZE,
                (1, 7, 11, 8),
                Attributes(function=kind, corners=corners, centres=centres),
            ),
            "host",
        )
        for kind in ("nearest", "bilinear")
        for corners, centres in ((False, False), (True, False), (False, True))
    },
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_on_array_and_host(rng: np.random.Generator, name: str) -> None:
    pytest.importorskip("ai_edge_litert")
    make, where = OPERATORS[name]
    data = save_tflite(make(rng))
    graph = parse_tflite(data, "one.tflite", "one")
    config = PRESETS["tiny"]
    program = Program.from_bytes(compile_graph(graph, config).to_bytes())
    assert [layer.where for layer in program.layers] == [where]
    assert bool(program.layers[0].reason) == (where == "host")
    inputs = {
        n: rng.integers(-128, 128, graph.tensors[n].shape).astype(np.int8) for n in graph.inputs
    }
    expected = run_litert(data, [inputs[n] for n in graph.inputs])
    number = graph.outputs[0]
    found = run_program(program, GoldenDevice(config), inputs).outputs[number]
    stored = found.astype(np.int64) + graph.tensors[number].offset
    np.testing.assert_array_equal(stored.reshape(expected.shape), expected)
