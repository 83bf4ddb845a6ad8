"""Estimates a configuration, and a network on it, without running any tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from intaglio.estimate.area import UNITS, area_model, estimate_area
from intaglio.estimate.coefficients import Coefficients, load_coefficients
from intaglio.estimate.counts import Counts, count_layers
from intaglio.estimate.energy import Setting, energy_sum, layer_energy
from intaglio.estimate.grid import kind_of
from intaglio.estimate.sensitivity import part_sums, swings
from intaglio.explore.cost_result import Estimate, LayerEstimate, Shortage
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.figure import Figure, total
from intaglio.spec.target import Target, load_target
from intaglio.spec.timing import MemoryModel, predict_decoded

Band = tuple[float, float, float]

if TYPE_CHECKING:
    from intaglio.compiler.outline import Outline
    from intaglio.spec.graph import Graph

# The model against simulated gates: networks within 0.2 %, layers bound by memory a few per cent.
CYCLES_LOW, CYCLES_HIGH = 0.995, 1.03
WATERLINE_HOW = "what the unit that is needed most takes at its effective rate, never waiting"
CYCLES_HOW = "cycle model: COMPUTE exact, transfers as streams that share the memory"


@dataclass(frozen=True)
class Choice:
    """What is estimated.

    Parameters
    ----------
    config : ArrayConfig
        The accelerator.
    target : Target
        The part.
    memory : MemoryModel
        The external memory.
    coefficients : Coefficients
        Of energy and power.
    clock_mhz : float or None
        None: the estimated Fmax, else the board's oscillator.
    golden : str
        Whether the golden check of the configuration is known to pass.
    """

    config: ArrayConfig
    target: Target
    memory: MemoryModel
    coefficients: Coefficients
    clock_mhz: float | None = None
    golden: str = "not run: intaglio power runs it"


def choose(
    config: ArrayConfig | str = "default",
    target: str | None = None,
    *,
    memory: MemoryModel | None = None,
    clock_mhz: float | None = None,
    coefficients: Path | None = None,
) -> Choice:
    """Return a choice from names.

    Raises
    ------
    ConfigError, UsageError
        A name or file is not as it should be.
    """
    chosen = load_config(config) if isinstance(config, str) else config
    place = load_target(target or chosen.target)
    return Choice(
        chosen, place, memory or MemoryModel(), load_coefficients(coefficients), clock_mhz
    )


def estimate(graph: Graph | None, choice: Choice, reference: str = "litert") -> Estimate:
    """Return the cost of a configuration, and of the network `graph` on it.

    Raises
    ------
    ModelError, FitError
        From the compiler: the model cannot run on this configuration.
    """
    if graph is None:
        return estimate_outline(None, choice)
    from intaglio.compiler.outline import outline_graph

    outline = outline_graph(graph, choice.config, reference=reference)
    return estimate_outline(outline, choice)


def estimate_outline(
    outline: Outline | None,
    choice: Choice,
    *,
    area: Mapping[str, Figure] | None = None,
    activities: Mapping[int, Mapping[str, Band]] | None = None,
) -> Estimate:
    """Return :func:`estimate` of commands that are known.

    Parameters
    ----------
    outline : Outline or None
        The network's commands; None: the configuration alone.
    choice : Choice
        What they run on.
    area : mapping, optional
        Figures that replace those of the area model.
    activities : mapping, optional
        Node index to the activity of that layer's data; see
        :class:`intaglio.estimate.energy.Setting`.
    """
    config, target = choice.config, choice.target
    area = {**estimate_area(config, target.family), **(area or {})}
    fmax = area["fmax"].value
    clock = choice.clock_mhz or fmax or target.clock_mhz
    setting = Setting(config, target, choice.coefficients, area, clock)
    layers = tuple(_layers(outline, choice, setting, activities or {})) if outline else ()
    summary = dict(area)
    if outline:
        summary |= _summary(outline, layers, config, clock, setting.label)
    given = (choice.memory.bytes_per_cycle, choice.memory.width, config.bus_bytes)
    model = area_model(target.family, kind_of(config))
    return Estimate(
        model=outline.graph.name if outline else "",
        config=config.name,
        digest=config.digest,
        target=target.name,
        summary=summary,
        layers=layers,
        shortages=tuple(shortages(area, target)),
        errors=model.errors() if model else {},
        label=setting.label,
        coefficients=tuple(setting.used()),
        clock_mhz=clock,
        golden=choice.golden,
        peak=config.macs,
        bytes_per_cycle=float(min(value for value in given if value is not None)),
        array=config,
        swings=tuple(swings(setting, part_sums(layer.parts for layer in layers))),
    )


def shortages(area: Mapping[str, Figure], target: Target) -> Iterable[Shortage]:
    """Yield what the nominal design needs beyond what the part has."""
    if target.resources is None:
        return
    have = {
        "luteq": target.resources.luts,
        "ff": target.resources.flip_flops,
        "dsp": target.resources.multipliers,
        "bram": target.resources.ram_blocks,
    }
    for name, count in have.items():
        need = area[name].value
        if need is not None and need > count:
            yield Shortage(f"{name} ({UNITS[name]})", need, count)


def layer_cycles(outline: Outline, memory: MemoryModel) -> dict[int, int]:
    """Return node index to cycles: from the end of the layer before it to its own."""
    found: dict[int, int] = {}
    for commands in outline.jobs:
        stats = predict_decoded(commands, outline.config, memory)
        order = list(dict.fromkeys(fields["layer"] for _, fields in commands))
        start = 0
        for layer in order:
            end = (stats.cycles or 0) if layer == order[-1] else stats.marks.get(layer, start)
            found[layer] = end - start
            start = end
    return found


def _layers(
    outline: Outline,
    choice: Choice,
    setting: Setting,
    activities: Mapping[int, Mapping[str, Band]],
) -> Iterable[LayerEstimate]:
    cycles = layer_cycles(outline, choice.memory)
    counts: dict[int, Counts] = {}
    for commands in outline.jobs:
        counts |= count_layers(commands, choice.config)
    for index, node in enumerate(outline.graph.nodes):
        layer = outline.layers.get(index)
        if layer is None or index not in cycles:
            reason = outline.host_reason(index)
            none = Figure(None, "cycle", "estimated", f"not on the array: {reason}")
            yield LayerEstimate(
                node.name, node.op.value, "host", "", {"cycles": none}, reason=reason
            )
            continue
        own = replace(setting, activity=dict(activities.get(index, {})))
        yield _layer(
            node.name, node.op.value, layer.macs, cycles[index], counts[index], choice, own
        )


def _layer(
    name: str,
    op: str,
    macs: int,
    cycles: int,
    counts: Counts,
    choice: Choice,
    setting: Setting,
) -> LayerEstimate:
    config = choice.config
    parts = layer_energy(setting, counts, cycles)
    how = "counted from the commands of the compiled program"
    waterline = max(counts.needs(config, choice.memory).values())
    figures = {
        "macs": Figure(macs, "MAC", "estimated", "from the shapes"),
        "cycles": _cycles(cycles),
        "ideal_cycles": Figure(
            -(-macs // config.macs), "cycle", "estimated", "MACs over MACs in a cycle"
        ),
        "utilisation": Figure(
            macs / (cycles * config.macs), "1", "estimated", "MACs over cycles times P*K*D"
        ),
        "bytes": Figure(counts.dram_bytes, "byte", "estimated", how),
        "array_cycles": Figure(counts.steps, "cycle", "estimated", how),
        "waterline_cycles": Figure(round(waterline), "cycle", "estimated", WATERLINE_HOW),
        "energy": energy_sum(parts),
    }
    levels = {
        level: Figure(size, "byte", "estimated", how)
        for level, size in counts.level_bytes(config).items()
    }
    bound = counts.bound(config, choice.memory)
    return LayerEstimate(name, op, "array", bound, figures, levels, parts)


def _cycles(value: int) -> Figure:
    low, high = round(value * CYCLES_LOW), round(value * CYCLES_HIGH)
    return Figure(value, "cycle", "estimated", CYCLES_HOW, low, high)


def _summary(
    outline: Outline,
    layers: tuple[LayerEstimate, ...],
    config: ArrayConfig,
    clock: float | None,
    label: str,
) -> dict[str, Figure]:
    ran = [layer.figures for layer in layers if layer.where == "array"]
    cycles = sum(int(figures["cycles"].value or 0) for figures in ran)
    energy = total((figures["energy"] for figures in ran), "sum over the layers")
    if label:
        energy = replace(energy, how=f"{energy.how}; {label}")
    found = {
        "cycles": _cycles(cycles),
        "macs": Figure(outline.macs, "MAC", "estimated", "from the shapes"),
        "utilisation": Figure(
            outline.macs / (cycles * config.macs), "1", "estimated", "MACs over cycles times P*K*D"
        ),
        "bytes": total((figures["bytes"] for figures in ran), "sum over the layers"),
        "energy": energy,
    }
    if clock:
        at = f"at {clock:g} MHz"
        milliseconds = found["cycles"].times(1e-3 / clock, "ms", f"cycles {at}")
        found["latency"] = milliseconds
        found["power"] = _power(energy, milliseconds.value or 0.0, at)
    else:
        why = "no clock: give --clock"
        found["latency"] = Figure(None, "ms", "estimated", why)
        found["power"] = Figure(None, "mW", "estimated", why)
    return found


def _power(energy: Figure, milliseconds: float, at: str) -> Figure:
    """Return energy over time; uJ over ms are mW."""
    return energy.times(1 / milliseconds, "mW", f"energy over latency {at}; {energy.how}")
