"""A whole network as a bench: cycles of each layer, outputs compared with numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from intaglio.api.bench_bound import Command, bound_of
from intaglio.api.bench_layers import cycles_in
from intaglio.api.bench_measure import streamed_config
from intaglio.api.bench_table import BenchLayer, ratio_of
from intaglio.api.inputs import Codes, as_codes, random_inputs
from intaglio.api.layer_cycles import memory_model, model_cycles
from intaglio.api.model import Model
from intaglio.api.plan import Plan
from intaglio.api.plan import compile as compile_model
from intaglio.spec.commands import decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tap_list import with_lists

if TYPE_CHECKING:
    from intaglio.api.outcome import Run
    from intaglio.bench.library import MemorySettings


@dataclass(frozen=True)
class _Side:
    """A network compiled for one configuration, and run where there are gates."""

    plan: Plan
    expected: Mapping[int, int]
    run: Run | None
    compared: int | None
    mismatches: int | None

    @property
    def cycles(self) -> int:
        return (self.run.cycles if self.run else None) or sum(self.expected.values())

    def layer_cycles(self, index: int) -> int | None:
        return self.run.layers[index].cycles if self.run else self.expected.get(index)


def bench_network(
    model: Model,
    config: ArrayConfig,
    device: str,
    memory: MemorySettings,
    *,
    streamed: bool,
    seed: int,
    reference: tuple[list[dict[str, str]], str] | None,
    progress: Callable[[str], None],
) -> tuple[tuple[BenchLayer, ...], BenchLayer]:
    """Return the layers and the whole of a network on one random input.

    Cycles run from START to the end of the program: inputs, outputs and all constants come from
    memory and go back. A layer's cycles run from the end of the layer before it to its own.
    Reference figures belong to the layer of the same name; where the table has a column
    ``network``, of the lines whose network the model's name begins with. The ``streamed`` columns
    are those of the same program with 384 KiB of buffers.
    """
    near = _side(model, config, device, memory, seed, progress)
    far = None
    if streamed:
        far = _side(model, streamed_config(config), device, memory, seed, progress)
    figures = _figures(model, reference)
    bounds = _bounds(near.plan, memory)
    layers = []
    for index, layer in enumerate(near.plan.program.layers):
        line = BenchLayer(
            name=layer.name,
            op=layer.op,
            macs=layer.macs,
            model_cycles=near.expected.get(index),
            bound=bounds.get(index, ""),
            unsupported=layer.reason,
        )
        others = (near.layer_cycles(index), far.layer_cycles(index) if far else None)
        layers.append(_rated(line, config, *others, figures.get(layer.name)))
    total = BenchLayer(
        name="all",
        op="",
        macs=near.plan.macs,
        model_cycles=sum(near.expected.values()),
        compared=near.compared,
        mismatches=near.mismatches,
        streamed_model_cycles=sum(far.expected.values()) if far else None,
        streamed_mismatches=far.mismatches if far else None,
        counters=near.run.counters if near.run else {},
    )
    whole = sum(figures.values()) or None
    return tuple(layers), _rated(total, config, near.cycles, far.cycles if far else None, whole)


def _rated(
    line: BenchLayer,
    config: ArrayConfig,
    cycles: int | None,
    streamed: int | None,
    reference: float | None,
) -> BenchLayer:
    """Return `line` with its cycles beside the reference's."""
    return replace(
        line,
        cycles=cycles,
        utilisation=line.macs / (cycles * config.macs) if cycles else None,
        reference_cycles=reference,
        ratio=ratio_of(reference, cycles),
        streamed_cycles=streamed,
        streamed_ratio=ratio_of(reference, streamed),
    )


def _side(
    model: Model,
    config: ArrayConfig,
    device: str,
    memory: MemorySettings,
    seed: int,
    progress: Callable[[str], None],
) -> _Side:
    progress(f"compiling for {config.name}")
    plan = compile_model(model, config)
    expected = model_cycles(plan.program, config, memory)
    if device != "sim":
        return _Side(plan, expected, None, None, None)
    x = random_inputs(plan.program, seed)
    run = plan.simulate(x, memory=memory, seed=seed, progress=progress)
    progress("comparing with the operators in numpy")
    return _Side(plan, expected, run, *_mismatches(plan, model, x, run))


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
    commands = decode(plan.program.commands)
    for opcode, fields in with_lists(commands, plan.config, plan.program.constants):
        parts.setdefault(fields["layer"], []).append((opcode, fields))
    settings = memory_model(memory)
    return {
        layer: bound_of(commands, plan.config, settings, resident=False)
        for layer, commands in parts.items()
    }
