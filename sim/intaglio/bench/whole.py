"""Rows of whole accelerators: a program between the bus models of ``bench_accelerator``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from intaglio.bench.compile import TOP
from intaglio.bench.programs import Job, small_program
from intaglio.bench.result import Bench, Judgement
from intaglio.bench.source import accelerator_verilog
from intaglio.golden.machine import GoldenDevice
from intaglio.spec.commands import COMMAND_BYTES, Operation, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.registers import Fault, counters_of

MODULE = "intaglio.bench.bench_accelerator"
PAGE = 4096
PATIENCE_US = 2000  # 200 000 cycles


@dataclass(frozen=True)
class WholeRow:
    """A program on a whole accelerator, against the golden device.

    Parameters
    ----------
    name : str
        Unique; a word that `intaglio verify` takes.
    config : ArrayConfig
        The accelerator.
    stalls : float
        Probability, for each AXI channel and cycle, that the channel rests.
    size : (int, int)
        Height and width of the image that the program works on.
    """

    name: str
    config: ArrayConfig
    stalls: float
    size: tuple[int, int] = (6, 7)

    def job(self, seed: int) -> dict[str, Any]:
        """Return what the bench reads, for JSON."""
        program = small_program(self.config, np.random.default_rng(seed), self.size)
        after = program.run(GoldenDevice(self.config))
        bases, at = {}, PAGE
        for region, data in program.before.items():
            bases[region] = at
            at += -(-data.size // PAGE) * PAGE + PAGE
        size = at + PAGE
        results = bases[1] + program.before[1].size - PAGE // 64
        return {
            "seed": seed,
            "stalls": self.stalls,
            "bases": bases,
            "program_at": at,
            "program_count": len(program.commands) // COMMAND_BYTES,
            "counters": list(counters_of(counters=self.config.counters)),
            "mac_cycles": mac_cycles(program, self.config),
            "memory": _image(size, bases, program.before, at, program.commands).hex(),
            "expected": _image(size, bases, after, at, program.commands).hex(),
            "patience_us": PATIENCE_US,
            "abort_after": 300,
            "faults": [
                (at, at + PAGE, Fault.READ_SLAVE.name),
                (bases[0], bases[0] + 64, Fault.READ_SLAVE.name),
                (results, results + 64, Fault.WRITE_SLAVE.name),
            ],
        }


def mac_cycles(program: Job, config: ArrayConfig) -> int:
    """Return the steps that the array takes in a program: what MAC_CYCLES must count."""
    total = 0
    for _, fields in decode(program.commands):
        if fields.get("operation") in (Operation.CONV, Operation.DEPTHWISE) and fields.get("steps"):
            tiles = -(-fields["pixels"] // config.pixels)
            blocks = (fields["in_blocks"] - 1) * fields["steps"] + fields["last_steps"]
            total += tiles * fields["out_blocks"] * fields["kernel_h"] * fields["kernel_w"] * blocks
    return total


def _image(
    size: int, bases: dict[int, int], regions: dict[int, Any], at: int, commands: bytes
) -> bytes:
    """Return a flat memory with the regions and the program in their places."""
    memory = np.zeros(size, np.uint8)
    for region, data in regions.items():
        memory[bases[region] :][: data.size] = data
    memory[at:][: len(commands)] = np.frombuffer(commands, np.uint8)
    return memory.tobytes()


def whole_bench(row: WholeRow, seed: int) -> Bench:
    """Return the simulation of a whole accelerator."""
    job = row.job(seed)

    def judge(counters: dict[str, int] | None) -> Judgement:
        compared = len(job["memory"]) // 2 if counters else 0
        return Judgement(compared, counters["CYCLES"] if counters else 0, None, ())

    return Bench(accelerator_verilog(row.config), TOP, MODULE, job, judge)
