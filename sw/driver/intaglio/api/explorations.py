"""Explorations by name: a model, a space, a target, a store that goes on where it was."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.api.evaluation import labelled
from intaglio.api.files import write_folder
from intaglio.api.layer_cycles import memory_model
from intaglio.api.model import Model, load
from intaglio.api.plan import compile as compile_model
from intaglio.explore.evaluate import OBJECTIVES, Job
from intaglio.explore.run import Exploration, check_objectives, context_key
from intaglio.explore.run import explore as run
from intaglio.explore.space import DEFAULT, Space, check_size, parse_space
from intaglio.explore.store import Store
from intaglio.explore.workers import usual_jobs
from intaglio.report.explore_page import explore_html, front_drawing, label
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.errors import Finding, FitError, UsageError
from intaglio.spec.target import load_target

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

SCHEMA = 1
FILE = "explore.sqlite"


def explore(
    subject: Model | Path | str,
    space: str | None = None,
    config: ArrayConfig | str = "default",
    target: str | None = None,
    *,
    folder: Path | str = "build/explore",
    objectives: Sequence[str] = ("latency", "luteq"),
    limit: int | None = None,
    search: int = 0,
    seed: int = 1,
    budget_seconds: float | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    memory: MemorySettings | None = None,
    clock_mhz: float | None = None,
    data: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Exploration:
    """Look at every configuration of a space, or search it; results are kept in `folder`.

    Parameters
    ----------
    subject : Model, Path or str
        The network or its file.
    space : str, optional
        See :func:`intaglio.explore.space.parse_space`; None: a usual one.
    config : ArrayConfig or str
        Parameters that do not vary.
    target : str, optional
        The part that configurations are to fit.
    folder : Path or str
        Where the results are kept; the same command goes on where it was.
    objectives, search, seed, budget_seconds
        See :func:`intaglio.explore.run.explore`.
    limit : int, optional
        Points that are agreed to, where there are many.
    jobs : int, optional
        Worker processes; None: one for each processor.
    cluster : str, optional
        A Dask scheduler or ``local:N``.
    data : Path, optional
        Labelled samples, an ``.npz`` file: accuracy is measured, on golden operators.

    Raises
    ------
    UsageError
        E101, E103, E104: a value, file or size is not as it should be, or accuracy is an objective
        and there are no samples.
    ModelError
        E305, E306, E307: the samples do not fit the model.
    EnvironmentFault
        E501, E503: no Dask, or no scheduler.
    """
    model = subject if isinstance(subject, Model) else load(subject)
    base = load_config(config) if isinstance(config, str) else config
    place = load_target(target or base.target)
    chosen = Space(base, DEFAULT) if space is None else parse_space(space, base)
    names = check_objectives(objectives)
    if "accuracy" in names and data is None:
        message = "accuracy is an objective, and there are no samples"
        need = "--data X.npz with inputs and labels"
        raise UsageError(Finding("E101", message, "--objective", "accuracy", need, f"give {need}"))
    if not search:
        check_size(chosen, limit)
    samples = pickle.dumps(labelled(compile_model(model, base), data)) if data else b""
    job = Job(
        pickle.dumps(model.graph),
        base,
        place.name,
        clock_mhz,
        memory_model(memory),
        samples=samples,
    )
    store = Store(Path(folder) / FILE)
    if store.replaced:
        progress(f"the result file was damaged: moved to {store.replaced}, begun again")
    if store.damaged:
        progress(f"{store.damaged} results were damaged and are computed again")
    try:
        store.note(context_key(job), chosen.text)
        return run(
            job,
            chosen,
            store,
            objectives=names,
            search=search,
            seed=seed,
            budget_seconds=budget_seconds,
            jobs=usual_jobs() if jobs is None else jobs,
            address=cluster,
            progress=progress,
        )
    finally:
        store.close()


def exploration_dict(
    found: Exploration, model: str, target: str, reproduce: str = ""
) -> dict[str, Any]:
    """Return an exploration for JSON and for the page."""
    notes = [] if found.complete else ["The budget ended it before every point was looked at."]
    return {
        "schema_version": SCHEMA,
        "kind": "explore",
        "model": model,
        "target": target,
        "space": found.space.text,
        "size": found.space.size,
        "objectives": [list(OBJECTIVES[name]) for name in found.objectives],
        "evaluated": found.evaluated,
        "complete": found.complete,
        "notes": notes,
        "front": found.front,
        "best_fit": found.best_fit,
        "records": list(found.records),
        "reproduce": reproduce,
    }


def save_exploration(data: Mapping[str, Any], folder: Path | str) -> list[Path]:
    """Write the page, the JSON object and the picture of the front to `folder`.

    Raises
    ------
    UsageError
        E103: the folder cannot be written.
    """
    drawing = front_drawing(data)
    contents: dict[str, bytes | str] = {
        "explore.html": explore_html(data),
        "explore.json": json.dumps(data, indent=1) + "\n",
        "front.svg": drawing.svg(alone=True),
        "front.png": drawing.png(),
    }
    return write_folder(Path(folder), contents)


def require_fit(found: Exploration, target: str) -> Mapping[str, Any]:
    """Return the best record that fits.

    Raises
    ------
    FitError
        E407: none does; the error names the nearest and by how much it is too large.
    """
    best = found.best_fit
    if best is not None:
        return best
    counted = [r for r in found.records if r["status"] == "ok"]
    nearest = min(counted, key=_excess, default=None)
    near = f"{label(nearest)}: {nearest['short']}" if nearest else "no point is a configuration"
    raise FitError(
        Finding(
            "E407",
            f"none of {len(found.records)} configurations fits {target}; the nearest is {near}",
            where=target,
            have=near,
            need=f"what {target} has: intaglio boards shows it",
            help="give smaller values in --space, or a larger part",
        )
    )


def _excess(record: Mapping[str, Any]) -> tuple[float, float]:
    """Return how many resources are short, then how large the configuration is."""
    return record["short"].count("short by"), record["macs"]
