"""``intaglio check``: all that stands in the way of a model, before any work is done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.common import Config, Reference, require_format
from intaglio.cli.failures import show_findings
from intaglio.cli.terminal import Terminal
from intaglio.spec.errors import Finding

if TYPE_CHECKING:
    from intaglio.api.check_findings import ModelCheck

FORMATS = ("text", "json", "github")
MOST_LINES = 20


def check(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A quantised .tflite or .onnx file.")
    ],
    config: Config = "default",
    reference: Reference = "litert",
    form: Annotated[
        str,
        typer.Option("--format", metavar="text|json|github", help="How findings are printed."),
    ] = "text",
) -> int:
    """Find all that a model holds and Intaglio cannot run, where layers run, whose bits they are.

    Example: intaglio check model.onnx --reference onnxruntime --format github
    """
    from intaglio import api

    terminal: Terminal = context.obj
    require_format(form, FORMATS)
    terminal.json |= form == "json"
    with terminal.waiting() as progress:
        progress(f"checking {model}")
        found = api.check_model(model, config, reference=reference)
    if form == "github":
        for finding in found.findings:
            sys.stdout.write(_github(finding, found.file) + "\n")
    elif not terminal.json:
        _text(terminal, found)
    terminal.result(found.as_dict())
    return found.exit_code


def _text(terminal: Terminal, found: ModelCheck) -> None:
    counts = ", ".join(f"{count} {op}" for op, count in (found.operators or {}).items())
    terminal.say(f"{found.model}: {found.layers} layers: {counts or 'unread'}")
    show_findings(found.findings, terminal.console())
    for entry in found.passes:
        terminal.say(f"pass {entry.name}: {entry.changed} operators, {entry.text}")
    if found.runs:
        after = ", ".join(f"{count} {op}" for op, count in found.runs.items())
        same = found.runs == found.operators
        what = "all of them" if same else f"{sum(found.runs.values())} layers: {after}"
        terminal.say(f"what runs: {what}; {found.macs} MACs")
    if found.host:
        terminal.table(
            ("on the host", "operator", ">bytes read", ">written", "why"),
            [
                (layer.name, layer.op, str(layer.bytes_read), str(layer.bytes_written), layer.why)
                for layer in found.host
            ],
        )
    _list(terminal, f"computed in floating point by {found.reference} itself", found.floats)
    _list(terminal, f"other bits than with {found.reference}", found.differences)
    if found.ok:
        terminal.say(f"runs on {found.config} with the roundings of {found.reference}")
    else:
        terminal.say(f"{len(found.findings)} findings: the model does not run on {found.config}")


def _list(terminal: Terminal, title: str, lines: tuple[str, ...]) -> None:
    if lines:
        terminal.say(f"{title}:")
    for line in lines[:MOST_LINES]:
        terminal.say(f"  {line}")
    if len(lines) > MOST_LINES:
        terminal.say(f"  and {len(lines) - MOST_LINES} more; --json lists them all")


def _github(finding: Finding, file: str) -> str:
    """Return a finding as an annotation of a GitHub workflow."""
    text = f"{finding.message}; need: {finding.need}; help: {finding.help}"
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    path = file.replace("%", "%25").replace(",", "%2C").replace(":", "%3A").replace("\n", "%0A")
    return f"::error file={path},title={finding.code}::{escaped}"
