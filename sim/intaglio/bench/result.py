"""What a row of the bench table showed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intaglio.spec.errors import Finding, ToolError


class BenchError(ToolError):
    """A component does not do what its golden row says (E602)."""

    exit_code = 1  # checked and not good


@dataclass(frozen=True)
class Judgement:
    """What a simulation showed: payloads compared, cycles, latency measured, what was wrong."""

    payloads: int
    cycles: int
    latency_cycles: int | None
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """A simulation to run.

    Parameters
    ----------
    verilog, top : str
        The gates.
    module : str
        Python module with the cocotb tests.
    job : mapping
        What the tests read, for JSON.
    judge : callable
        From what the tests wrote (None: nothing) to a :class:`Judgement`.
    """

    verilog: str
    top: str
    module: str
    job: Mapping[str, Any]
    judge: Callable[[Any], Judgement]


@dataclass(frozen=True)
class RowResult:
    """What a row showed.

    Parameters
    ----------
    name, seed
        The row and the seed of its stimulus and stalls.
    payloads : int
        Payloads compared, over all stall probabilities; bytes of memory for whole accelerators.
    cycles : int
        Clock cycles simulated.
    latency_cycles : int or None
        Measured; None where the row measures none.
    seconds : float
        Wall time, building included.
    faults : tuple of str
        What was wrong; empty if nothing.
    folder, waves : Path or None
        Log and results, and the VCD file, where they were kept.
    """

    name: str
    seed: int
    payloads: int
    cycles: int
    latency_cycles: int | None
    seconds: float
    faults: tuple[str, ...]
    folder: Path | None = None
    waves: Path | None = None

    @property
    def ok(self) -> bool:
        """Tell whether nothing was wrong."""
        return not self.faults


def require(results: Iterable[RowResult]) -> None:
    """Raise :class:`BenchError` (E602) with every fault of every failing row, if there is one."""
    findings = [
        Finding(
            "E602",
            f"{result.name}, seed {result.seed}: {fault}",
            where=str(result.waves or result.folder or ""),
            have=fault,
            need="the golden model's output",
            help=f"intaglio verify {result.name} --seed {result.seed} --waves",
        )
        for result in results
        for fault in result.faults
    ]
    if findings:
        raise BenchError(findings)
