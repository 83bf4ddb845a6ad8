"""Layers with every kind of lane: from weights to equal outputs, in numpy and in gates."""

from dataclasses import replace

import numpy as np
import pytest

from intaglio.bench.device import SimDevice
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.convert import convert
from intaglio.compiler.outline import outline_graph
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import Device
from intaglio.spec.errors import ConfigError, FitError, ModelError
from intaglio.spec.graph import (
    Activation,
    Attributes,
    Graph,
    Node,
    Op,
    Quantisation,
    Tensor,
)
from intaglio.spec.presets import PRESETS
from intaglio.spec.requant import format_of
from intaglio.spec.timing import predict

TINY = replace(PRESETS["tiny"], weights_kib=16, acts_kib=32, params_kib=8)
LANES = {
    "int4": {"act_bits": 4, "weight_bits": 4},
    "w4a8": {"weight_bits": 4},
    "w3a8": {"weight_bits": 3},
    "w8a16": {"act_bits": 16},
    "int16": {"act_bits": 16, "weight_bits": 16},
    "w4a16": {"act_bits": 16, "weight_bits": 4},
    "shift": {"lane": "shift", "weight_bits": 5},
    "two-term": {"lane": "two-term", "weight_bits": 4},
    "apot": {"lane": "apot", "weight_bits": 5},
    "mask": {"lane": "mask", "weight_bits": 1},
    "group-shift": {"weight_bits": 4, "group_scale": "shift"},
    "group-scale": {"weight_bits": 4, "group_scale": "integer", "group_size": 16},
    "switched": {"precisions": (16, 8, 4)},
}
RUNS = [(name, 0) for name in LANES if name != "switched"] + [
    ("switched", bits) for bits in (4, 8, 16)
]
IN_GATES = [(n, b) for n, b in RUNS if n not in ("w3a8", "w8a16", "w4a16", "apot", "mask")]


def config_of(name: str) -> ArrayConfig:
    return replace(TINY, name=name, **LANES[name])  # type: ignore[arg-type]


def quant(scale: object, zero: object = 0, axis: int | None = None) -> Quantisation:
    scales = np.atleast_1d(np.asarray(scale, np.float32))
    zeros = np.broadcast_to(np.asarray(zero, np.int64), scales.shape)
    return Quantisation(scales, np.array(zeros), axis)


def network(*, joined: bool, seed: int = 1) -> Graph:
    """Return convolution, 1x1, depthwise and, if `joined`, a sum and a pool, of 32 channels."""
    rng = np.random.default_rng(seed)
    tensors = {0: Tensor(0, "x", (1, 6, 5, 32), "int8", quant(0.05, -3))}
    nodes: list[Node] = []

    def weighted(op: Op, number: int, kernel: int, stride: int, scale: float) -> None:
        x, y = tensors[number - 1], number
        shape = (32, kernel, kernel, 32) if op is Op.CONV else (1, kernel, kernel, 32)
        spread = np.exp(rng.normal(0, 0.7, 32))
        values = np.clip(np.rint(rng.normal(0, 25, shape) * spread), -127, 127)
        axis = 0 if op is Op.CONV else 3
        w, b = 10 * number, 10 * number + 1
        scales = quant(rng.uniform(0.001, 0.003, 32), 0, axis)
        tensors[w] = Tensor(w, f"w{w}", shape, "int8", scales, values.astype(np.int8))
        bias = rng.integers(-3000, 3000, 32).astype(np.int32)
        tensors[b] = Tensor(b, f"b{b}", (32,), "int32", quant(1.0), bias)
        places = tuple(-(-size // stride) for size in x.shape[1:3])
        tensors[y] = Tensor(y, f"t{y}", (1, *places, 32), "int8", quant(scale, -100))
        attributes = Attributes(stride=(stride, stride), padding="same", activation=Activation.RELU)
        nodes.append(Node(op, f"layer{number}", (number - 1, w, b), (y,), attributes))

    weighted(Op.CONV, 1, 3, 1, 0.03)
    weighted(Op.CONV, 2, 1, 1, 0.015)
    weighted(Op.DEPTHWISE, 3, 3, 1, 0.004)
    weighted(Op.CONV, 4, 1, 2, 0.002)
    if joined:
        shape = tensors[3].shape
        tensors[5] = Tensor(5, "sum", shape, "int8", quant(0.02, -60))
        nodes.append(Node(Op.ADD, "sum", (2, 3), (5,)))
        tensors[6] = Tensor(6, "pool", (1, 3, 2, 32), "int8", quant(0.02, -60))
        window = Attributes(kernel=(2, 2), stride=(2, 2))
        nodes.append(Node(Op.MAX_POOL, "pool", (5,), (6,), window))
    return Graph("lanes", tensors, tuple(nodes), (0,), (6,) if joined else (4,))


def converted(name: str, bits: int) -> tuple[Graph, ArrayConfig]:
    config = config_of(name)
    width = bits or config.act_bits
    graph = convert(network(joined=width != 16), config, lambda _: width)
    return graph, config


def mismatches(graph: Graph, config: ArrayConfig, device: Device) -> int:
    """Run two inputs and return how many of all written codes differ; none is empty."""
    program = compile_graph(graph, config, keep_all=True)
    form = format_of(graph.tensors[0])
    codes = np.random.default_rng(7).integers(form.min, form.max + 1, (2, 6, 5, 32))
    x = codes.astype(np.int16 if form.bits == 16 else np.int8)
    try:
        found = run_program(program, device, {0: x}, keep=True)
    finally:
        device.close()
    expected = run_graph(graph, {0: x})
    assert set(found.tensors) == {node.outputs[0] for node in graph.nodes} | {0}
    for number in found.tensors:
        assert np.unique(expected[number]).size > 3
    return sum(
        int((expected[number] != tensor.reshape(expected[number].shape)).sum())
        for number, tensor in found.tensors.items()
    )


@pytest.mark.parametrize(("name", "bits"), RUNS)
def test_the_golden_device_computes_the_layers(name: str, bits: int) -> None:
    graph, config = converted(name, bits)
    assert mismatches(graph, config, GoldenDevice(config)) == 0


@pytest.mark.parametrize(("name", "bits"), RUNS)
def test_estimates_read_the_commands_that_run(name: str, bits: int) -> None:
    graph, config = converted(name, bits)
    written = [(op, dict(f)) for op, f in decode(compile_graph(graph, config).commands)]
    outlined = [(op, dict(f)) for job in outline_graph(graph, config).jobs for op, f in job]
    assert outlined == written


@pytest.mark.parametrize(("name", "bits"), IN_GATES)
def test_the_gates_compute_the_layers(name: str, bits: int) -> None:
    graph, config = converted(name, bits)
    assert mismatches(graph, config, SimDevice(config)) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("name", "bits"), [run for run in RUNS if run not in IN_GATES])
def test_the_gates_compute_the_other_layers(name: str, bits: int) -> None:
    test_the_gates_compute_the_layers(name, bits)


def test_half_the_width_takes_half_the_steps() -> None:
    config = config_of("switched")
    cycles = {}
    for bits in (4, 8, 16):
        program = compile_graph(converted("switched", bits)[0], config)
        cycles[bits] = predict(program.commands, config).cycles or 0
    assert cycles[8] > 1.4 * cycles[4]
    assert cycles[16] < 2.2 * cycles[8]


def test_weights_outside_the_lanes_are_refused() -> None:
    graph, config = network(joined=True), config_of("w4a8")
    with pytest.raises(FitError) as caught:
        compile_graph(graph, config)
    assert caught.value.findings[0].code == "E405"
    assert "int4" in caught.value.findings[0].message


def test_a_width_that_the_array_has_not_is_refused() -> None:
    graph = convert(network(joined=False), config_of("switched"), lambda _: 4)
    with pytest.raises(ModelError) as caught:
        compile_graph(graph, PRESETS["tiny"])
    assert {f.code for f in caught.value.findings} == {"E304"}
    assert "int4" in caught.value.findings[0].message


def test_groups_that_do_not_divide_the_channels_are_refused() -> None:
    config = replace(config_of("group-scale"), group_size=64)
    with pytest.raises(FitError) as caught:
        convert(network(joined=False), config)
    assert caught.value.findings[0].code == "E404"
    assert "64" in caught.value.findings[0].message


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"lane": "float"}, "lane"),
        ({"weight_bits": 9}, "weight_bits"),
        ({"lane": "shift", "weight_bits": 8}, "weight_bits"),
        ({"act_bits": 4}, "weight_bits"),
        ({"act_bits": 5}, "act_bits"),
        ({"precisions": (8, 6)}, "precisions"),
        ({"precisions": (16, 4)}, "precisions"),
        ({"precisions": (8, 4), "weight_bits": 4}, "precisions"),
        ({"group_scale": "float"}, "group_scale"),
        ({"group_scale": "integer", "act_bits": 16}, "group_scale"),
        ({"group_size": 24}, "group_size"),
        ({"scale_bits": 20}, "scale_bits"),
    ],
)
def test_lanes_that_cannot_be_built_are_refused(keys: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        replace(TINY, **keys)  # type: ignore[arg-type]
    assert named in {f.where.split(".")[1] for f in caught.value.findings}
    assert {f.code for f in caught.value.findings} == {"E203"}
