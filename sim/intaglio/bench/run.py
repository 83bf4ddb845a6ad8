"""Run rows of the bench table and say what came out."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from intaglio.bench import cache
from intaglio.bench.cocotb_run import build_bench, run_bench
from intaglio.bench.pairs import choose
from intaglio.bench.row import BenchError, Port, Row, pack, ports, show
from intaglio.spec.errors import Finding

OUTPUT = Path("build/verify")
TOP = "dut"


@dataclass(frozen=True)
class RowResult:
    """What a row showed.

    Parameters
    ----------
    name, seed
        The row and the seed of its stimulus and stalls.
    payloads : int
        Payloads compared, over all stall probabilities.
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


def verify_rows(
    names: list[str],
    *,
    seed: int = 1,
    waves: bool = False,
    waves_on_fail: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    output: Path = OUTPUT,
) -> list[RowResult]:
    """Run the rows called `names`, or all; a failing row does not end the run.

    Raises
    ------
    UsageError
        E101: a name fits no row.
    EnvironmentFault, ToolError
        A tool is missing or failed.
    """
    results = []
    for row in choose(names):
        progress(row.name)
        results.append(
            run_row(row, seed=seed, waves=waves, waves_on_fail=waves_on_fail, output=output)
        )
    return results


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


def run_row(
    row: Row,
    *,
    seed: int = 1,
    waves: bool = False,
    waves_on_fail: bool = False,
    output: Path = OUTPUT,
) -> RowResult:
    """Run one row; with `waves_on_fail` a failing one is run again with waves."""
    result = _once(row, seed, waves, output)
    if result.faults and waves_on_fail and not waves:
        result = _once(row, seed, True, output)
    return result


def _once(row: Row, seed: int, waves: bool, output: Path) -> RowResult:
    from intaglio.gateware.emit import component_verilog

    began = time.monotonic()
    component = row.build()
    known = ports(component)
    inputs = row.inputs(np.random.default_rng(seed))
    job: dict[str, Any] = {
        "seed": seed,
        "stalls": row.backpressure,
        "first": row.first,
        "gap_cycles": row.gap_cycles,
        "patience_cycles": row.patience_cycles,
        "settings": {name: pack(known[name].shape, v) for name, v in row.settings.items()},
        "inputs": _packed(known, inputs),
        "expected": _packed(known, row.golden(inputs)),
    }
    build = build_bench(component_verilog(component, TOP), TOP, waves=waves)
    work = Path(tempfile.mkdtemp(prefix="intaglio-verify-"))
    try:
        (work / "job.json").write_text(json.dumps(job))
        env = {"INTAGLIO_JOB": str(work / "job.json"), "INTAGLIO_RESULT": str(work / "result.json")}
        ran, failed = run_bench(build, TOP, "intaglio.bench.bench_pair", work, env, waves=waves)
        runs = _runs(work)
        faults = [
            f"stalls {run['stall']}: {_say(known, fault)}"
            for run in runs
            for fault in run["faults"]
        ]
        latency, wrong = _latency(row, component, job, runs)
        faults += wrong
        if not ran or (failed and not faults) or len(runs) != len(row.backpressure):
            faults.append(f"{failed} of {ran} tests failed, see simulation.log")
        compared = sum(map(len, job["expected"].values())) * len(runs)
        if not compared and not faults:
            faults.append("nothing was compared")
        folder = _keep(work, output / f"{row.name}-seed{seed}") if faults or waves else None
    finally:
        cache.remove_tree(work)
    return RowResult(
        name=row.name,
        seed=seed,
        payloads=compared,
        cycles=sum(run["cycles"] for run in runs),
        latency_cycles=latency,
        seconds=time.monotonic() - began,
        faults=tuple(faults),
        folder=folder,
        waves=folder / "dump.vcd" if folder and waves else None,
    )


def _packed(known: Mapping[str, Port], values: Mapping[str, Any]) -> dict[str, list[int]]:
    return {name: [pack(known[name].shape, v) for v in vs] for name, vs in values.items()}


def _runs(work: Path) -> list[dict[str, Any]]:
    path = work / "result.json"
    return list(json.loads(path.read_text())) if path.is_file() else []


def _say(known: Mapping[str, Port], fault: Mapping[str, Any]) -> str:
    """Return a fault of the bench in words, with payloads by their fields."""
    shape = known[fault["stream"]].shape
    text = f"{fault['stream']}[{fault['index']}] {fault['what']}"
    for key in ("expected", "got"):
        if fault.get(key) is not None:
            text += f", {key} {show(shape, fault[key])}"
    return text


def _latency(
    row: Row, component: object, job: Mapping[str, Any], runs: list[dict[str, Any]]
) -> tuple[int | None, list[str]]:
    """Return the latency measured at stall 0, and a fault if it is not ``latency_cycles``."""
    stated = getattr(component, "latency_cycles", None)
    quiet = [run for run in runs if run["stall"] == 0]
    if stated is None or row.latency is None or not quiet:
        return None, []
    ends = row.latency
    if isinstance(ends, str):
        ends = next(iter(job["inputs"])), next(iter(job["expected"]))
    begun = quiet[0]["begun"]
    if not set(ends) <= set(begun):
        return None, [f"latency was not measured: {' or '.join(ends)} never moved"]
    measured = begun[ends[1]] - begun[ends[0]]
    wrong = f"latency is {measured} cycles, latency_cycles says {stated}"
    return measured, [wrong] if measured != stated else []


def _keep(work: Path, folder: Path) -> Path:
    """Move what an error report needs to a folder that stays."""
    cache.remove_tree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(work, folder)
    return folder
