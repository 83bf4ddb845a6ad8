"""Child process: build or run one cocotb simulation; ``python -m intaglio.bench.simulate JOB``.

A process of its own, so that the tools' environment stays out of ours and one signal ends it all.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

VERILATE = ("-Wno-fatal", "-Wno-lint", "-Wno-style")  # bench.lint looks at warnings


def main() -> None:
    """Do what the JSON file named on the command line says."""
    from cocotb_tools.runner import get_runner

    job = json.loads(Path(sys.argv[1]).read_text())
    runner = get_runner("verilator")
    if job["task"] == "build":
        runner.build(
            sources=[job["source"]],
            hdl_toplevel=job["top"],
            build_dir=job["build_dir"],
            build_args=list(VERILATE),
            timescale=("1ns", "1ps"),
            waves=job["waves"],
        )
    else:
        runner.test(
            hdl_toplevel=job["top"],
            hdl_toplevel_lang="verilog",
            test_module=job["module"],
            build_dir=job["build_dir"],
            test_dir=job["test_dir"],
            extra_env=job["env"] | _own_libraries(),
            waves=job["waves"],
        )


def _own_libraries() -> dict[str, str]:
    """Return where this environment's cocotb is: what is cached may name one that is gone."""
    from cocotb_tools.config import libs_dir

    others = os.environ.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": os.pathsep.join((str(libs_dir), *([others] if others else ())))}


if __name__ == "__main__":
    main()
