"""What a report reads beside its model: a run of the gates, a build."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.api.checking import Checked, Settings, check
from intaglio.api.files import read_file
from intaglio.api.inputs import random_inputs
from intaglio.api.model import Model
from intaglio.api.plan import compile as compile_model
from intaglio.explore.costing import Choice
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, ModelError

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

SEED = 1


def simulated(
    model: Model,
    config: ArrayConfig,
    memory: MemorySettings | None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run one random input in simulated gates, compared with the golden device."""
    plan = compile_model(model, config)
    x = random_inputs(plan.program, SEED)
    return run_dict(check(plan, x, Settings("sim", memory, seed=SEED, progress=progress)))


def run_dict(done: Checked) -> dict[str, Any]:
    """Return what a report needs of a run."""
    run = done.run
    return {
        "model": run.model,
        "device": run.device,
        "config": run.config,
        "batch": run.batch,
        "cycles": run.cycles,
        "mismatches": done.mismatches if done.comparison else None,
        "layers": [asdict(layer) for layer in run.layers],
        "counters": dict(run.counters),
    }


def read_run(path: Path, model: Model | None) -> dict[str, Any]:
    """Return a run that ``intaglio run`` wrote.

    Raises
    ------
    ModelError
        E314: it is none, or of another network.
    """
    found = _read(path, ("layers", "cycles", "batch", "counters", "mismatches", "device"))
    names = [node.name for node in model.graph.nodes] if model else []
    if [layer["name"] for layer in found["layers"]] != names:
        have = f"{found.get('model')}, {len(found['layers'])} layers"
        raise ModelError(_unfit(path, f"a run of another network: {have}", "a run of this model"))
    return found


def read_build(path: Path, choice: Choice) -> dict[str, Any]:
    """Return a build that ``intaglio build --json`` printed.

    Raises
    ------
    ModelError
        E314: it is none, or of another target.
    """
    found = _read(path, ("summary", "hierarchy", "target"))
    if found["target"]["name"] != choice.target.name:
        have = f"a build for {found['target']['name']}"
        raise ModelError(_unfit(path, have, f"a build for {choice.target.name}"))
    return found


def _read(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        found = json.loads(read_file(path, "a JSON file"))
    except ValueError as error:
        raise ModelError(_unfit(path, f"not JSON: {error}", "a JSON object")) from error
    missing = [key for key in keys if not isinstance(found, Mapping) or key not in found]
    if missing:
        raise ModelError(_unfit(path, f"no {', '.join(missing)}", ", ".join(keys)))
    return dict(found)


def _unfit(path: Path, have: str, need: str) -> Finding:
    return Finding(
        "E314", f"{path}: {have}", str(path), have, need, "make the file again with this version"
    )
