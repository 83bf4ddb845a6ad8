"""One random shape in gates: its output compared, its cycles beside the cycle model's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.api.bench_timed import counted_cycles, with_start_mark
from intaglio.compiler.compile import compile_graph
from intaglio.golden.network import run_graph
from intaglio.runtime.run import read_tensor, run_program, write_tensor
from intaglio.spec.commands import COMMAND_BYTES, Region
from intaglio.spec.device import require_counters
from intaglio.spec.errors import FitError
from intaglio.spec.program import Job, Program
from intaglio.spec.registers import CAUSES, COMPUTE_CAUSES
from intaglio.spec.timing import predict

if TYPE_CHECKING:
    from intaglio.spec.device import Device
    from intaglio.spec.graph import Graph

Codes = Mapping[int, npt.NDArray[np.int8]]
WAITS = tuple(name for name, _ in CAUSES if name not in COMPUTE_CAUSES)


@dataclass(frozen=True)
class Trial:
    """What a shape took and gave.

    Parameters
    ----------
    compute, model_compute : int
        Cycles in which a COMPUTE ran, counted by the gates and by the cycle model.
    layer, model_layer : int or None
        With input and output in the buffer, from the first COMPUTE to the last output; None: they
        do not fit.
    cycles, model_cycles : int
        Of the whole program: the model leaves out how transfers share the memory.
    waits : int
        Cycles in which no COMPUTE ran, each with its cause, as the gates counted them.
    causes_equal : bool
        Every cause within COMPUTE has the cycles that the model says.
    adds_up : bool
        All causes together are all cycles.
    compared, mismatches : int
        Output codes.
    """

    compute: int
    model_compute: int
    layer: int | None
    model_layer: int | None
    cycles: int
    model_cycles: int
    waits: int
    causes_equal: bool
    adds_up: bool
    compared: int
    mismatches: int

    @property
    def explained(self) -> bool:
        """Whether the model's COMPUTE cycles and the counted waits are all cycles."""
        return self.adds_up and self.cycles - self.model_compute == self.waits


def run_trial(shape: Shape, device: Device, seed: int, *, resident: bool = False) -> Trial:
    """Run a shape on an open simulated device; activations come from memory and go back.

    Parameters
    ----------
    resident : bool
        Run it once more with its activations in the buffer, as far as they fit.

    Raises
    ------
    FitError
        E401: it does not fit the device's buffers.
    DeviceError
        E704: the device has no counters.
    """
    graph = graph_of(shape, "trial", seed)
    program = compile_graph(graph, device.config)
    rng = np.random.default_rng([seed, 1])
    inputs = {
        number: rng.integers(-128, 128, graph.tensors[number].shape).astype(np.int8)
        for number in graph.inputs
    }
    result = run_program(program, device, inputs)
    require_counters(device.config, "a trial of the cycle model")
    counters = result.stats.counters
    (number,) = graph.outputs
    expected = run_graph(graph, inputs)[number]
    wrong = _wrong(result.outputs[number], expected)
    model = predict(program.commands, device.config, constants=program.constants)
    layer = model_layer = None
    if resident:
        layer, model_layer, more = _resident(graph, device, inputs, expected)
        wrong += more
    return Trial(
        compute=counters["COMPUTE_CYCLES"],
        model_compute=model.counters["COMPUTE_CYCLES"],
        layer=layer,
        model_layer=model_layer,
        cycles=result.stats.cycles or 0,
        model_cycles=model.cycles or 0,
        waits=sum(counters[name] for name in WAITS),
        causes_equal=all(counters[name] == value for name, value in model.counters.items()),
        adds_up=sum(counters[name] for name, _ in CAUSES) == counters["CYCLES"],
        compared=expected.size * (2 if layer is not None else 1),
        mismatches=wrong,
    )


def _resident(
    graph: Graph, device: Device, inputs: Codes, expected: npt.NDArray[np.int8]
) -> tuple[int | None, int | None, int]:
    """Return cycles of gates and model, and wrong codes; None where the buffer is too small."""
    try:
        program = compile_graph(graph, device.config, resident_io=True)
    except FitError:
        return None, None, 0
    if not all(isinstance(step, Job) for step in program.steps):
        return None, None, 0  # a step of the host reads and writes memory
    loads, work, stores = (_job(program, step) for step in program.steps)
    timed = with_start_mark(work, device.config)
    device.open(
        {int(Region.CONSTANTS): len(program.constants), int(Region.TENSORS): program.tensor_bytes}
    )
    device.write(int(Region.CONSTANTS), 0, np.frombuffer(program.constants, np.uint8))
    for number, codes in inputs.items():
        write_tensor(device, program.tensor(number), codes[0])
    stats = [device.run(commands) for commands in (loads, timed, stores)]
    (number,) = graph.outputs
    got = read_tensor(device, program.tensor(number))
    model = predict(timed, device.config, constants=program.constants)
    return counted_cycles(stats[1]), counted_cycles(model), _wrong(got, expected)


def _job(program: Program, step: object) -> bytes:
    if not isinstance(step, Job):
        raise TypeError("a shape of the array has no step of the host")
    first = step.first * COMMAND_BYTES
    return program.commands[first : first + step.count * COMMAND_BYTES]


def _wrong(got: npt.NDArray[np.int8], expected: npt.NDArray[np.int8]) -> int:
    return int((got.reshape(-1) != expected.reshape(-1)).sum())
