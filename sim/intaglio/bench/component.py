"""Benches of components: the job of ``bench_pair``, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from intaglio.bench.result import Bench, Judgement
from intaglio.bench.row import Port, Row, pack, ports, show

MODULE = "intaglio.bench.bench_pair"
TOP = "dut"


def component_bench(row: Row, seed: int) -> Bench:
    """Return the simulation of a row's component."""
    from intaglio.gateware.emit import component_verilog

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

    def judge(runs: list[dict[str, Any]] | None) -> Judgement:
        runs = runs or []
        faults = [
            f"stalls {run['stall']}: {_say(known, fault)}"
            for run in runs
            for fault in run["faults"]
        ]
        latency, wrong = _latency(row, component, job, runs)
        compared = sum(map(len, job["expected"].values())) * len(runs)
        cycles = sum(run["cycles"] for run in runs)
        return Judgement(compared, cycles, latency, (*faults, *wrong))

    return Bench(component_verilog(component, TOP), TOP, MODULE, job, judge)


def _packed(known: Mapping[str, Port], values: Mapping[str, Any]) -> dict[str, list[int]]:
    return {name: [pack(known[name].shape, v) for v in vs] for name, vs in values.items()}


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
