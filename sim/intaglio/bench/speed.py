"""``make bench-sim``: simulated cycles and MACs per CPU second of each way to simulate."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from intaglio.bench.cocotb_run import build_bench, require_cocotb, run_bench
from intaglio.bench.compile import TOP
from intaglio.bench.device import SimDevice
from intaglio.bench.programs import small_program
from intaglio.bench.source import accelerator_verilog
from intaglio.bench.whole import MODULE, WholeRow
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import IntaglioError
from intaglio.spec.presets import PRESETS
from intaglio.tooling import cache

AMARANTH_CYCLES = 300
LIBRARY_RUNS = 20


@dataclass(frozen=True)
class Speed:
    """What a simulator did: cycles, multiply-accumulates, and the CPU seconds that they took."""

    way: str
    cycles: int
    macs: int
    cpu_seconds: float

    @property
    def cycles_per_second(self) -> float:
        """Simulated cycles per CPU second."""
        return self.cycles / self.cpu_seconds

    @property
    def macs_per_second(self) -> float:
        """Simulated multiply-accumulates per CPU second."""
        return self.macs / self.cpu_seconds


def amaranth_speed(config: ArrayConfig, cycles: int = AMARANTH_CYCLES) -> Speed:
    """Time Amaranth's simulator on the bare array: P * K processing elements, all working.

    It cannot look into the modules that the accelerator shares, hence the array alone.
    """
    from amaranth.hdl import Module
    from amaranth.sim import Simulator

    from intaglio.gateware.pe import Pe

    m = Module()
    grid = [Pe(config) for _ in range(config.pixels * config.channels)]
    for number, pe in enumerate(grid):
        m.submodules[f"pe_{number}"] = pe
    chance = np.random.default_rng(1)
    seconds = 0.0

    async def bench(context: object) -> None:
        nonlocal seconds
        for pe in grid:
            context.set(pe.add, 1)  # type: ignore[attr-defined]
        began = time.process_time()
        for _ in range(cycles):
            for pe in grid:
                for port in (pe.act, pe.wgt):
                    value = int(chance.integers(0, 1 << 8 * config.depth))
                    context.set(port, value)  # type: ignore[attr-defined]
            await context.tick()  # type: ignore[attr-defined]
        seconds = time.process_time() - began

    simulator = Simulator(m)
    simulator.add_clock(1e-8)
    simulator.add_testbench(bench)
    simulator.run()
    return Speed("Amaranth's simulator, bare array", cycles, cycles * config.macs, seconds)


def cocotb_speed(config: ArrayConfig, size: tuple[int, int]) -> Speed:
    """Time cocotb on the whole accelerator, with bus models in Python and no stalls."""
    require_cocotb()
    build = build_bench(accelerator_verilog(config), TOP)
    work = Path(tempfile.mkdtemp(prefix="intaglio-speed-"))
    try:
        job, answer = work / "job.json", work / "result.json"
        job.write_text(json.dumps(WholeRow("speed", config, 0.0, size).job(1)))
        env = {"INTAGLIO_JOB": str(job), "INTAGLIO_RESULT": str(answer)}
        env["COCOTB_TEST_FILTER"] = "program_equals_golden"
        run_bench(build, TOP, MODULE, work, env)
        counted = json.loads(answer.read_text())
    finally:
        cache.remove_tree(work)
    macs = counted["MAC_CYCLES"] * config.macs
    return Speed("cocotb, whole accelerator", counted["CYCLES"], macs, counted["cpu_seconds"])


def library_speed(config: ArrayConfig, size: tuple[int, int], runs: int = LIBRARY_RUNS) -> Speed:
    """Time the simulated device on the whole accelerator, with no stalls."""
    program = small_program(config, np.random.default_rng(1), size)
    device = SimDevice(config)
    program.run(device)
    cycles = steps = 0
    began = time.process_time()
    for _ in range(runs):
        stats = device.run(program.commands)
        cycles += stats.counters["CYCLES"]
        steps += stats.counters["MAC_CYCLES"]
    seconds = time.process_time() - began
    device.close()
    return Speed("library, whole accelerator", cycles, steps * config.macs, seconds)


def table(speeds: Sequence[Speed]) -> str:
    """Return the figures with ratios to the first way."""
    lines = [f"{'way':34} {'cycles/s':>12} {'MMAC/s':>9} {'ratio':>7}"]
    for speed in speeds:
        ratio = speed.cycles_per_second / speeds[0].cycles_per_second
        lines.append(
            f"{speed.way:34} {speed.cycles_per_second:12,.0f} "
            f"{speed.macs_per_second / 1e6:9.2f} {ratio:6.0f}x"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table for one preset."""
    parser = argparse.ArgumentParser(prog="speed", description=__doc__)
    parser.add_argument("--config", default="default", choices=sorted(PRESETS))
    options = parser.parse_args(arguments)
    config = PRESETS[options.config]
    # As large an image as the activation buffer holds with its results.
    side = int((config.act_words / 4) ** 0.5) // 2 * 2
    size = (side, side)
    try:
        speeds = [
            amaranth_speed(config),
            cocotb_speed(config, size),
            library_speed(config, size),
        ]
    except IntaglioError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    print(f"configuration {config.name}: {config.macs} INT8 MACs, per CPU second of this machine")
    print(table(speeds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
