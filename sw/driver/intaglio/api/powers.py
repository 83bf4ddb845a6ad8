"""Power by name: a model file, a configuration, a target, inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.api.layer_cycles import memory_model
from intaglio.api.model import Model, load
from intaglio.api.power_run import Power
from intaglio.api.power_run import power as run
from intaglio.explore.costing import Choice, choose
from intaglio.spec.config import ArrayConfig
from intaglio.spec.figure import Figure

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

SEED = 1
DIGITS = 8  # images of the shipped network


def power(
    subject: Model | Path | str,
    config: ArrayConfig | str = "default",
    target: str | None = None,
    *,
    inputs: Sequence[Path] = (),
    build: Path | None = None,
    memory: MemorySettings | None = None,
    clock_mhz: float | None = None,
    coefficients: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Power:
    """Return the energy and power of a network; its golden check passes, or nothing is returned.

    Parameters
    ----------
    subject : Model, Path or str
        The network or its file.
    config, target, memory, clock_mhz, coefficients
        See :func:`intaglio.api.estimates.estimate`.
    inputs : sequence of Path
        Files of inputs whose data the activity is taken from; none: images for the shipped
        network, else seeded random data, and the result says so.
    build : Path, optional
        What ``intaglio build --json`` printed: area after place and route.
    progress : callable
        Told in one line what is under way.

    Raises
    ------
    DeviceError
        E703: the gates differ from the golden model.
    ConfigError, ModelError, FitError, UsageError
        A file or name is not as it should be, or the model does not fit the configuration.
    """
    model = subject if isinstance(subject, Model) else load(subject)
    choice = choose(
        config,
        target,
        memory=memory_model(memory),
        clock_mhz=clock_mhz,
        coefficients=coefficients,
    )
    data, source = inputs_of(model, choice, inputs)
    area = _area(build, choice) if build else None
    return run(model, choice, data, source, area=area, progress=progress)


def inputs_of(model: Model, choice: Choice, paths: Sequence[Path]) -> tuple[dict[int, Any], str]:
    """Return codes by tensor number, and in words whose data they are."""
    from intaglio.api.inputs import as_codes, read_inputs
    from intaglio.api.plan import compile as compile_model
    from intaglio.api.tour import demo_digits

    digits = demo_digits()
    if paths:
        program = compile_model(model, choice.config).program
        codes = as_codes(program, read_inputs(paths, program))
        return dict(codes), ", ".join(map(str, paths))
    if model.path is not None and model.path.resolve() == digits.model.resolve():
        return {model.graph.inputs[0]: digits.images[:DIGITS]}, f"{DIGITS} images not trained on"
    rng = np.random.default_rng(SEED)
    shapes = {number: model.graph.tensors[number].shape for number in model.graph.inputs}
    drawn = {n: rng.integers(-128, 128, shape).astype(np.int8) for n, shape in shapes.items()}
    return drawn, f"seeded random data (seed {SEED}), which no camera sees: give --input"


def _area(path: Path, choice: Choice) -> dict[str, Figure]:
    from intaglio.api.report_inputs import read_build

    summary = read_build(path, choice)["summary"]
    return {
        name: Figure.of(figure) for name, figure in summary.items() if figure["value"] is not None
    }
