"""Vela beside ours: what Arm's compiler estimates for an Ethos-U55 with the same network."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from intaglio.spec.errors import EnvironmentFault, Finding, ToolError
from intaglio.tooling.process import run

SIZES = (32, 64, 128, 256)  # multipliers of an Ethos-U55
SYSTEM = "Ethos_U55_High_End_Embedded"
MODES = ("Sram_Only", "Shared_Sram")


@dataclass(frozen=True)
class Vela:
    """What Vela prints.

    Parameters
    ----------
    macs : int
        Multipliers of the Ethos-U55.
    mode : str
        Memory mode.
    npu_cycles, cycles : int
        Compute alone, and with memory.
    layers : mapping of str to int
        Compute cycles by the name of the output tensor.
    version : str
        Of the package.
    """

    macs: int
    mode: str
    npu_cycles: int
    cycles: int
    layers: dict[str, int]
    version: str


def nearest_size(macs: int) -> int:
    """Return the size of an Ethos-U55 that is nearest to `macs`, by ratio."""
    return min(SIZES, key=lambda size: max(size / macs, macs / size))


def vela(
    model: bytes, macs: int, mode: str = MODES[0], progress: Callable[[str], None] = lambda _: None
) -> Vela:
    """Run Vela on a TFLite model.

    Raises
    ------
    EnvironmentFault
        E501: it is not installed.
    ToolError
        E601: it failed.
    """
    program = _program()
    size = nearest_size(macs)
    progress(f"Vela: Ethos-U55 with {size} MACs, {mode}")
    with tempfile.TemporaryDirectory(prefix="intaglio-vela.") as name:
        work = Path(name)
        (work / "network.tflite").write_bytes(model)
        command: list[str | Path] = [
            *(program, "network.tflite", "--accelerator-config", f"ethos-u55-{size}"),
            *("--config", "Arm/vela.ini", "--system-config", SYSTEM, "--memory-mode", mode),
            *("--verbose-performance", "--output-dir", "out"),
        ]
        _, output = run(command, cwd=work, env=os.environ, log=None)
        summary = _table(work / "out" / f"network_summary_{SYSTEM}.csv", output)
        layers = _table(work / "out" / "network_per-layer.csv", output)
    found: dict[str, int] = {}
    for row in layers:
        found[row["Name"]] = found.get(row["Name"], 0) + round(float(row["NPU"]))
    return Vela(
        size,
        mode,
        round(float(summary[0]["cycles_npu"])),
        round(float(summary[0]["cycles_total"])),
        found,
        metadata.version("ethos-u-vela"),
    )


def _program() -> Path:
    beside = Path(sys.executable).with_name("vela")
    found = beside if beside.exists() else shutil.which("vela")
    if found is None:
        raise EnvironmentFault(
            Finding(
                "E501",
                "Vela is not installed",
                where="compare-peers",
                have="no program called vela",
                need="ethos-u-vela 5.2",
                help="pip install 'intaglio[peers]', or leave it out with --peers scale-sim",
            )
        )
    return Path(found)


def _table(path: Path, output: str) -> list[dict[str, str]]:
    if not path.is_file():
        raise ToolError(
            Finding(
                "E601",
                "Vela wrote no table of cycles",
                where="vela",
                have="\n".join(output.splitlines()[-10:]),
                need=path.name,
                help="run vela on the model alone to see what it says",
            )
        )
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
