"""The register map and the commands as JSON, Markdown and a C header, for `config`'s driver."""

from __future__ import annotations

import json
from enum import Enum, IntEnum, IntFlag
from typing import Any

from intaglio.spec import commands, registers
from intaglio.spec.config import ArrayConfig
from intaglio.spec.record import Record
from intaglio.spec.rounding import Rounding

CHOICES: tuple[tuple[str, type[IntEnum] | type[IntFlag]], ...] = (
    ("CONTROL", registers.Control),
    ("STATUS", registers.Status),
    ("IRQ", registers.Interrupt),
    ("FAULT", registers.Fault),
    ("OPCODE", commands.Opcode),
    ("MEMORY", commands.Memory),
    ("REGION", commands.Region),
    ("OPERATION", commands.Operation),
    ("ROUNDING", Rounding),
)
RECORDS = (*commands.RECORDS.values(), commands.PARAM, commands.TABLE)


def registers_json(config: ArrayConfig) -> str:
    """Return registers, commands and the numbers of `config` that a driver needs, as JSON."""
    return (
        json.dumps(
            {
                "schema": 1,
                "config": {"name": config.name, "digest": config.digest},
                "bus_bytes": config.bus_bytes,
                "register_bits": registers.REGISTER_BITS,
                "space_bytes": registers.SPACE_BYTES,
                "registers": [
                    {
                        "name": register.name,
                        "address": register.address,
                        "access": register.access.value,
                        "meaning": register.meaning,
                    }
                    for register in registers.REGISTERS
                ],
                "trace": {"address": registers.TRACE_BASE, "entries": registers.TRACE_ENTRIES},
                "values": {name: _members(kind) for name, kind in CHOICES},
                "records": {record.name: _fields(record) for record in RECORDS},
            },
            indent=1,
        )
        + "\n"
    )


def registers_markdown() -> str:
    """Return the register map as a page."""
    lines = [
        "# Registers",
        "",
        (
            f"AXI4-Lite, {registers.REGISTER_BITS}-bit registers, byte addresses, "
            f"{registers.SPACE_BYTES} bytes in all. Whatever is not listed reads as 0."
        ),
        "",
        "| address | name | access | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| 0x{register.address:03x} | {register.name} | {register.access.value} "
        f"| {register.meaning} |"
        for register in registers.REGISTERS
    ]
    last = registers.TRACE_BASE + 4 * (registers.TRACE_ENTRIES - 1)
    lines += [
        (
            f"| 0x{registers.TRACE_BASE:03x} to 0x{last:03x} | TRACE | ro "
            "| cycle at which a layer was complete, one register a layer |"
        ),
        "",
        (
            "Access: `ro` read only, `rw` read and write, `w1c` a written 1 clears the bit, "
            "`pulse` a written 1 acts for one cycle and reads as 0."
        ),
    ]
    for name in ("CONTROL", "STATUS", "IRQ", "FAULT"):
        kind = dict(CHOICES)[name]
        title = {"IRQ": "IRQ_ENABLE, IRQ_STATUS", "FAULT": "ERROR_CODE"}.get(name, name)
        what = "bit" if issubclass(kind, IntFlag) else "value"
        lines += ["", f"## {title}", "", f"| {what} | name |", "|---|---|"]
        lines += [
            f"| {value.bit_length() - 1 if what == 'bit' else value} | {member} |"
            for member, value in _members(kind).items()
        ]
    return "\n".join(lines) + "\n"


def commands_markdown() -> str:
    """Return the commands and tables of a program as a page."""
    lines = [
        "# Commands",
        "",
        (
            f"A program is a row of {commands.COMMAND_BYTES}-byte commands in memory, "
            "little-endian. Three engines (load, compute, store) each work through their own "
            "commands in order; a command starts once each engine has completed as many commands "
            "as its `wait_` fields name. Fields are packed from bit 0 upwards; the rest is 0."
        ),
    ]
    for record in RECORDS:
        lines += ["", f"## {record.name}", "", record.meaning, ""]
        lines += [
            f"{record.bits} bits.",
            "",
            "| bits | field | format | meaning |",
            "|---|---|---|---|",
        ]
        for field in _fields(record):
            low, high = field["bit"], field["bit"] + field["bits"] - 1
            kind = f"{'int' if field['signed'] else 'uint'}{field['bits']}"
            place = f"{high}:{low}" if high > low else f"{low}"
            lines.append(f"| {place} | `{field['name']}` | {kind} | {field['meaning']} |")
    for title in ("OPCODE", "MEMORY", "REGION", "OPERATION", "ROUNDING"):
        lines += ["", f"## Values of {title.lower()}", "", "| value | name |", "|---|---|"]
        lines += [f"| {value} | {name} |" for name, value in _members(dict(CHOICES)[title]).items()]
    return "\n".join(lines) + "\n"


def registers_header(config: ArrayConfig) -> str:
    """Return a C header: register addresses, bits, values, and each field's place in a command."""
    defines: list[tuple[str, str]] = [
        ("CONFIG_NAME", f'"{config.name}"'),
        ("CONFIG_DIGEST", f'"{config.digest}"'),
        ("BUS_BYTES", f"{config.bus_bytes}u"),
        ("COMMAND_BYTES", f"{commands.COMMAND_BYTES}u"),
        ("IDENTITY_VALUE", f"0x{registers.IDENTITY:08x}u"),
        ("VERSION_VALUE", f"{registers.VERSION}u"),
    ]
    defines += [(f"REG_{r.name}", f"0x{r.address:03x}u") for r in registers.REGISTERS]
    defines.append(("REG_TRACE", f"0x{registers.TRACE_BASE:03x}u"))
    defines.append(("TRACE_ENTRIES", f"{registers.TRACE_ENTRIES}u"))
    for name, kind in CHOICES:
        defines += [(f"{name}_{member}", f"{value}u") for member, value in _members(kind).items()]
    for record in RECORDS:
        defines.append((f"{record.name}_RECORD_BITS", f"{record.bits}u"))
        for field in _fields(record):
            stem = f"{record.name}_{field['name'].upper()}"
            defines += [(f"{stem}_BIT", f"{field['bit']}u"), (f"{stem}_BITS", f"{field['bits']}u")]
    width = max(len(name) for name, _ in defines)
    body = "\n".join(f"#define INTAGLIO_{name:<{width}} {value}" for name, value in defines)
    return (
        "/* Registers and commands of an Intaglio accelerator; written by intaglio generate. */\n"
        f"#ifndef INTAGLIO_REGISTERS_H\n#define INTAGLIO_REGISTERS_H\n\n{body}\n\n#endif\n"
    )


def _members(kind: type[Enum]) -> dict[str, int]:
    return {member.name: int(member.value) for member in kind}


def _fields(record: Record) -> list[dict[str, Any]]:
    places = record.offsets()
    return [
        {
            "name": field.name,
            "bit": places[field.name],
            "bits": field.format.bits,
            "signed": field.format.signed,
            "meaning": field.meaning,
        }
        for field in record.fields
    ]
