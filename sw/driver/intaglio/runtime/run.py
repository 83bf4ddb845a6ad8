"""Runs a program on a device: batches, host steps, cycles of each layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.runtime.host import run_step
from intaglio.runtime.inputs import batch_of, element_shape
from intaglio.runtime.softmax import softmax
from intaglio.spec.commands import COMMAND_BYTES, Region
from intaglio.spec.device import Device, RunStats
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.program import HostStep, Job, Program, TensorPlan
from intaglio.spec.registers import TRACE_ENTRIES
from intaglio.spec.tensor import from_words, tensor_bytes, to_words

Codes = npt.NDArray[Any]  # int16 codes of 16 bits, else int8


@dataclass(frozen=True, eq=False)
class Result:
    """What a run gave.

    Parameters
    ----------
    outputs : mapping
        Output tensor number to codes; the first axis counts the batch.
    tensors : mapping
        The same for every tensor that can be read back, where these were asked for.
    stats : RunStats
        Sums over the batch; no marks, which are times within one run.
    layer_cycles : mapping
        Layer index to cycles over the whole batch; empty where the device has no clock, without
        those layers whose end no trace tells.
    """

    outputs: Mapping[int, Codes]
    tensors: Mapping[int, Codes]
    stats: RunStats
    layer_cycles: Mapping[int, int]


@dataclass
class _Totals:
    cycles: int | None = None
    counters: dict[str, int] = field(default_factory=dict)
    layers: dict[int, int] = field(default_factory=dict)


def run_program(
    program: Program,
    device: Device,
    inputs: Mapping[int, npt.NDArray[np.generic]],
    *,
    keep: bool = False,
) -> Result:
    """Run `program` once for each element of the batch.

    Parameters
    ----------
    program : Program
        Made for the configuration of `device`.
    device : Device
        Its memory is opened anew; the caller closes it.
    inputs : mapping
        Input tensor number to int8 codes: N elements of the tensor's shape without its batch.
    keep : bool
        Return every tensor that can be read back, not the outputs alone.

    Raises
    ------
    ModelError
        E305, E306: an input has the wrong shape or type. E313: the program was made for another
        configuration.
    DeviceError
        E701, E702: from the device.
    """
    check_digest(program, device)
    count = batch_of(program, inputs)
    plans = {plan.number: plan for plan in program.tensors}
    device.open(
        {
            int(Region.CONSTANTS): len(program.constants),
            int(Region.TENSORS): program.tensor_bytes,
        }
    )
    device.write(int(Region.CONSTANTS), 0, np.frombuffer(program.constants, np.uint8))
    numbers = readable(program, device.config.channels) if keep else program.outputs
    found: dict[int, list[Codes]] = {number: [] for number in (*numbers, *program.outputs)}
    totals = _Totals()
    for item in range(count):
        for number in program.inputs:
            element = np.asarray(inputs[number][item])
            write_tensor(device, plans[number], element)
        for step in program.steps:
            if isinstance(step, Job):
                _run_job(program, device, step, totals)
            else:
                _run_host(program, device, step, plans)
        for number, values in found.items():
            values.append(read_tensor(device, plans[number]))
    tensors = {number: np.stack(values) for number, values in found.items()}
    return Result(
        outputs={number: tensors[number] for number in program.outputs},
        tensors=tensors,
        stats=RunStats(totals.cycles, totals.counters),
        layer_cycles=totals.layers,
    )


def check_digest(program: Program, device: Device) -> None:
    """Check that `program` was made for the configuration of `device`.

    Raises
    ------
    ModelError
        E313 with both digests.
    """
    if program.config_digest != device.config.digest:
        raise ModelError(
            Finding(
                "E313",
                f"the program was made for {program.config_name} ({program.config_digest[:16]}),"
                f" the device is {device.config.name} ({device.config.digest[:16]})",
                where=program.model,
                have=program.config_digest,
                need=device.config.digest,
                help="compile the model for this configuration",
            )
        )


def readable(program: Program, word_bytes: int) -> tuple[int, ...]:
    """Return the tensors that memory holds at the end: no later layer writes over them.

    Parameters
    ----------
    word_bytes : int
        K of the configuration.
    """
    order: list[int] = []
    for step in program.steps:
        order += step.layers if isinstance(step, Job) else [step.layer]
    made = dict.fromkeys(program.inputs, -1)
    for index, layer in enumerate(program.layers):
        # A layer of no step moves no byte: its output is its input under another shape.
        made[layer.output] = order.index(index) if index in order else made[layer.inputs[0]]
    places = {
        plan.number: (plan.offset, plan.offset + tensor_bytes(*plan.image, word_bytes, plan.bits))
        for plan in program.tensors
        if plan.offset >= 0
    }
    return tuple(
        number
        for number, (first, end) in places.items()
        if not any(
            made[other] > made[number] and first < place[1] and place[0] < end
            for other, place in places.items()
        )
    )


def write_tensor(device: Device, plan: TensorPlan, codes: Codes) -> None:
    """Copy a tensor of the plan's shape (batch left out or 1) to the device."""
    words = to_words(codes.reshape(plan.image), device.config.channels, plan.bits)
    device.write(int(Region.TENSORS), plan.offset, words)


def read_tensor(device: Device, plan: TensorPlan) -> Codes:
    """Return a tensor in the plan's shape without its batch."""
    word = device.config.channels
    size = tensor_bytes(*plan.image, word, plan.bits)
    data = device.read(int(Region.TENSORS), plan.offset, size)
    return from_words(data, *plan.image, word, plan.bits).reshape(element_shape(plan))


def _run_job(program: Program, device: Device, job: Job, totals: _Totals) -> None:
    """Run the commands of a job; a layer's cycles run from the mark before it to its own.

    Without a trace only those of a job of one layer are known.
    """
    first = job.first * COMMAND_BYTES
    stats = device.run(program.commands[first : first + job.count * COMMAND_BYTES])
    for name, value in stats.counters.items():
        totals.counters[name] = totals.counters.get(name, 0) + value
    if stats.cycles is None:
        return
    totals.cycles = (totals.cycles or 0) + stats.cycles
    if not stats.marks and len(job.layers) > 1:
        return
    start = 0
    for layer in job.layers:
        end = stats.cycles if layer == job.layers[-1] else stats.marks[layer % TRACE_ENTRIES]
        totals.layers[layer] = totals.layers.get(layer, 0) + end - start
        start = end


def _run_host(
    program: Program, device: Device, step: HostStep, plans: Mapping[int, TensorPlan]
) -> None:
    layer = program.layers[step.layer]
    after = plans[layer.output]
    operands = [read_tensor(device, plans[number]) for number in layer.inputs]
    codes = operands[0]
    if step.kind == "softmax" and not step.settings:
        codes = softmax(codes, plans[layer.inputs[0]].scale, step.beta)
    elif step.kind != "reshape":
        codes = run_step(step, [part[None] for part in operands], program.constants)
    write_tensor(device, after, codes)
