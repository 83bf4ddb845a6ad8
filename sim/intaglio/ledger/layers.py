"""Layers and blocks of layers through the whole accelerator in gates, compared with golden."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.bench.device import SimDevice
from intaglio.bench.library import MemorySettings
from intaglio.bench.result import BenchError
from intaglio.compiler.compile import compile_graph
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import RECORDS, Opcode, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding
from intaglio.spec.graph import (
    Attributes,
    Graph,
    Node,
    Op,
    Quantisation,
    Tensor,
    pads_of,
    window_places,
)
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import Program

Padding = str | tuple[int, int, int, int]
TINY, BENCH = PRESETS["tiny"], PRESETS["bench256"]
SPREAD = 40.0  # output codes of one standard deviation of a sum of random products


class Net:
    """Builds a graph from integer weights; every tensor has the scale that it is given.

    Parameters
    ----------
    name : str
        Of the graph.
    seed : int
        Of random weights.
    """

    def __init__(self, name: str, seed: int = 1) -> None:
        self.name = name
        self.rng = np.random.default_rng(seed)
        self._tensors: dict[int, Tensor] = {}
        self._nodes: list[Node] = []
        self._inputs: list[int] = []

    def input(
        self, height: int, width: int, channels: int, zero: int = 0, scale: float = 1.0
    ) -> int:
        """Add an input."""
        shape = (1, height, width, channels)
        number = self._tensor(f"x{len(self._inputs)}", shape, _quant(scale, zero))
        self._inputs.append(number)
        return number

    def conv(
        self,
        source: int,
        weights: npt.ArrayLike | None = None,
        *,
        outputs: int = 0,
        kernel: tuple[int, int] = (1, 1),
        depthwise: bool = False,
        exact: bool = False,
        zero: int = 0,
        scale: float = 0.0,
        **settings: Any,
    ) -> int:
        """Add a convolution, of random weights where none are given.

        Parameters
        ----------
        weights : int array, optional
            O, KH, KW, C, or 1, KH, KW, C if `depthwise`.
        exact : bool
            The output is the sum itself, clamped to its codes; else the sum is scaled so that
            random ones spread over the codes.
        scale : float
            Of the output, where it is not that of integer weights: the weights' scale follows.
        settings
            Further fields of :class:`intaglio.spec.graph.Attributes`.
        """
        channels = self._tensors[source].shape[3]
        shape = (1, *kernel, channels) if depthwise else (outputs, *kernel, channels)
        w = self.rng.integers(-127, 128, shape) if weights is None else np.asarray(weights)
        count = w.shape[3] if depthwise else w.shape[0]
        terms = w.size // count
        noise = 0 if exact else 500 * int(terms**0.5)
        bias = np.asarray(self.rng.integers(-noise, noise + 1, (count,)), np.int32)
        before = self._quant(source)
        axis = 3 if depthwise else 0
        reach = before.scale * (1.0 if exact else max(float(np.std(w)), 1.0) * 74 * terms**0.5)
        unit = scale * SPREAD / reach if scale else 1.0
        zeros = np.zeros(count, np.int64)
        units = Quantisation(np.full(count, unit, np.float32), zeros, axis)
        sums = Quantisation(np.full(count, before.scale * unit, np.float32), zeros, 0)
        held = self._tensor("w", w.shape, units, w.astype(np.int8))
        offset = self._tensor("b", (count,), sums, bias, "int32")
        attributes = Attributes(**settings)
        height, width = self._places(source, (w.shape[1], w.shape[2]), attributes)
        scale = scale or (reach if exact else reach / SPREAD)
        out = self._tensor("y", (1, height, width, count), _quant(scale, zero))
        op = Op.DEPTHWISE if depthwise else Op.CONV
        return self._node(op, (source, held, offset), out, attributes)

    def add(self, first: int, second: int, **settings: Any) -> int:
        """Add two tensors, in the scale that holds most sums."""
        a, b = self._quant(first).scale, self._quant(second).scale
        out = self._tensor("sum", self._tensors[first].shape, _quant(float(np.hypot(a, b)), 3))
        return self._node(Op.ADD, (first, second), out, Attributes(**settings))

    def table(self, source: int, function: str, scale: float, zero: int = 0) -> int:
        """Add a function of one code, by table."""
        out = self._tensor(function, self._tensors[source].shape, _quant(scale, zero))
        return self._node(Op.TABLE, (source,), out, Attributes(function=function))

    def reshape(self, source: int, shape: tuple[int, ...]) -> int:
        """Add the same codes in another shape."""
        out = self._tensor("reshaped", shape, self._quant(source))
        return self._node(Op.RESHAPE, (source,), out, Attributes())

    def mean(self, source: int, zero: int = 0) -> int:
        """Add the mean of all pixels, in the scale that spreads it over the codes."""
        _, height, width, channels = self._tensors[source].shape
        scale = self.scale(source) / float(height * width) ** 0.5
        out = self._tensor("mean", (1, 1, 1, channels), _quant(scale, zero))
        return self._node(Op.MEAN, (source,), out, Attributes(axes=(1, 2)))

    def multiply(self, first: int, second: int, zero: int = 0) -> int:
        """Add the product of a tensor and one of its shape, or one that has its channels alone."""
        scale = self.scale(first) * self.scale(second) * 256
        out = self._tensor("product", self._tensors[first].shape, _quant(scale, zero))
        return self._node(Op.MUL, (first, second), out, Attributes())

    def scale(self, number: int) -> float:
        """Return the scale of a tensor."""
        return self._quant(number).scale

    def graph(self, *outputs: int) -> Graph:
        """Return what was built."""
        nodes = tuple(self._nodes)
        return Graph(self.name, dict(self._tensors), nodes, tuple(self._inputs), outputs)

    def _quant(self, number: int) -> Quantisation:
        quant = self._tensors[number].quant
        if quant is None:
            raise ValueError(f"tensor {number} has no quantisation")
        return quant

    def _places(self, source: int, kernel: tuple[int, int], a: Attributes) -> tuple[int, int]:
        size = self._tensors[source].shape[1:3]
        top, bottom, left, right = pads_of(a, (size[0], size[1]), kernel)
        y = window_places(size[0], kernel[0], a.stride[0], a.dilation[0], (top, bottom))
        return y, window_places(size[1], kernel[1], a.stride[1], a.dilation[1], (left, right))

    def _tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        quant: Quantisation,
        data: npt.NDArray[Any] | None = None,
        dtype: str = "int8",
    ) -> int:
        number = len(self._tensors)
        self._tensors[number] = Tensor(number, f"{name}{number}", shape, dtype, quant, data)
        return number

    def _node(self, op: Op, inputs: tuple[int, ...], out: int, attributes: Attributes) -> int:
        name = f"{op.value}{len(self._nodes)}"
        self._nodes.append(Node(op, name, inputs, (out,), attributes))
        return out


def _quant(scale: float, zero: int) -> Quantisation:
    return Quantisation(np.array([scale], np.float32), np.array([zero], np.int64))


@dataclass(frozen=True, eq=False)
class Ran:
    """What a graph did in gates.

    Parameters
    ----------
    outputs : mapping
        Codes by tensor, without the batch; equal to golden.
    cycles : int
        From start to end, everything from memory.
    counters : mapping
        Of the gates.
    compared : int
        Codes compared.
    program : Program
        What ran.
    """

    outputs: Mapping[int, npt.NDArray[Any]]
    cycles: int
    compared: int
    program: Program
    counters: Mapping[str, int] = field(default_factory=dict)


def draw(graph: Graph, seed: int = 1, low: int = -128, high: int = 127) -> dict[int, Any]:
    """Return random codes for every input of `graph`."""
    rng = np.random.default_rng([seed, 7])
    shapes = {number: graph.tensors[number].shape for number in graph.inputs}
    return {n: rng.integers(low, high + 1, shape).astype(np.int8) for n, shape in shapes.items()}


def run(
    graph: Graph,
    config: ArrayConfig = TINY,
    inputs: Mapping[int, Any] | None = None,
    memory: MemorySettings | None = None,
    rewrite: Callable[[bytes], bytes] = lambda commands: commands,
    *,
    keep_all: bool = True,
    reference: str = "litert",
) -> Ran:
    """Run `graph` in the gates of `config`; every output is compared with golden.

    Parameters
    ----------
    inputs : mapping, optional
        Codes by input; random ones where they are left out.
    rewrite : callable
        Changes the commands, such as :func:`serial` does.
    keep_all : bool
        Every operator's output goes to memory; else tensors stay on chip where they fit.
    reference : str
        Whose roundings the gates and golden have.

    Raises
    ------
    BenchError
        E602: an output differs.
    FitError, ModelError
        The compiler does not take the graph.
    """
    program = compile_graph(graph, config, reference=reference, keep_all=keep_all)
    program = replace(program, commands=rewrite(program.commands))
    given = draw(graph) if inputs is None else inputs
    device = SimDevice(config, memory)
    try:
        result = run_program(program, device, given)
    finally:
        device.close()
    expected = run_graph(graph, given, reference)
    compared = 0
    for number in graph.outputs:
        got, want = result.outputs[number], expected[number]
        if not np.array_equal(got.reshape(want.shape), want):
            raise _differs(graph, number, int((got.reshape(want.shape) != want).sum()), want.size)
        compared += want.size
    outputs = {number: np.asarray(result.outputs[number])[0] for number in graph.outputs}
    counters = dict(result.stats.counters)
    return Ran(outputs, int(result.stats.cycles or 0), compared, program, counters)


def serial(commands: bytes, opcodes: Collection[Opcode]) -> bytes:
    """Return commands of which those of `opcodes` wait until all before them are complete."""
    done = {Opcode.LOAD: 0, Opcode.COMPUTE: 0, Opcode.STORE: 0}
    text = b""
    for opcode, values in decode(commands):
        fields = dict(values)
        if opcode in opcodes:
            waits = {f"wait_{other.name.lower()}": count for other, count in done.items()}
            fields |= waits
        text += RECORDS[opcode].to_bytes(fields)
        done[opcode] += 1
    return text


def _differs(graph: Graph, number: int, wrong: int, size: int) -> BenchError:
    text = f"{wrong} of {size} codes of {graph.tensors[number].name} differ from golden"
    return BenchError(
        Finding(
            "E602",
            f"{graph.name}: {text}",
            where=graph.name,
            have=text,
            need="the golden model's output",
            help="intaglio run with --check golden shows the first one",
        )
    )
