"""The reference page of the command: ``python -m intaglio.cli.page``."""

from __future__ import annotations

import sys
from typing import Any

import typer

from intaglio.cli.app import EXIT_CODES, application
from intaglio.cli.common import COMMON


def page() -> str:
    """Return all verbs with their arguments and options as Markdown."""
    command: Any = typer.main.get_command(application())
    lines = ["# Command line", "", command.help, "", "Every verb has these options too:", ""]
    lines += _rows([p for p in command.params if p.name in COMMON])
    for name, verb in command.commands.items():
        own = [p for p in verb.params if p.name not in (*COMMON, "help")]
        lines += ["", f"## intaglio {name}", "", verb.help.strip()]
        lines += ["", *_rows(own)] if own else []
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(lines) + "\n"


def _rows(parameters: list[Any]) -> list[str]:
    return [
        "| option | default | meaning |",
        "|---|---|---|",
        *(f"| `{_name(p)}` | {_default(p)} | {getattr(p, 'help', '') or ''} |" for p in parameters),
    ]


def _name(parameter: Any) -> str:
    """Return an option with its value, or an argument's name, without bars that end a cell."""
    metavar = (parameter.metavar or "").replace("|", " or ")
    if parameter.param_type_name == "argument":
        return metavar or str(parameter.name).upper()
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return names if parameter.is_flag else f"{names} {metavar}".rstrip()


def _default(parameter: Any) -> str:
    default = parameter.default
    flag = getattr(parameter, "is_flag", False)
    return "" if flag or default is None or default == [] else f"`{default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
