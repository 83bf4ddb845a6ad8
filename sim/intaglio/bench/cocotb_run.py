"""Build and run a cocotb simulation under Verilator, with the build cached by content."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from intaglio.bench.simulate import VERILATE
from intaglio.bench.tools import toolchain
from intaglio.tooling import cache
from intaglio.tooling.packages import require_packages
from intaglio.tooling.process import run


def build_bench(verilog: str, top: str, *, waves: bool = False) -> Path:
    """Return the folder of a cocotb simulation of module `top`, built unless the cache has it.

    Raises
    ------
    EnvironmentFault
        E501, E502: a tool is missing or too old.
    ToolError
        E601: the build failed.
    """
    require_cocotb()
    tools = toolchain()

    def make(work: Path) -> None:
        source = work / "dut.v"
        source.write_text(verilog)
        job = {"task": "build", "source": str(source), "top": top, "build_dir": str(work)}
        _child(work, job | {"waves": waves})
        for path in work.iterdir():
            if path.name not in (top, "dut.v"):  # precompiled headers are 73 MB each
                path.unlink()

    options = (top, str(waves), *VERILATE, f"cocotb {metadata.version('cocotb')}", sys.version)
    return cache.entry("bench", cache.digest(tools.key, *options, verilog), make)


def run_bench(
    build: Path, top: str, module: str, folder: Path, env: Mapping[str, str], *, waves: bool = False
) -> tuple[int, int]:
    """Run the cocotb tests of `module` in `folder` and return (tests run, tests failed).

    The log is ``simulation.log`` there, the waves ``dump.vcd``.
    """
    from cocotb_tools.check_results import get_results

    job = {"task": "test", "top": top, "module": module, "build_dir": str(build)}
    _child(folder, job | {"test_dir": str(folder), "env": dict(env), "waves": waves}, check=False)
    results = folder / "results.xml"
    return get_results(results) if results.is_file() else (0, 0)


def require_cocotb() -> None:
    """Check that cocotb is installed.

    Raises
    ------
    EnvironmentFault
        E501 if it is not.
    """
    require_packages(("cocotb",), "sim")


def _child(folder: Path, job: Mapping[str, object], *, check: bool = True) -> None:
    path = folder / "job-simulate.json"
    path.write_text(json.dumps(job))
    env = toolchain().environment() | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    env.pop("PYTEST_CURRENT_TEST", None)  # it changes where and how the runner reports
    log = folder / "simulation.log"
    command = (sys.executable, "-P", "-m", "intaglio.bench.simulate", path)
    run(command, cwd=folder, env=env, log=log, check=check)
