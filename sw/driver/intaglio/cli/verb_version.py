"""``intaglio version``."""

from __future__ import annotations

import typer

from intaglio.cli.terminal import Terminal


def version(context: typer.Context) -> None:
    """Print the version of Intaglio and of the contract that its files follow."""
    from importlib import metadata

    from intaglio.spec import program, registers

    terminal: Terminal = context.obj
    numbers = {
        "intaglio": metadata.version("intaglio"),
        "program_schema": program.SCHEMA,
        "register_map": registers.VERSION,
    }
    terminal.say(
        f"intaglio {numbers['intaglio']}, program schema {numbers['program_schema']}, "
        f"register map {numbers['register_map']}"
    )
    terminal.result(numbers)
