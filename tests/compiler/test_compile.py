"""Programs: what is stored, what stays on chip, where jobs are split, and what does not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.api.layer_cycles import model_cycles
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.encode import Constants
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Memory, Opcode, Operation, Region, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Attributes, Graph, Node, Op, Quantisation, Tensor
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import HostStep, Job, Program
from intaglio.spec.registers import TRACE_ENTRIES
from intaglio.spec.window import steps, tile_pixels

CONFIG = replace(PRESETS["small"], name="compile")


class Chain:
    """A graph that grows node by node from an image of 8 channels."""

    def __init__(self, height: int = 6, width: int = 6, channels: int = 8) -> None:
        self.tensors: dict[int, Tensor] = {}
        self.nodes: list[Node] = []
        self.last = self.tensor((1, height, width, channels))

    def tensor(self, shape: tuple[int, ...], data: np.ndarray | None = None) -> int:
        number = len(self.tensors)
        zero = 0 if data is not None else 5
        quant = Quantisation(np.array([0.25], np.float32), np.array([zero], np.int64))
        dtype = "int8" if data is None else str(data.dtype)
        self.tensors[number] = Tensor(number, f"t{number}", shape, dtype, quant, data)
        return number

    def node(self, op: Op, shape: tuple[int, ...], *more: int, **attributes: object) -> Chain:
        out = self.tensor(shape)
        settings = Attributes(**attributes)  # type: ignore[arg-type]
        name = f"{op.value}{len(self.nodes)}"
        self.nodes.append(Node(op, name, (self.last, *more), (out,), settings))
        self.last = out
        return self

    def conv(self, channels: int = 8, kernel: int = 3) -> Chain:
        _, height, width, inner = self.tensors[self.last].shape
        data = np.ones((channels, kernel, kernel, inner), np.int8)
        weights = self.tensor(data.shape, data)
        shape = (1, height, width, channels)
        return self.node(Op.CONV, shape, weights, -1, padding="same")

    def graph(self, *outputs: int) -> Graph:
        return Graph("chain", self.tensors, tuple(self.nodes), (0,), outputs or (self.last,))


def moves(program: Program, opcode: Opcode) -> list[int]:
    """Return the layers of commands that move tensors."""
    return [
        fields["layer"]
        for found, fields in decode(program.commands)
        if found is opcode and fields["region"] == Region.TENSORS
    ]


def test_tensors_stay_on_chip_where_they_fit() -> None:
    chain = Chain().conv().conv().conv()
    program = compile_graph(chain.graph(), CONFIG)
    offsets = {plan.number: plan.offset for plan in program.tensors}
    inner = [node.outputs[0] for node in chain.nodes[:-1]]
    assert [offsets[number] for number in inner] == [-1, -1]
    assert set(moves(program, Opcode.LOAD)) == {0}
    assert set(moves(program, Opcode.STORE)) == {2}


def test_everything_is_written_to_places_of_its_own_where_asked() -> None:
    chain = Chain().conv().conv().conv()
    program = compile_graph(chain.graph(), CONFIG, keep_all=True)
    places = sorted(plan.offset for plan in program.tensors)
    assert places == [n * 6 * 6 * 8 for n in range(4)]
    assert program.tensor_bytes == 4 * 6 * 6 * 8
    assert set(moves(program, Opcode.STORE)) == {0, 1, 2}


def test_an_output_in_the_middle_both_stays_and_is_stored() -> None:
    chain = Chain().conv()
    middle = chain.last
    chain.conv()
    program = compile_graph(chain.graph(middle, chain.last), CONFIG)
    assert program.tensor(middle).offset >= 0
    assert set(moves(program, Opcode.LOAD)) == {0}
    assert set(moves(program, Opcode.STORE)) == {0, 1}


def test_memory_of_dead_tensors_is_used_again_where_allowed() -> None:
    chain = Chain(30, 30, 64).conv(64, 1).conv(64, 1).conv(64, 1).conv(64, 1)
    config = replace(CONFIG, acts_kib=8)
    apart = compile_graph(chain.graph(), config)
    again = compile_graph(chain.graph(), config, reuse=True)
    assert again.tensor_bytes < apart.tensor_bytes
    places = {p.number: p.offset for p in again.tensors}
    for node in chain.nodes:  # what a layer reads and writes lies apart
        assert places[node.inputs[0]] != places[node.outputs[0]]


def test_a_reshape_of_one_pixel_is_no_work_and_shares_bytes() -> None:
    chain = Chain(1, 1, 8).conv(8, 1).node(Op.RESHAPE, (1, 8))
    program = compile_graph(chain.graph(), CONFIG)
    conv, reshape = chain.nodes[0].outputs[0], chain.last
    assert program.tensor(conv).offset == program.tensor(reshape).offset >= 0
    assert program.tensor(reshape).shape == (1, 8)
    assert [type(step) for step in program.steps] == [Job]
    layer = program.layers[1]
    assert (layer.where, layer.macs) == ("host", 0)
    assert "nothing is moved" in layer.reason


def test_a_reshape_that_moves_channels_splits_the_program() -> None:
    chain = Chain().conv().node(Op.RESHAPE, (1, 6, 8, 6)).conv()
    program = compile_graph(chain.graph(), CONFIG)
    assert [type(step) for step in program.steps] == [Job, HostStep, Job]
    first, _, second = program.steps
    assert isinstance(first, Job)
    assert isinstance(second, Job)
    assert (first.first, second.first) == (0, first.count)
    assert (first.layers, second.layers) == ((0,), (2,))
    assert first.count + second.count == len(program.commands) // 128
    # Counts begin again: the first command of a job waits for nothing.
    fields = [fields for _, fields in decode(program.commands)][second.first]
    assert (fields["wait_load"], fields["wait_compute"], fields["wait_store"]) == (0, 0, 0)


def test_a_tensor_read_after_a_host_step_is_read_from_memory() -> None:
    chain = Chain(6, 6, 6).conv(6)
    kept = chain.last
    chain.conv(6).node(Op.RESHAPE, (1, 6, 6, 6))
    # Shapes of equal sizes on both sides, but the layout of a turned image is another.
    chain.nodes[-1] = replace(chain.nodes[-1], op=Op.SOFTMAX)
    chain.node(Op.ADD, (1, 6, 6, 6), kept)
    program = compile_graph(chain.graph(), CONFIG)
    assert program.tensor(kept).offset >= 0
    assert moves(program, Opcode.LOAD).count(3) == 2 * moves(program, Opcode.STORE).count(3)


def test_constants_are_multiples_of_the_bus_and_stored_once() -> None:
    constants = Constants(8)
    first = constants.add(np.arange(5, dtype=np.uint8))
    second = constants.add(np.arange(9, dtype=np.uint8))
    assert (first, second) == (0, 8)
    assert constants.add(np.arange(5, dtype=np.uint8)) == 0
    assert len(constants.to_bytes()) == 24


def test_redundant_fields_agree_with_their_formulas() -> None:
    chain = Chain(9, 7, 8).conv().node(Op.MAX_POOL, (1, 4, 3, 8), kernel=(2, 2), stride=(2, 2))
    for config in (CONFIG, PRESETS["tiny"], PRESETS["default"]):
        program = compile_graph(chain.graph(), config, keep_all=True)
        for opcode, fields in decode(program.commands):
            if opcode is not Opcode.COMPUTE:
                continue
            tile = tile_pixels(Operation(fields["operation"]), config)
            expected = steps(
                tile,
                fields["pixels"] // fields["out_w"],
                fields["out_w"],
                (fields["stride_y"], fields["stride_x"]),
                (fields["window_y"], fields["window_x"]),
            )
            assert {name: fields[name] for name in expected} == expected


def test_transfers_are_whole_words_inside_their_memories() -> None:
    program = compile_graph(Chain(9, 7, 8).conv(40).graph(), PRESETS["tiny"], keep_all=True)
    config = PRESETS["tiny"]
    words = {
        Memory.ACTS: (config.act_words, 1),
        Memory.WEIGHTS: (config.weight_words, config.weight_bytes // config.bus_bytes),
        Memory.PARAMS: (config.param_words, config.param_bytes // config.bus_bytes),
        Memory.TABLE: (256, config.table_bytes // config.bus_bytes),
    }
    for opcode, fields in decode(program.commands):
        if opcode is Opcode.LOAD:
            size, beats = words[Memory(fields["memory"])]
            last = (fields["rows"] - 1) * fields["address_stride"] + fields["row_beats"] // beats
            assert fields["row_beats"] % beats == 0
            assert fields["address"] + last <= size


def test_more_layers_than_the_trace_has_entries_are_jobs_of_their_own(
    rng: np.random.Generator,
) -> None:
    chain = Chain(3, 4, 4)
    for _ in range(TRACE_ENTRIES + 1):
        chain.conv(4, 1)
    graph = chain.graph()
    program = compile_graph(graph, CONFIG)
    assert [len(step.layers) for step in program.steps if isinstance(step, Job)] == [256, 1]
    codes = {0: rng.integers(-128, 128, graph.tensors[0].shape).astype(np.int8)}
    found = run_program(program, GoldenDevice(CONFIG), codes).outputs
    wanted = run_graph(graph, codes)
    for number in graph.outputs:
        np.testing.assert_array_equal(found[number], wanted[number])
    assert set(model_cycles(program, CONFIG)) == set(range(TRACE_ENTRIES + 1))
    assert min(model_cycles(program, CONFIG).values()) > 0


def test_a_number_too_large_for_its_field_names_layer_and_field() -> None:
    chain = Chain(1, 40, 4).node(Op.MAX_POOL, (1, 1, 1, 4), stride=(1, 300))
    with pytest.raises(FitError, match=r"E403: max_pool0: COMPUTE: stride_x is 300, outside uint8"):
        compile_graph(chain.graph(), CONFIG)


def test_a_layer_too_large_names_layer_and_bytes() -> None:
    config = ArrayConfig(name="little", channels=4, requant_lanes=4, acts_kib=1, weights_kib=1)
    chain = Chain(20, 20, 4)
    chain.node(Op.MAX_POOL, (1, 1, 1, 4), kernel=(20, 20))
    with pytest.raises(FitError, match=r"E401: max_pool0: .* needs 1604 bytes"):
        compile_graph(chain.graph(), config)
