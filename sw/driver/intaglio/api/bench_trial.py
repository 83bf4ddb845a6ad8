"""One random shape in gates: its output compared, its cycles beside the cycle model's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.compiler.compile import compile_graph
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Opcode, decode
from intaglio.spec.timing import predict
from intaglio.spec.timing_compute import compute_cycles

if TYPE_CHECKING:
    from intaglio.spec.device import Device


@dataclass(frozen=True)
class Trial:
    """What a shape took and gave.

    Parameters
    ----------
    compute, model_compute : int
        Cycles in which a COMPUTE ran, counted by the gates and by the cycle model.
    cycles, model_cycles : int
        Of the whole program: the model leaves out how transfers share the memory.
    compared, mismatches : int
        Output codes.
    """

    compute: int
    model_compute: int
    cycles: int
    model_cycles: int
    compared: int
    mismatches: int


def run_trial(shape: Shape, device: Device, seed: int) -> Trial:
    """Run a shape on an open simulated device; activations come from memory and go back.

    Raises
    ------
    FitError
        E401: it does not fit the device's buffers.
    """
    graph = graph_of(shape, "trial", seed)
    program = compile_graph(graph, device.config)
    rng = np.random.default_rng([seed, 1])
    inputs = {
        number: rng.integers(-128, 128, graph.tensors[number].shape).astype(np.int8)
        for number in graph.inputs
    }
    result = run_program(program, device, inputs)
    (number,) = graph.outputs
    got, expected = result.outputs[number], run_graph(graph, inputs)[number]
    model = sum(
        compute_cycles(fields, device.config).total
        for opcode, fields in decode(program.commands)
        if opcode is Opcode.COMPUTE
    )
    return Trial(
        compute=result.stats.counters["COMPUTE_CYCLES"],
        model_compute=model,
        cycles=result.stats.cycles or 0,
        model_cycles=predict(program.commands, device.config).cycles or 0,
        compared=got.size,
        mismatches=int((got != expected.reshape(got.shape)).sum()),
    )
