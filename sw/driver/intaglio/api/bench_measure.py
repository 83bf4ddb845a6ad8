"""One layer on one accelerator: cycles, and every output compared."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intaglio.api.bench_bound import bound_of
from intaglio.api.bench_layers import LayerRow
from intaglio.api.bench_shapes import graph_of
from intaglio.api.bench_timed import counted_cycles, with_start_mark
from intaglio.api.layer_cycles import memory_model
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.convert import convert
from intaglio.spec.commands import COMMAND_BYTES, Region, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import Device, RunStats, require_counters
from intaglio.spec.errors import FitError, ModelError
from intaglio.spec.formats import INT8
from intaglio.spec.graph import Graph, Tensor
from intaglio.spec.program import Job, Program
from intaglio.spec.requant import format_of
from intaglio.spec.tap_list import with_lists
from intaglio.spec.timing import predict

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

STREAMED_KIB = (256, 128)  # activations, weights


@dataclass(frozen=True)
class Measured:
    """What one layer took on one accelerator.

    Parameters
    ----------
    cycles, model_cycles : int
        Counted by the gates (by the cycle model where there are none), and by the cycle model.
    bound : str
        Unit that limits the layer (:func:`intaglio.api.bench_bound.demands`).
    compared, mismatches : int or None
        Output codes compared with the operator in numpy; None without gates.
    counters : mapping
        Of the gates.
    """

    cycles: int
    model_cycles: int
    bound: str
    compared: int | None = None
    mismatches: int | None = None
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LayerResult:
    """A layer with its activations resident, and with everything from memory.

    Parameters
    ----------
    resident, streamed : Measured or None
        None where it does not run.
    unsupported, streamed_unsupported : str
        Why not.
    seconds : float
        Of wall time.
    """

    name: str
    resident: Measured | None = None
    streamed: Measured | None = None
    unsupported: str = ""
    streamed_unsupported: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Task:
    """A layer to be measured, as a worker process gets it."""

    row: LayerRow
    config: ArrayConfig
    device: str
    memory: MemorySettings
    seed: int
    streamed: bool


def streamed_config(config: ArrayConfig) -> ArrayConfig:
    """Return `config` with 384 KiB of buffers for activations and weights."""
    acts, weights = STREAMED_KIB
    return replace(config, name=f"{config.name}-384k", acts_kib=acts, weights_kib=weights)


def measure(task: Task) -> LayerResult:
    """Measure a layer in both ways; what does not run is a reason, not an error.

    Raises
    ------
    DeviceError
        E704: gates are to be measured that have no counters.
    """
    began = time.monotonic()
    if task.device == "sim":
        require_counters(task.config, "a measurement in gates")
    reason = task.row.unsupported(task.config)
    if reason:
        return LayerResult(task.row.name, unsupported=reason)
    graph = graph_of(task.row.shape, task.row.name, task.seed)
    if (task.row.act_bits, task.row.weight_bits) != (INT8.bits, INT8.bits):
        graph = convert(graph, task.config, lambda _: task.row.act_bits)
    result = LayerResult(task.row.name)
    try:
        result = replace(result, resident=_resident(graph, task))
    except (FitError, ModelError) as error:
        result = replace(result, unsupported=error.findings[0].message)
    if task.streamed:
        try:
            result = replace(result, streamed=_streamed(graph, task))
        except (FitError, ModelError) as error:
            result = replace(result, streamed_unsupported=error.findings[0].message)
    return replace(result, seconds=time.monotonic() - began)


def _resident(graph: Graph, task: Task) -> Measured:
    """Input and output stay in the buffer; counted from the first sum to the last output."""
    config = task.config
    program = compile_graph(graph, config, resident_io=True)
    loads, work, stores = (_commands(program, n) for n in range(3))
    timed = with_start_mark(work, config)
    expected = predict(timed, config, memory_model(task.memory), program.constants)
    found = _Run(expected, {}, None, None)
    if task.device == "sim":
        found = _run(program, graph, task, config, (loads, timed, stores), 1)
    return Measured(
        cycles=counted_cycles(found.stats),
        model_cycles=counted_cycles(expected),
        bound=bound_of(
            with_lists(decode(work), config, program.constants),
            config,
            memory_model(task.memory),
            resident=True,
        ),
        compared=found.compared,
        mismatches=found.mismatches,
        counters=found.counters,
    )


def _streamed(graph: Graph, task: Task) -> Measured:
    """Everything comes from memory and goes back; counted from start to end of the program."""
    config = streamed_config(task.config)
    program = compile_graph(graph, config)
    commands = program.commands
    expected = predict(commands, config, memory_model(task.memory), program.constants)
    found = _Run(expected, {}, None, None)
    if task.device == "sim":
        found = _run(program, graph, task, config, (commands,), 0)
    return Measured(
        cycles=found.stats.cycles or 0,
        model_cycles=expected.cycles or 0,
        bound=bound_of(
            with_lists(decode(commands), config, program.constants),
            config,
            memory_model(task.memory),
            resident=False,
        ),
        compared=found.compared,
        mismatches=found.mismatches,
        counters=found.counters,
    )


@dataclass(frozen=True)
class _Run:
    stats: RunStats
    counters: Mapping[str, int]
    compared: int | None
    mismatches: int | None


def random_codes(tensor: Tensor, rng: np.random.Generator) -> npt.NDArray[Any]:
    """Return even codes of an activation tensor."""
    form = format_of(tensor)
    codes = rng.integers(form.min, form.max + 1, tensor.shape)
    return codes.astype(np.int16 if form.bits > INT8.bits else np.int8)


def _commands(program: Program, number: int) -> bytes:
    jobs = [step for step in program.steps if isinstance(step, Job)]
    first = jobs[number].first * COMMAND_BYTES
    return program.commands[first : first + jobs[number].count * COMMAND_BYTES]


def _run(
    program: Program,
    graph: Graph,
    task: Task,
    config: ArrayConfig,
    jobs: tuple[bytes, ...],
    counted: int,
) -> _Run:
    """Run `jobs` in the gates, one after the other, and compare the output."""
    from intaglio.bench.device import SimDevice
    from intaglio.golden.network import run_graph
    from intaglio.runtime.run import read_tensor, write_tensor

    rng = np.random.default_rng([task.seed, 1])
    inputs = {number: random_codes(graph.tensors[number], rng) for number in graph.inputs}
    device: Device = SimDevice(config, task.memory, seed=task.seed)
    try:
        device.open(
            {
                int(Region.CONSTANTS): len(program.constants),
                int(Region.TENSORS): program.tensor_bytes,
            }
        )
        device.write(int(Region.CONSTANTS), 0, np.frombuffer(program.constants, np.uint8))
        for number, codes in inputs.items():
            write_tensor(device, program.tensor(number), codes[0])
        stats = [device.run(commands) for commands in jobs]
        (number,) = graph.outputs
        got = read_tensor(device, program.tensor(number))
    finally:
        device.close()
    expected = run_graph(graph, inputs)[number][0]
    wrong = int((got != expected.reshape(got.shape)).sum())
    return _Run(stats[counted], dict(stats[counted].counters), got.size, wrong)
