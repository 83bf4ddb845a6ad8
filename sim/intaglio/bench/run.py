"""Run rows of the bench table and say what came out."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from intaglio.bench.cocotb_run import build_bench, run_bench
from intaglio.bench.component import component_bench
from intaglio.bench.pairs import choose
from intaglio.bench.result import RowResult, require
from intaglio.bench.row import Row
from intaglio.bench.whole import WholeRow, whole_bench
from intaglio.tooling import cache

__all__ = ["RowResult", "require", "run_row", "verify_rows"]

OUTPUT = Path("build/verify")


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


def run_row(
    row: Row | WholeRow,
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


def _once(row: Row | WholeRow, seed: int, waves: bool, output: Path) -> RowResult:
    began = time.monotonic()
    bench = whole_bench(row, seed) if isinstance(row, WholeRow) else component_bench(row, seed)
    build = build_bench(bench.verilog, bench.top, waves=waves)
    work = Path(tempfile.mkdtemp(prefix="intaglio-verify-"))
    try:
        job, answer = work / "job.json", work / "result.json"
        job.write_text(json.dumps(bench.job))
        env = {"INTAGLIO_JOB": str(job), "INTAGLIO_RESULT": str(answer)}
        ran, failed = run_bench(build, bench.top, bench.module, work, env, waves=waves)
        judgement = bench.judge(json.loads(answer.read_text()) if answer.is_file() else None)
        faults = list(judgement.faults)
        if not ran or (failed and not faults):
            # The bench itself broke off: what it raised is all that is known.
            faults += _failures(work / "results.xml") or ["no test ran, see simulation.log"]
        if ran and not faults and not judgement.payloads:
            faults.append("nothing was compared")
        folder = _keep(work, output / f"{row.name}-seed{seed}") if faults or waves else None
    finally:
        cache.remove_tree(work)
    return RowResult(
        name=row.name,
        seed=seed,
        payloads=judgement.payloads,
        cycles=judgement.cycles,
        latency_cycles=judgement.latency_cycles,
        seconds=time.monotonic() - began,
        faults=tuple(faults),
        folder=folder,
        waves=folder / "dump.vcd" if folder and waves else None,
    )


def _failures(path: Path) -> list[str]:
    """Return the test and the message of each failure in a results file."""
    if not path.is_file():
        return []
    texts = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        for failure in (*case.findall("failure"), *case.findall("error")):
            text = failure.get("error_msg") or failure.get("message") or failure.text or "failed"
            texts.append(f"{case.get('name')}: {text.strip().splitlines()[0]}")
    return texts


def _keep(work: Path, folder: Path) -> Path:
    """Move what an error report needs to a folder that stays."""
    cache.remove_tree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(work, folder)
    return folder
