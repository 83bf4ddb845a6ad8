"""A whole network as a bench: cycles of each layer, outputs compared with numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from intaglio.api.bench_bound import Command, bound_of
from intaglio.api.bench_layers import cycles_in
from intaglio.api.bench_table import BenchLayer, ratio_of
from intaglio.api.estimate import memory_model, model_cycles
from intaglio.api.inputs import Codes, as_codes, random_inputs
from intaglio.api.model import Model
from intaglio.api.plan import Plan
from intaglio.api.plan import compile as compile_model
from intaglio.spec.commands import decode
from intaglio.spec.config import ArrayConfig

if TYPE_CHECKING:
    from intaglio.api.outcome import Run
    from intaglio.bench.library import MemorySettings


def bench_network(
    model: Model,
    config: ArrayConfig,
    device: str,
    memory: MemorySettings,
    seed: int,
    reference: tuple[list[dict[str, str]], str] | None,
    progress: Callable[[str], None],
) -> tuple[tuple[BenchLayer, ...], BenchLayer]:
    """Return the layers and the whole of a network on one random input.

    Cycles run from START to the end of the program: inputs, outputs and all constants come from
    memory and go back. A layer's cycles run from the end of the layer before it to its own.
    Reference figures belong to the layer of the same name; where the table has a column
    ``network``, of the lines whose network the model's name begins with.
    """
    plan = compile_model(model, config)
    expected = model_cycles(plan.program, config, memory)
    run = wrong = None
    if device == "sim":
        x = random_inputs(plan.program, seed)
        run = plan.simulate(x, memory=memory, seed=seed, progress=progress)
        progress("comparing with the operators in numpy")
        wrong = _mismatches(plan, model, x, run)
    figures = _figures(model, reference)
    bounds = _bounds(plan, memory)
    layers = []
    for index, layer in enumerate(plan.program.layers):
        cycles = run.layers[index].cycles if run else expected.get(index)
        layers.append(
            BenchLayer(
                name=layer.name,
                op=layer.op,
                macs=layer.macs,
                cycles=cycles,
                model_cycles=expected.get(index),
                utilisation=layer.macs / (cycles * config.macs) if cycles else None,
                bound=bounds.get(index, ""),
                reference_cycles=figures.get(layer.name),
                ratio=ratio_of(figures.get(layer.name), cycles),
                unsupported=layer.reason,
            )
        )
    cycles = run.cycles if run else sum(expected.values())
    whole = sum(figures.values()) or None
    total = BenchLayer(
        name="all",
        op="",
        macs=plan.macs,
        cycles=cycles,
        model_cycles=sum(expected.values()),
        utilisation=plan.macs / (cycles * config.macs) if cycles else None,
        reference_cycles=whole,
        ratio=ratio_of(whole, cycles),
        compared=None if wrong is None else wrong[0],
        mismatches=None if wrong is None else wrong[1],
        counters=run.counters if run else {},
    )
    return tuple(layers), total


def _mismatches(plan: Plan, model: Model, x: Mapping[str, Codes], run: Run) -> tuple[int, int]:
    """Return the output codes compared and those that differ."""
    from intaglio.golden.network import run_graph

    tensors = run_graph(model.graph, as_codes(plan.program, x), plan.reference)
    compared = wrong = 0
    for number in plan.program.outputs:
        got = run.outputs[plan.program.tensor(number).name]
        compared += got.size
        wrong += int((got != tensors[number].reshape(got.shape)).sum())
    return compared, wrong


def _figures(model: Model, reference: tuple[list[dict[str, str]], str] | None) -> dict[str, float]:
    """Return the reference cycles of each layer that the table has."""
    if reference is None:
        return {}
    rows, column = reference
    name = model.path.stem if model.path else model.name
    own = {node.name for node in model.graph.nodes}
    return {
        row["layer"]: cycles
        for row in rows
        if name.startswith(row.get("network", "")) and row["layer"] in own
        for cycles in [cycles_in(row, column)]
        if cycles is not None
    }


def _bounds(plan: Plan, memory: MemorySettings) -> dict[int, str]:
    parts: dict[int, list[Command]] = {}
    for opcode, fields in decode(plan.program.commands):
        parts.setdefault(fields["layer"], []).append((opcode, fields))
    settings = memory_model(memory)
    return {
        layer: bound_of(commands, plan.config, settings, resident=False)
        for layer, commands in parts.items()
    }
