"""Places of tensors in the activation buffer: sums in place, operands in different banks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.compiler.allocate import Apart, Life, Placed, first_fit, shared_fit
from intaglio.compiler.buffers import Ring
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.hazard import Span, spans_of
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import COMPUTE, Memory, Opcode, Operation, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Attributes, Graph, Node, Op, Quantisation, Tensor
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import Job

CONFIG = PRESETS["tiny"]
SIDE, CHANNELS = 8, 8


def quant(scale: float) -> Quantisation:
    return Quantisation(np.array([scale], np.float32), np.array([3], np.int64))


def residual(rng: np.random.Generator, blocks: int) -> Graph:
    """Return pools, convolutions and sums: each sum's first operand is read by nothing else."""
    shape = (1, SIDE, SIDE, CHANNELS)
    tensors = {0: Tensor(0, "x", shape, "int8", quant(0.05))}
    nodes = []

    def conv(x: int) -> int:
        first = len(tensors)
        weights = rng.integers(-127, 128, (CHANNELS, 1, 1, CHANNELS)).astype(np.int8)
        scales = Quantisation(np.array([0.01], np.float32), np.zeros(1, np.int64))
        tensors[first] = Tensor(first, f"w{first}", weights.shape, "int8", scales, weights)
        tensors[first + 1] = Tensor(first + 1, f"y{first}", shape, "int8", quant(0.08))
        nodes.append(Node(Op.CONV, f"conv{first}", (x, first, -1), (first + 1,), Attributes()))
        return first + 1

    at = conv(0)
    for _ in range(blocks):
        other = conv(conv(at))
        number = len(tensors)
        tensors[number] = Tensor(number, f"sum{number}", shape, "int8", quant(0.1))
        nodes.append(Node(Op.ADD, f"add{number}", (at, other), (number,), Attributes()))
        at = number
    last = conv(at)
    return Graph("residual", tensors, tuple(nodes), (0,), (last,))


def adds_of(graph: Graph, config: ArrayConfig) -> list[dict[str, int]]:
    program = compile_graph(graph, config)
    found = [f for code, f in decode(program.commands) if code is Opcode.COMPUTE]
    return [fields for fields in found if fields["operation"] == Operation.ADD]


def test_sums_take_the_place_of_an_operand_and_read_two_banks(rng: np.random.Generator) -> None:
    graph = residual(rng, 3)
    adds = adds_of(graph, CONFIG)
    assert len(adds) == 3
    for fields in adds:
        operands = (fields["start"], fields["start"] + fields["tap_x"])
        assert fields["out_start"] in operands
        assert fields["tap_x"] % CONFIG.banks != 0


def test_a_sum_does_not_write_over_what_is_read_again(rng: np.random.Generator) -> None:
    plain = residual(rng, 1)
    add = next(node for node in plain.nodes if node.op is Op.ADD)
    graph = replace(plain, outputs=(*plain.outputs, *add.inputs))
    for fields in adds_of(graph, CONFIG):
        assert fields["out_start"] not in (fields["start"], fields["start"] + fields["tap_x"])
    x = rng.integers(-128, 128, (1, SIDE, SIDE, CHANNELS)).astype(np.int8)
    expected = run_graph(graph, {0: x})
    outputs = run_program(compile_graph(graph, CONFIG), GoldenDevice(CONFIG), {0: x}).outputs
    for number in graph.outputs:
        np.testing.assert_array_equal(outputs[number], expected[number])


@pytest.mark.parametrize("blocks", [1, 4])
def test_resident_ends_leave_one_job_without_transfers(
    rng: np.random.Generator, blocks: int
) -> None:
    graph = residual(rng, blocks)
    program = compile_graph(graph, CONFIG, resident_io=True)
    loads, work, stores = (step for step in program.steps if isinstance(step, Job))
    commands = list(decode(program.commands))
    assert {code for code, _ in commands[: loads.count]} == {Opcode.LOAD}
    assert {code for code, _ in commands[stores.first :]} == {Opcode.STORE}
    between = commands[work.first : work.first + work.count]
    assert {code for code, _ in between} == {Opcode.LOAD, Opcode.COMPUTE}
    assert Memory.ACTS not in {f["memory"] for code, f in between if code is Opcode.LOAD}
    x = rng.integers(-128, 128, (2, SIDE, SIDE, CHANNELS)).astype(np.int8)
    expected = run_graph(graph, {0: x})
    result = run_program(program, GoldenDevice(CONFIG), {0: x})
    np.testing.assert_array_equal(result.outputs[graph.outputs[0]], expected[graph.outputs[0]])


def test_ends_that_do_not_fit_are_refused(rng: np.random.Generator) -> None:
    small = replace(CONFIG, acts_kib=1)
    plain = residual(rng, 1)
    graph = replace(plain, outputs=tuple(node.outputs[0] for node in plain.nodes))
    compile_graph(graph, small)
    with pytest.raises(FitError, match="finds no room"):
        compile_graph(graph, small, resident_io=True)


def test_apart_leaves_out_banks() -> None:
    first = Placed(Life(1, 6, 0, 2), 0)
    life = Life(2, 4, 1, 3)
    assert first_fit(life, [first], 20, Apart(4, frozenset({2}))) == 7
    assert first_fit(life, [first], 20, Apart(4, frozenset(range(4)))) == 6
    partner = Placed(Life(3, 4, 0, 1), 8)
    assert shared_fit(life, [first, partner], [partner], Apart()) == 8
    assert shared_fit(life, [first, partner], [partner], Apart(4, frozenset({0}))) is None
    other = Placed(Life(4, 1, 2, 2), 11)
    assert shared_fit(life, [first, partner, other], [partner], Apart()) is None


@pytest.mark.parametrize(
    ("operation", "paired", "words"), [("DEPTHWISE", 0, 3 * 2), ("CONV", 0, 27), ("CONV", 1, 3 * 4)]
)
def test_weights_that_are_read(operation: str, paired: int, words: int) -> None:
    """A request takes D = 2 columns of DEPTHWISE and of paired CONV: two of them for three."""
    names = (field.name for field in COMPUTE.fields)
    fields = dict.fromkeys(names, 0) | {
        "operation": Operation[operation],
        "paired": paired,
        "kernel_h": 3,
        "kernel_w": 3,
        "in_h": 1,
        "in_w": 1,
        "in_blocks": 1,
        "out_blocks": 1,
        "out_w": 1,
        "pixels": 1,
        "steps": 1 if operation == "DEPTHWISE" else 3,
        "last_steps": 1 if operation == "DEPTHWISE" or paired else 3,
        "weight_step": 1,
        "weight_start": 5,
    }
    assert Span(Memory.WEIGHTS, 5, words) in spans_of(Opcode.COMPUTE, fields, CONFIG)


def test_sums_within_groups_read_the_block_of_their_own_number() -> None:
    fields = dict.fromkeys((field.name for field in COMPUTE.fields), 0) | {
        **dict.fromkeys(("kernel_h", "kernel_w", "in_h", "in_w", "out_w", "pixels"), 1),
        **dict.fromkeys(("in_blocks", "steps", "last_steps", "local"), 1),
        "out_blocks": 3,
        "in_block": 7,
        "start": 2,
    }
    reads = [s for s in spans_of(Opcode.COMPUTE, fields, CONFIG) if s.place is Memory.ACTS]
    starts = [s.start + n * s.stride for s in reads if not s.writes for n in range(s.rows)]
    assert starts == [2, 9, 16]


def test_large_contents_lie_at_both_ends_and_load_in_parts() -> None:
    ring = Ring(10)
    assert (ring.place("a", 6), ring.parts()) == (0, [(0, 6)])
    assert (ring.place("b", 6), ring.parts()) == (4, [(6, 10), (4, 6)])
    assert (ring.place("c", 7), ring.parts()) == (0, [(0, 4), (4, 7)])
    assert (ring.find("a"), ring.find("b"), ring.find("c")) == (None, None, 0)
    assert (ring.place("d", 2), ring.parts()) == (7, [(7, 9)])


def test_a_depthwise_layer_reads_its_rows_once_where_a_block_fits() -> None:
    """Strips of all blocks would read ten rows again for each strip."""
    shape = Shape(Op.DEPTHWISE, (20, 6, 128), 128, (11, 1), padding="same")
    config = replace(PRESETS["bench256"], acts_kib=8)
    program = compile_graph(graph_of(shape, "tall", 1), config)
    loads = [
        fields["row_beats"] * fields["rows"]
        for opcode, fields in decode(program.commands)
        if opcode is Opcode.LOAD and fields["memory"] == Memory.ACTS
    ]
    assert sum(loads) == 20 * 6 * 128 // config.channels
