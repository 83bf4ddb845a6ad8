"""Estimates by name: a model file or a configuration, a target, a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from intaglio.api.layer_cycles import memory_model
from intaglio.api.model import Model, load
from intaglio.estimate.area import estimate_area
from intaglio.explore.cost_result import Estimate
from intaglio.explore.costing import Choice, choose
from intaglio.explore.costing import estimate as run
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding
from intaglio.spec.graph import Graph
from intaglio.spec.presets import DEFAULT, PRESETS
from intaglio.spec.target import load_target

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

MODELS = (".tflite", ".onnx")


def estimate(
    subject: Model | ArrayConfig | Path | str,
    config: ArrayConfig | str | None = None,
    target: str | None = None,
    *,
    memory: MemorySettings | None = None,
    clock_mhz: float | None = None,
    coefficients: Path | None = None,
    reference: str = "litert",
) -> Estimate:
    """Return cycles, bytes, area, clock, energy and power; no tool is run.

    Parameters
    ----------
    subject : Model, ArrayConfig, Path or str
        A model or its file; or a configuration, a preset's name or a TOML file.
    config : ArrayConfig or str, optional
        The accelerator of a model.
    target : str, optional
        A board; None: the configuration's own.
    memory : MemorySettings, optional
        External memory; None: that of simulated devices.
    clock_mhz : float, optional
        None: the estimated Fmax, else the board's oscillator.
    coefficients : Path, optional
        Replaces the shipped file.
    reference : str
        Engine whose rounding is obeyed.

    Raises
    ------
    ConfigError, ModelError, FitError, UsageError
        A file or name is not as it should be, or the model does not fit the configuration.
    """
    model = model_of(subject)
    if model is None and config is None and not isinstance(subject, Model):
        config = subject if isinstance(subject, ArrayConfig) else str(subject)
    choice = choose(
        config or DEFAULT,
        target,
        memory=memory_model(memory),
        clock_mhz=clock_mhz,
        coefficients=coefficients,
    )
    from intaglio.api.golden_pass import golden_state

    chosen = replace(choice, golden=golden_state(choice.config))
    return estimate_rewritten(model.graph if model else None, chosen, reference)


def estimate_rewritten(graph: Graph | None, choice: Choice, reference: str = "litert") -> Estimate:
    """Return the cost of a network as it runs: after the compiler's passes, which are named."""
    if graph is None:
        return run(None, choice)
    from intaglio.api.rewriting import rewritten

    after, passes = rewritten(graph, choice.config, reference)
    return replace(run(after, choice, reference), passes=passes)


def fit_findings(found: Estimate) -> list[Finding]:
    """Return E406 for each resource that the part lacks, with the nearest preset that fits."""
    if not found.shortages:
        return []
    help_text = nearest(found.target, found.peak)
    return [
        Finding(
            "E406",
            f"{found.config} does not fit {found.target}: {short.text}",
            where=found.target,
            have=f"{short.need:,.0f} {short.resource}",
            need=f"at most {short.have:,.0f}",
            help=help_text,
        )
        for short in found.shortages
    ]


def nearest(target: str, macs: int, presets: Sequence[ArrayConfig] | None = None) -> str:
    """Return advice: the largest preset that is estimated to fit and is not larger than asked."""
    from intaglio.explore.costing import shortages

    place = load_target(target)
    fitting = [
        config
        for config in (presets if presets is not None else PRESETS.values())
        if config.macs <= macs and not list(shortages(estimate_area(config, place.family), place))
    ]
    if not fitting:
        return f"intaglio explore --fit {target} searches smaller configurations"
    best = max(fitting, key=lambda config: config.macs)
    return f"the nearest preset that fits is {best.name}, {best.macs} INT8 MACs a cycle"


def model_of(subject: Model | ArrayConfig | Path | str) -> Model | None:
    """Return the model that `subject` is or names; None for a configuration."""
    if isinstance(subject, Model):
        return subject
    if isinstance(subject, ArrayConfig):
        return None
    path = Path(subject)
    is_model = path.suffix in MODELS or (path.is_file() and path.suffix != ".toml")
    return load(path) if is_model else None
