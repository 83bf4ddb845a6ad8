"""``intaglio doctor``: what is there, what is missing, how to get it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.api.tools import Health, Tool

TOOL_MISSING = 5


def doctor(context: typer.Context) -> int:
    """Show the tools found, their versions, and the fix for each that is missing.

    Exits with 5 if something is missing that `intaglio demo` needs.
    """
    from intaglio import api

    terminal: Terminal = context.obj
    health = api.doctor()
    show(terminal, health)
    terminal.result(
        {
            "ok": not health.faults,
            "tools": [{**asdict(tool), "found": _found(tool)} for tool in health.tools],
            "missing": [tool.name for tool in health.tools if not _found(tool)],
            "cache": {"folder": str(health.cache), "mib": health.cache_mib},
            "free_mib": health.free_mib,
            "memory_mib": health.memory_mib,
        }
    )
    return TOOL_MISSING if health.faults else 0


def show(terminal: Terminal, health: Health) -> None:
    """Print what was found."""
    terminal.table(
        ("tool", "version", "for", "state"),
        [(tool.name, tool.version or "-", tool.use, _state(tool)) for tool in health.tools],
        flexible=2,
    )
    terminal.say(f"cache {health.cache}: {health.cache_mib} MiB; remove it at any time")
    terminal.say(f"disk {health.free_mib} MiB free, memory {health.memory_mib} MiB available")
    for tool in health.tools:
        if tool.fault:
            need = "needed" if tool.needed else "optional"
            terminal.say(f"{tool.name} ({need}, {tool.fault}): {tool.fix}")


def _found(tool: Tool) -> bool:
    return bool(tool.version)


def _state(tool: Tool) -> str:
    return "ok" if not tool.fault else tool.fault if tool.needed else f"{tool.fault}, optional"
