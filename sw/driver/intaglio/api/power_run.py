"""Power of a network: activity of its own data, times coefficients with bands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from intaglio.api.checking import GOLDEN
from intaglio.api.golden_pass import PASSED, golden_check
from intaglio.api.model import Model
from intaglio.compiler.layer import Layer
from intaglio.compiler.outline import Outline, outline_graph
from intaglio.estimate.activity import UNIFORM, Activity, activity_of, histogram
from intaglio.explore.cost_result import Estimate, plain
from intaglio.explore.costing import Choice, estimate_outline
from intaglio.spec.commands import Operation
from intaglio.spec.errors import DeviceError, Finding
from intaglio.spec.figure import Figure, total

SCHEMA = 1
COUNTERS = 4.0  # operand bits that two 8-bit counters change in a cycle: the measured stimulus
UNITS = {"energy": "uJ", "power": "mW"}


@dataclass(frozen=True)
class Power:
    """Energy and power of a network by part.

    Parameters
    ----------
    estimate : Estimate
        With the activity of the data.
    activity : mapping
        Layer name to its operands' activity.
    histograms : mapping
        Layer name to how often each code occurs in its weights and in what it reads.
    inputs : str
        Whose data they are.
    """

    estimate: Estimate
    activity: Mapping[str, Activity]
    histograms: Mapping[str, Mapping[str, list[int]]]
    inputs: str

    @property
    def parts(self) -> dict[str, Figure]:
        """Energy of each part over all layers; not known where its coefficient is not."""
        ran = [layer.parts for layer in self.estimate.layers if layer.parts]
        names = list(dict.fromkeys(name for parts in ran for name in parts))
        return {
            name: total((parts[name] for parts in ran if name in parts), ran[0][name].how)
            for name in names
        }

    @property
    def summary(self) -> dict[str, Figure]:
        """Energy, power, latency, and the power that the clock alone and nothing at all takes."""
        found = {
            name: self.estimate.summary[name]
            for name in ("energy", "power", "latency", "cycles", "macs")
        }
        latency = self.estimate.summary["latency"].value
        for name in ("static", "clock"):
            if name in self.parts and latency:
                found[f"{name}_power"] = self.parts[name].times(1 / latency, "mW")
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        estimate = self.estimate
        return {
            "schema_version": SCHEMA,
            "kind": "power",
            "model": estimate.model,
            "config": estimate.config,
            "config_digest": estimate.digest,
            "target": estimate.target,
            "clock_mhz": estimate.clock_mhz,
            "label": estimate.label,
            "golden": estimate.golden,
            "inputs": self.inputs,
            "summary": plain(self.summary),
            "parts": plain(self.parts),
            "layers": [
                {
                    "name": layer.name,
                    **plain({k: v for k, v in layer.figures.items() if k in ("cycles", "energy")}),
                    "parts": plain(layer.parts),
                    "activity": self.activity[layer.name].as_dict()
                    if layer.name in self.activity
                    else None,
                    "histograms": self.histograms.get(layer.name),
                }
                for layer in estimate.layers
            ],
            "coefficients": [vars(row) for row in estimate.coefficients],
            "sensitivity": [vars(swing) for swing in estimate.swings],
        }


def power(
    model: Model,
    choice: Choice,
    inputs: Mapping[int, Any],
    source: str,
    *,
    area: Mapping[str, Figure] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Power:
    """Return the power of `model`; its golden check passes in this run or has passed before.

    Parameters
    ----------
    model : Model
        The network.
    choice : Choice
        Configuration, target, clock, coefficients.
    inputs : mapping of tensor number to codes
        Data that the activity is taken from.
    source : str
        Whose data they are.
    area : mapping, optional
        ``luteq`` and ``ff`` after place and route, instead of the estimate.
    progress : callable
        Told in one line what is under way.

    Raises
    ------
    DeviceError
        E703: the gates of this configuration differ from the golden model: no figure is given.
    ModelError, FitError
        From the compiler.
    """
    outline = outline_graph(model.graph, choice.config)
    found = golden_check(choice.config, progress)
    if found != PASSED:
        raise DeviceError(
            Finding(
                "E703",
                f"no power of {choice.config.name}: {found}",
                where=choice.config.name,
                have=found,
                need=PASSED,
                help=f"intaglio run MODEL --config {choice.config.name} --device sim --check "
                f"{GOLDEN} names the first difference",
            )
        )
    progress(f"running {model.name} on the golden model for its data")
    activity, histograms = _observe(model, outline, inputs)
    chosen = replace(choice, golden=PASSED)
    estimate = estimate_outline(
        outline, chosen, area=area, activities=_factors(outline, activity, chosen)
    )
    return Power(estimate, activity, histograms, source)


def _observe(
    model: Model, outline: Outline, inputs: Mapping[int, Any]
) -> tuple[dict[str, Activity], dict[str, dict[str, list[int]]]]:
    """Return activity and histograms of every layer that multiplies."""
    from intaglio.golden.network import run_graph

    tensors = run_graph(model.graph, inputs)
    found, histograms = {}, {}
    for layer in _multiplying(outline):
        acts = np.asarray(tensors[layer.inputs[0]]).astype(np.int8)
        weights = None if layer.weights is None else np.asarray(layer.weights, np.int8)
        zero = layer.pad_value
        depthwise = layer.operation is Operation.DEPTHWISE
        depth = outline.config.depth
        found[layer.name] = activity_of(weights, acts, zero, depth, depthwise=depthwise)
        histograms[layer.name] = {"acts": histogram(acts)}
        if weights is not None:
            histograms[layer.name]["weights"] = histogram(weights)
    return found, histograms


def _multiplying(outline: Outline) -> Iterable[Layer]:
    kinds = (Operation.CONV, Operation.DEPTHWISE)
    return (layer for layer in outline.layers.values() if layer.operation in kinds)


def _factors(
    outline: Outline, activity: Mapping[str, Activity], choice: Choice
) -> dict[int, dict[str, tuple[float, float, float]]]:
    """Return for each layer how its data scale the energy of a multiplication.

    The FPGA coefficient was measured with two counters as operands; the tables of an ASIC are
    taken as those of random operands.
    """
    reference = UNIFORM if choice.target.family == "generic" else COUNTERS
    return {
        index: {"multiply": activity[layer.name].factor(reference)}
        for index, layer in outline.layers.items()
        if layer.name in activity
    }
