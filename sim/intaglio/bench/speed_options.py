"""``make bench-options``: cycles per CPU second of one accelerator, built with several options.

A simulation with threads uses several processors at once: its figure per second of the clock on the
wall stands beside that per CPU second.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from intaglio.bench.compile import CHOSEN, BuildOptions, build_library
from intaglio.bench.device import SimDevice
from intaglio.bench.programs import Job, small_program
from intaglio.bench.source import accelerator_verilog
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, IntaglioError, ToolError
from intaglio.spec.presets import PRESETS

ROUNDS = 3
CPU_SECONDS = 3.0  # of each round
OPTIONS: dict[str, BuildOptions] = {
    "-Os": BuildOptions(("-Os",)),
    "-O1": BuildOptions(("-O1",)),
    "-O2": BuildOptions(("-O2",)),
    "-O3": BuildOptions(("-O3",)),
    "-O2 -march=native": BuildOptions(("-O2", "-march=native")),
    "-O3 -march=native": BuildOptions(("-O3", "-march=native")),
    "-O2, x-assign 0": BuildOptions(("-O2",), x_assign="0"),
    "-O2, x-assign unique": BuildOptions(("-O2",), x_assign="unique"),
    "-O2, 2 threads": BuildOptions(("-O2",), threads=2),
    "-O2, profiled": BuildOptions(("-O2",), profiled=True),
}


@dataclass(frozen=True)
class OptionSpeed:
    """What a build did, the best of several rounds.

    Parameters
    ----------
    build_seconds : float
        Of the clock on the wall; 0: it was there.
    cycles, cpu_seconds, wall_seconds
        Of a round.
    """

    name: str
    build_seconds: float
    cycles: int
    cpu_seconds: float
    wall_seconds: float

    @property
    def per_cpu_second(self) -> float:
        """Simulated cycles per CPU second."""
        return self.cycles / self.cpu_seconds

    @property
    def per_second(self) -> float:
        """Simulated cycles per second."""
        return self.cycles / self.wall_seconds


def option_speed(
    name: str, config: ArrayConfig, verilog: str, options: BuildOptions, seconds: float
) -> OptionSpeed:
    """Build with `options` and time a program that keeps the array busy."""
    began = time.monotonic()
    if options.profiled:
        build_library(verilog, options=options, train=partial(_train, config))
    device = SimDevice(config, verilog=verilog, options=options)
    built = time.monotonic() - began
    program = _program(config)
    try:
        program.run(device)
        rounds = [_round(device, program.commands, seconds) for _ in range(ROUNDS)]
    finally:
        device.close()
    cycles, cpu, wall = max(rounds, key=lambda r: r[0] / r[1])
    return OptionSpeed(name, built, cycles, cpu, wall)


def _program(config: ArrayConfig) -> Job:
    """Return a program that keeps the array busy."""
    side = int((config.act_words / 4) ** 0.5) // 2 * 2
    return small_program(config, np.random.default_rng(1), (side, side))


def _train(config: ArrayConfig, library: Path) -> None:
    """Run the program once in a process of its own, which writes its profile when it ends."""
    process = get_context("spawn").Process(target=_trained, args=(config, library))
    process.start()
    process.join()
    if process.exitcode:
        raise ToolError(
            Finding(
                "E602",
                f"the run that is to be profiled ended with {process.exitcode}",
                where=config.name,
                have=f"exit status {process.exitcode}",
                need="exit status 0",
                help="its message stands above",
            )
        )


def _trained(config: ArrayConfig, library: Path) -> None:
    device = SimDevice(config, library=library)
    _program(config).run(device)
    device.close()


def _round(device: SimDevice, commands: bytes, seconds: float) -> tuple[int, float, float]:
    cycles, cpu, wall = 0, time.process_time(), time.monotonic()
    while time.process_time() - cpu < seconds:
        cycles += device.run(commands).counters["CYCLES"]
    return cycles, time.process_time() - cpu, time.monotonic() - wall


def table(speeds: Sequence[OptionSpeed]) -> str:
    """Return the figures with ratios to the chosen build."""
    chosen = next(s for s in speeds if OPTIONS.get(s.name) == CHOSEN)
    lines = [f"{'options':24} {'cycles/CPU s':>13} {'ratio':>6} {'cycles/s':>10} {'build s':>8}"]
    for speed in speeds:
        ratio = speed.per_cpu_second / chosen.per_cpu_second
        lines.append(
            f"{speed.name:24} {speed.per_cpu_second:13,.0f} {ratio:6.2f} "
            f"{speed.per_second:10,.0f} {speed.build_seconds:8.1f}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table for one preset."""
    parser = argparse.ArgumentParser(prog="speed_options", description=__doc__)
    parser.add_argument("--config", default="default", choices=sorted(PRESETS))
    parser.add_argument("--only", action="append", choices=list(OPTIONS), help="default: all")
    parser.add_argument("--seconds", type=float, default=CPU_SECONDS)
    chosen = parser.parse_args(arguments)
    config = PRESETS[chosen.config]
    names = dict.fromkeys((*(chosen.only or OPTIONS), "-O2"))
    try:
        verilog = accelerator_verilog(config)
        speeds = []
        for name in names:
            print(f"building: {name}", file=sys.stderr)
            speed = option_speed(name, config, verilog, OPTIONS[name], chosen.seconds)
            speeds.append(speed)
    except IntaglioError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    print(f"configuration {config.name}: {config.macs} INT8 MACs, best of {ROUNDS} rounds")
    print(table(speeds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
