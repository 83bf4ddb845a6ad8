"""What Intaglio takes: the operators, as a table and as a page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

HEAD = (
    "# Operators",
    "",
    (
        "Every operator that the importers take and where it runs. What is not listed is refused, "
        "all at once, by `intaglio check MODEL`; nothing moves to the host silently: `compile` and "
        "`check` print the place of every layer and why."
    ),
    "",
    "| operator | TFLite | ONNX | runs on | why |",
    "|---|---|---|---|---|",
)


def ops() -> list[dict[str, Any]]:
    """Return each operator: its name, its names in TFLite and ONNX, where it runs and why."""
    from intaglio.compiler.coverage import coverage

    return [asdict(row) for row in coverage()]


def ops_markdown() -> str:
    """Return the table as a page of the reference."""
    rows = [
        f"| {row['op']} | {_names(row['tflite'])} | {_names(row['onnx'])} | {row['where']} "
        f"| {row['why']} |"
        for row in ops()
    ]
    return "\n".join([*HEAD, *rows]) + "\n"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
