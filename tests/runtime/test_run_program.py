"""Running programs: batches, cycles of layers, host steps, what can be read back, bad input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from intaglio.compiler.compile import compile_graph
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.golden.softmax import softmax as golden_softmax
from intaglio.runtime.run import readable, run_program
from intaglio.runtime.softmax import softmax
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Attributes, Graph, Node, Op, Quantisation, Tensor
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import HostStep, Job, LayerPlan, Program, TensorPlan

CONFIG = PRESETS["tiny"]
HALF = Quantisation(np.array([0.5], np.float32), np.array([3], np.int64))
PROBABILITY = Quantisation(np.array([1 / 256], np.float32), np.array([-128], np.int64))


def tensor(number: int, *shape: int, quant: Quantisation = HALF) -> Tensor:
    return Tensor(number, f"t{number}", shape, "int8", quant)


@pytest.fixture
def graph() -> Graph:
    """Two inputs, two outputs, a host step before, between and after jobs."""
    tensors = [
        tensor(0, 1, 30),
        tensor(1, 1, 2, 3, 5),
        tensor(2, 1, 2, 3, 5),
        tensor(3, 1, 2, 3, 5),
        tensor(4, 1, 1, 3, 5),
        tensor(5, 1, 15),
        tensor(6, 1, 15, quant=PROBABILITY),
    ]
    pool = Attributes(kernel=(2, 1))
    nodes = (
        Node(Op.RESHAPE, "shape", (0,), (2,)),
        Node(Op.ADD, "sum", (2, 1), (3,)),
        Node(Op.MAX_POOL, "pool", (3,), (4,), pool),
        Node(Op.RESHAPE, "flat", (4,), (5,)),
        Node(Op.SOFTMAX, "soft", (5,), (6,)),
    )
    return Graph("mixed", {t.number: t for t in tensors}, nodes, (0, 1), (3, 6))


def codes(graph: Graph, batch: int, seed: int = 1) -> dict[int, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        number: rng.integers(-128, 128, (batch, *graph.tensors[number].shape[1:])).astype(np.int8)
        for number in graph.inputs
    }


@pytest.mark.parametrize("batch", [1, 5])
def test_batches_of_several_inputs_and_outputs(graph: Graph, batch: int) -> None:
    inputs = codes(graph, batch)
    program = compile_graph(graph, CONFIG)
    result = run_program(program, GoldenDevice(CONFIG), inputs)
    expected = run_graph(graph, inputs)
    assert set(result.outputs) == {3, 6}
    for number, values in result.outputs.items():
        np.testing.assert_array_equal(values, expected[number])
    assert result.stats.cycles is None
    assert result.layer_cycles == {}


def test_every_tensor_is_kept_where_asked(graph: Graph) -> None:
    inputs = codes(graph, 2)
    program = compile_graph(graph, CONFIG, keep_all=True)
    result = run_program(program, GoldenDevice(CONFIG), inputs, keep=True)
    expected = run_graph(graph, inputs)
    assert set(result.tensors) == set(expected)
    for number, values in result.tensors.items():
        np.testing.assert_array_equal(values, expected[number])


class ClockedDevice(GoldenDevice):
    """A golden device that says what it was told about time."""

    def __init__(self, config: ArrayConfig, runs: list[RunStats]) -> None:
        super().__init__(config)
        self.runs = runs

    def run(self, commands: bytes) -> RunStats:
        super().run(commands)
        return self.runs.pop(0)


def test_cycles_of_a_layer_run_from_mark_to_mark_and_add_up_over_the_batch(graph: Graph) -> None:
    runs = [
        RunStats(100, {"CYCLES": 100, "COMMANDS": 7}, {1: 40, 2: 90}),
        RunStats(130, {"CYCLES": 130, "COMMANDS": 7}, {1: 45, 2: 95}),
    ]
    program = compile_graph(graph, CONFIG)
    result = run_program(program, ClockedDevice(CONFIG, runs), codes(graph, 2))
    assert result.stats.cycles == 230
    assert result.stats.counters == {"CYCLES": 230, "COMMANDS": 14}
    assert result.layer_cycles == {1: 85, 2: 145}  # the last one takes the rest of its job


def plan(number: int, offset: int) -> TensorPlan:
    return TensorPlan(number, f"t{number}", (1, 4), (1, 1, 4), offset, 1.0, 0)


def test_tensors_that_others_wrote_over_are_not_read_back() -> None:
    layers = [
        LayerPlan("a", "conv", "array", 0, (0,), 1),
        LayerPlan("b", "conv", "array", 0, (1,), 2),
        LayerPlan("c", "reshape", "host", 0, (2,), 3),  # of no step: shares the bytes of 2
        LayerPlan("d", "softmax", "host", 0, (3,), 4),
        LayerPlan("e", "conv", "array", 0, (4,), 5),
    ]
    program = Program(
        model="m",
        config_name="c",
        config_digest="d",
        tensors=tuple(plan(n, at) for n, at in enumerate((0, 4, 8, 8, 4, -1))),
        layers=tuple(layers),
        steps=(Job(0, 0, (0, 1)), HostStep(3, "softmax"), Job(0, 0, (4,))),
        inputs=(0,),
        outputs=(5,),
        tensor_bytes=12,
        constants=b"",
        commands=b"",
    )
    assert readable(program, 4) == (0, 2, 3, 4)


def test_a_program_of_another_configuration_is_refused_with_both_digests(graph: Graph) -> None:
    program = compile_graph(graph, CONFIG)
    other = PRESETS["small"]
    with pytest.raises(ModelError, match="E313") as caught:
        run_program(program, GoldenDevice(other), codes(graph, 1))
    finding = caught.value.findings[0]
    assert (finding.have, finding.need) == (CONFIG.digest, other.digest)


def test_an_unknown_host_step_is_refused(graph: Graph) -> None:
    program = compile_graph(graph, CONFIG)
    steps = (HostStep(0, "sort"), *program.steps[1:])
    with pytest.raises(ModelError, match=r"E303.*sort"):
        run_program(replace(program, steps=steps), GoldenDevice(CONFIG), codes(graph, 1))


Change = Mapping[int, np.ndarray | None]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({1: np.zeros((1, 2, 3, 4), np.int8)}, ["E305"]),
        ({1: np.zeros((2, 3, 5), np.int8)}, ["E305"]),
        ({0: np.zeros((0, 30), np.int8)}, ["E305"]),
        ({0: np.array(1, np.int8)}, ["E305"]),
        ({1: np.zeros((1, 2, 3, 5), np.float32)}, ["E306"]),
        ({1: None}, ["E305"]),
        ({9: np.zeros(1, np.int8)}, ["E305"]),
        ({0: np.zeros((3, 30), np.int8)}, ["E305"]),
        ({0: np.zeros((1, 9), np.int8), 1: np.zeros((1, 2, 3, 5))}, ["E305", "E306"]),
    ],
)
def test_inputs_that_do_not_fit_are_all_named(
    graph: Graph, changes: Change, found: list[str]
) -> None:
    program = compile_graph(graph, CONFIG)
    given = {k: v for k, v in {**codes(graph, 1), **changes}.items() if v is not None}
    with pytest.raises(ModelError) as caught:
        run_program(program, GoldenDevice(CONFIG), given)
    assert [finding.code for finding in caught.value.findings] == found


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.17, 1.0, 15.0])
@pytest.mark.parametrize("length", [1, 2, 12, 1001])
def test_softmax_equals_the_golden_one(scale: float, length: int, rng: np.random.Generator) -> None:
    rows = rng.integers(-128, 128, (20, length)).astype(np.int8)
    for beta in (1.0, 0.3):
        np.testing.assert_array_equal(softmax(rows, scale, beta), golden_softmax(rows, scale, beta))


def test_softmax_is_near_the_real_one(rng: np.random.Generator) -> None:
    rows = rng.integers(-128, 128, (50, 10)).astype(np.int8)
    powers = np.exp((rows - rows.max(axis=1, keepdims=True).astype(float)) * 0.05)
    real = powers / powers.sum(axis=1, keepdims=True)
    got = (softmax(rows, 0.05).astype(float) + 128) / 256
    assert np.abs(got - real).max() <= 1 / 256
