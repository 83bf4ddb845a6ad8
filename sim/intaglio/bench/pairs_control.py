"""Rows of the parts that run a program: dispatch, life, counters, trace, queue."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures_control import DispatchFixture
from intaglio.bench.fixtures_stepped import stepped_row
from intaglio.bench.row import Row, Values
from intaglio.gateware.causes import TOLD_BY, Causes
from intaglio.gateware.counters import NAMES, Counters
from intaglio.gateware.life import SOURCES, Life
from intaglio.gateware.queue import Queue
from intaglio.gateware.trace import Trace
from intaglio.spec.commands import ADDRESS, COUNT, RECORDS, Opcode
from intaglio.spec.registers import CAUSES, TRACE_ENTRIES, Fault

COMMANDS = 60
TRACE_SKIP = 2  # nothing was marked before the first step
Random = np.random.Generator


def _dispatch_inputs(rng: Random) -> Values:
    """Return commands, each waiting for any counts of earlier ones, in half of cases for all."""
    inputs: dict[str, list[Any]] = {op.name.lower(): [] for op in Opcode}
    for n in range(COMMANDS):
        opcode = Opcode(int(rng.integers(1, 1 + len(Opcode))))
        fields = {"opcode": int(opcode), "layer": n}
        for name, before in inputs.items():
            least = len(before) if rng.random() < 0.5 else 0
            fields[f"wait_{name}"] = int(rng.integers(least, len(before), endpoint=True))
        inputs[opcode.name.lower()].append(RECORDS[opcode].pack(fields))
    finish = {f"{name}_finish": [0] * len(commands) for name, commands in inputs.items()}
    return {**inputs, **finish}


def _dispatch_golden(inputs: Values) -> Values:
    """Return the commands of each engine in order; each started when its waits were met."""
    return {
        f"{op.name.lower()}_started": [
            {"met": 1, "command": command} for command in inputs[op.name.lower()]
        ]
        for op in Opcode
    }


def _life_inputs(rng: Random) -> Values:
    steps = []
    for n in range(600):
        chance = 0.5 if n % 10 == 0 else 0.02  # now and then several at once
        faults = {
            source: {
                "valid": int(rng.random() < chance),
                "code": int(rng.integers(1, len(Fault))),
                "address": int(rng.integers(ADDRESS.max)),
                "command": int(rng.integers(COUNT.max)),
            }
            for source in SOURCES
        }
        flags = {
            name: int(rng.random() < often)
            for name, often in (("start", 0.3), ("abort", 0.05), ("active", 0.6))
        }
        counts = {"count": int(rng.integers(4)), "total": int(rng.integers(4))}
        steps.append({**flags, **counts, "faults": faults})
    return {"i": steps}


def _life_golden(inputs: Values) -> Values:
    """Follow the life of a program step by step."""
    state, done, error = "idle", 0, 0
    fault: dict[str, int] = {}
    out = []
    for step in inputs["i"]:
        told = [step["faults"][source] for source in SOURCES if step["faults"][source]["valid"]]
        runs = state == "run" and not told and not step["abort"]
        begin = int(state == "idle" and step["start"])
        ends = int(runs and step["total"] == step["count"])
        rests = int(state == "stop" and not step["active"])
        out.append(
            {
                **{"begin": begin, "stop": int(state == "stop"), "busy": int(state != "idle")},
                **{"done": done, "error": error, "fault": dict(fault)},
                **{"raise_done": ends, "raise_error": rests},
            }
        )
        if begin:
            state, done, error, fault = "run", 0, 0, {}
        elif ends:
            state, done = "idle", 1
        elif rests:
            state, error = "idle", 1
        elif state == "run" and told:
            state, fault = "stop", told[0]
        elif state == "run" and step["abort"]:
            state, fault = "stop", {"code": int(Fault.ABORTED)}
    return {"o": out}


def _counter_inputs(rng: Random) -> Values:
    names = [name.lower() for name in NAMES]
    return {
        "i": [
            {
                "events": {name: int(rng.integers(2)) for name in names},
                "enable": int(rng.random() < 0.8),
                "clear": int(rng.random() < 0.02),
            }
            for _ in range(400)
        ]
    }


def _counter_golden(inputs: Values) -> Values:
    counts = dict.fromkeys((name.lower() for name in NAMES), 0)
    out = []
    for step in inputs["i"]:
        out.append({"counts": dict(counts)})
        for name in counts:
            if step["clear"]:
                counts[name] = 0
            elif step["enable"]:
                counts[name] += step["events"][name]
    return {"o": out}


def _cause_inputs(rng: Random) -> Values:
    """Return every combination of conditions, in random order."""
    return {"i": [{"i": int(bits)} for bits in rng.permutation(1 << len(TOLD_BY))]}


def _cause_golden(inputs: Values) -> Values:
    """Take the first condition that holds; nothing was to be done before the first step."""
    names = [name.lower() for name, _ in CAUSES]
    out = ["idle_cycles"]
    for step in inputs["i"]:
        holds = [step["i"] >> n & 1 for n in range(len(TOLD_BY))]
        out.append(names[[*holds, 1].index(1)])
    return {"o": [{"o": {name: 1}} for name in out[:-1]]}


def _trace_inputs(rng: Random) -> Values:
    """Return marks of every entry, then marks and reads of other entries."""
    steps = []
    for n in range(TRACE_ENTRIES + 400):
        layer = n if n < TRACE_ENTRIES else int(rng.integers(TRACE_ENTRIES))
        entry = int(rng.integers(max(min(n, TRACE_ENTRIES), 1)))
        mark = int(n < TRACE_ENTRIES or (rng.random() < 0.5 and entry != layer))
        cycles = int(rng.integers(1 << 32))
        steps.append({"mark": mark, "layer": layer, "cycles": cycles, "entry": entry})
    return {"i": steps}


def _trace_golden(inputs: Values) -> Values:
    """Index an array; the value comes one step after its entry."""
    entries: dict[int, int] = {}
    out = []
    asked = 0
    for n, step in enumerate(inputs["i"]):
        if n >= TRACE_SKIP:
            out.append({"value": asked})
        asked = entries.get(step["entry"], 0)
        if step["mark"]:
            entries[step["layer"]] = step["cycles"]
    return {"o": out}


def _queue_inputs(rng: Random) -> Values:
    return {"i": rng.integers(0, 1 << 12, 300).tolist()}


def _queue_golden(inputs: Values) -> Values:
    return {"o": list(inputs["i"])}


ROWS = (
    Row(
        name="dispatch",
        build=DispatchFixture,
        inputs=_dispatch_inputs,
        golden=_dispatch_golden,
        latency=None,
    ),
    stepped_row("life", Life, _life_inputs, _life_golden),
    stepped_row("counters", Counters, _counter_inputs, _counter_golden),
    stepped_row("causes", Causes, _cause_inputs, _cause_golden),
    stepped_row("trace", Trace, _trace_inputs, _trace_golden, skip=TRACE_SKIP),
    *(
        Row(
            name=f"queue-{kind}",
            build=partial(Queue, 12, depth, block_ram=kind == "block-ram"),
            inputs=_queue_inputs,
            golden=_queue_golden,
            latency=None,
        )
        for kind, depth in (("registers", 5), ("single", 1), ("block-ram", 16))
    ),
)
