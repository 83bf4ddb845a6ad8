"""Cycles from the first sum to the last output, whatever came before: a start mark in a program.

The first COMPUTE of a program waits for its weights. A COMPUTE of one window and one step that is
put before it waits for the same, holds what it has summed and writes nothing; on completion it
marks the trace. The cycles from that mark to the mark of the last COMPUTE are those from the
dispatch of the first sum to the last output written.
"""

from __future__ import annotations

from collections.abc import Mapping

from intaglio.spec.commands import COMPUTE, RECORDS, Opcode, Operation, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.registers import TRACE_ENTRIES
from intaglio.spec.window import Window

START_ENTRY = TRACE_ENTRIES - 1


def with_start_mark(commands: bytes, config: ArrayConfig) -> bytes:
    """Return `commands` with a start mark before the first COMPUTE."""
    found: list[bytes] = []
    marked = False
    for opcode, fields in decode(commands):
        changed = dict(fields)
        if opcode is Opcode.COMPUTE and not marked:
            found.append(COMPUTE.to_bytes(_mark(fields, config)))
            marked = True
        if fields["wait_compute"]:
            changed["wait_compute"] += 1
        found.append(RECORDS[opcode].to_bytes(changed))
    return b"".join(found)


def counted_cycles(stats: RunStats, layers: int = 1) -> int:
    """Return the cycles from the start mark to the mark of the last of `layers` layers."""
    return stats.marks[layers - 1] - stats.marks[START_ENTRY]


def _mark(first: Mapping[str, int], config: ArrayConfig) -> dict[str, int]:
    """Return the fields of a start mark that waits for what `first` waits for."""
    window = Window(0, 1, 1, 0, 0, (1, 1), (1, 1), (1, 1), 1, 1)
    return {
        **dict.fromkeys((field.name for field in COMPUTE.fields), 0),
        **{name: value for name, value in first.items() if name.startswith("wait_")},
        **window.fields(Operation.CONV, config),
        "opcode": int(Opcode.COMPUTE),
        "operation": int(Operation.CONV),
        "rounding": first["rounding"],
        "hold": 1,
        "mark": 1,
        "layer": START_ENTRY,
        "in_blocks": 1,
        "steps": 1,
        "last_steps": 1,
        "out_blocks": 1,
        "low": first["low"],
        "high": first["high"],
    }
