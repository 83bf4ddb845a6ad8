"""Reports: one folder with a page, JSON, CSV, Markdown and every chart."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from intaglio.api.estimates import estimate_rewritten
from intaglio.api.files import read_file, write_folder
from intaglio.api.golden_pass import golden_check, golden_state
from intaglio.api.model import Model
from intaglio.api.report_data import report_data
from intaglio.explore.costing import Choice, choose
from intaglio.report.charts import charts
from intaglio.report.markdown import layers_csv, markdown
from intaglio.report.page import html
from intaglio.report.schema import faults
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, ModelError

MOST_FAULTS = 5


def make_report(
    model: Model | None,
    choice: Choice | ArrayConfig | str = "default",
    *,
    run: Mapping[str, Any] | None = None,
    build: Mapping[str, Any] | None = None,
    check: bool = True,
    reproduce: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return a report of `model` on a configuration; see :func:`save_report`.

    Parameters
    ----------
    model : Model or None
        None: the configuration alone.
    choice : Choice, ArrayConfig or str
        What it runs on.
    run, build : mapping, optional
        JSON objects of ``intaglio run`` and ``intaglio build``.
    check : bool
        Compare the gates with the golden model unless that has passed before. Without a pass no
        area and no energy is in the report.
    reproduce : str
        The command that makes it again.
    progress : callable
        Told in one line what is under way.
    """
    chosen = choice if isinstance(choice, Choice) else choose(choice)
    config = chosen.config
    golden = golden_check(config, progress) if check else golden_state(config)
    estimate = estimate_rewritten(model.graph if model else None, replace(chosen, golden=golden))
    text = reproduce or shlex.join(["intaglio", "report", str(model.path if model else "")])
    return report_data(estimate, reproduce=text, run=run, build=build)


def save_report(data: Mapping[str, Any], folder: Path | str) -> list[Path]:
    """Write all files of a report to `folder`, or none.

    ``report.html`` is one file without script and without an address; ``report.json`` conforms to
    ``intaglio.report``'s schema; ``layers.csv``, ``summary.md``; each chart as SVG and PNG.

    Raises
    ------
    UsageError
        E103: the folder cannot be written.
    """
    contents: dict[str, bytes | str] = {
        "report.html": html(data),
        "report.json": json.dumps(data, indent=1) + "\n",
        "layers.csv": layers_csv(data),
        "summary.md": markdown(data),
    }
    for drawing in charts(data):
        contents[f"{drawing.name}.svg"] = drawing.svg(alone=True)
        contents[f"{drawing.name}.png"] = drawing.png()
    return write_folder(Path(folder), contents)


def read_report(path: Path | str) -> dict[str, Any]:
    """Return the report in a ``report.json``.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E314: it is no report, is damaged, or has another schema version.
    """
    data = read_file(Path(path), "a report.json")
    try:
        found = json.loads(data)
    except ValueError as error:
        raise ModelError(
            _unfit(path, f"not JSON: {error}", "report.json of this version")
        ) from error
    if (
        isinstance(found, dict)
        and found.get("kind") == "report"
        and found.get("schema_version") != 1
    ):
        version = found.get("schema_version")
        raise ModelError(_unfit(path, f"schema version {version}", "schema version 1"))
    wrong = list(faults(found))
    if wrong:
        raise ModelError(_unfit(path, "; ".join(wrong[:MOST_FAULTS]), "what the schema asks for"))
    return dict(found)


def _unfit(path: Path | str, have: str, need: str) -> Finding:
    return Finding(
        "E314",
        f"{path} is no report of this version: {have}",
        where=str(path),
        have=have,
        need=need,
        help="make the report again with intaglio report",
    )
