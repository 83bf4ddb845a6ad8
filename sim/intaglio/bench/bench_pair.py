"""The one cocotb bench: streams in, streams out, under random stalls, against what was expected.

It reads a job (``INTAGLIO_JOB``) that :mod:`intaglio.bench.run` wrote and knows nothing of the
component; what it found goes to ``INTAGLIO_RESULT``.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge

SHOWN = 8  # mismatches reported of a run
TAIL_CYCLES = 64  # after the last expected payload, to see that nothing more comes


class Source:
    """Offers payloads; an offer stays until it is taken."""

    def __init__(self, dut: Any, name: str, values: list[int]) -> None:
        self.name, self.values, self.count, self.total = name, values, 0, len(values)
        self.payload = getattr(dut, f"{name}__payload", None)  # a payload of no bits has no port
        self.valid = getattr(dut, f"{name}__valid")
        self.ready = getattr(dut, f"{name}__ready", None)
        self.offering = False
        self.valid.value = 0

    def drive(self, go: bool) -> None:
        """Offer the next payload if nothing is on offer and `go`."""
        if self.offering or not go or self.count == self.total:
            return
        self.offering = True
        self.valid.value = 1
        if self.payload is not None:
            self.payload.value = self.values[self.count]

    def sample(self) -> bool:
        """Return whether the offer is taken in this cycle."""
        return self.offering and (self.ready is None or bool(self.ready.value))

    def took(self) -> None:
        """Withdraw the offer that was taken."""
        self.count += 1
        self.offering = False
        self.valid.value = 0

    @property
    def done(self) -> bool:
        """Tell whether every payload was taken."""
        return self.count == self.total


class Sink:
    """Takes payloads, compares them, and watches that an offer stays still until taken."""

    def __init__(self, dut: Any, name: str, expected: list[int]) -> None:
        self.name, self.expected, self.total = name, expected, len(expected)
        self.payload = getattr(dut, f"{name}__payload", None)
        self.valid = getattr(dut, f"{name}__valid", None)
        self.ready = getattr(dut, f"{name}__ready", None)
        self.taking, self.count, self.seen = False, 0, False
        self.waiting: int | None = None
        self.faults: list[dict[str, Any]] = []
        if self.ready is not None:
            self.ready.value = 0  # the run before may have left it at 1
        self.drive(False)

    def drive(self, take: bool) -> None:
        """Be ready in this cycle if `take`."""
        if self.ready is not None and take != self.taking:
            self.ready.value = int(take)
        self.taking = take or self.ready is None

    def fault(self, what: str, expected: int | None, got: int | None) -> None:
        """Note what is wrong with the payload at hand."""
        self.faults.append(
            {"stream": self.name, "index": self.count, "what": what, "expected": expected}
            | {"got": got}
        )

    def sample(self) -> bool:
        """Return whether a payload was taken in this cycle."""
        valid = self.valid is None or bool(self.valid.value)
        self.seen |= valid
        if not valid:
            if self.waiting is not None:
                self.fault("valid fell before ready", self.waiting, None)
            self.waiting = None
            return False
        value = 0 if self.payload is None else self.payload.value.to_unsigned()
        if self.waiting is not None and value != self.waiting:
            self.fault("the payload changed before it was taken", self.waiting, value)
        self.waiting = None if self.taking else value
        if not self.taking:
            return False
        if self.count >= self.total:
            self.fault("one payload too many", None, value)
        elif value != self.expected[self.count]:
            self.fault("differs", self.expected[self.count], value)
        self.count += 1
        return True

    @property
    def done(self) -> bool:
        """Tell whether every expected payload came."""
        return self.count >= self.total


async def _reset(dut: Any) -> None:
    dut.rst.value = 1
    for _ in range(2):
        await RisingEdge(dut.clk)
    dut.rst.value = 0


async def _run(dut: Any, job: dict[str, Any], stall: float) -> dict[str, Any]:
    """Run the whole stimulus once at one stall probability."""
    chance = random.Random(f"{job['seed']} {stall}")
    sources = [Source(dut, name, values) for name, values in job["inputs"].items()]
    sinks = [Sink(dut, name, values) for name, values in job["expected"].items()]
    parts: list[Source | Sink] = [*sources, *sinks]
    await _reset(dut)
    begun: dict[str, int] = {}
    cycle = quiet = tail = 0
    gap = job["gap_cycles"] if job["first"] else 0
    while tail < TAIL_CYCLES and quiet < job["patience_cycles"]:
        early = [source for source in sources if source.name in job["first"]]
        if all(source.done for source in early) and gap:
            gap -= 1
        for source in sources:
            held_back = source not in early and (gap or not all(s.done for s in early))
            source.drive(not held_back and chance.random() >= stall)
        for sink in sinks:
            sink.drive(chance.random() >= stall)
        await FallingEdge(dut.clk)
        taken = [source for source in sources if source.sample()]
        moved = [sink.sample() for sink in sinks]
        for name in [s.name for s in taken] + [sink.name for sink in sinks if sink.seen]:
            begun.setdefault(name, cycle)
        await RisingEdge(dut.clk)
        for source in taken:
            source.took()
        quiet = 0 if taken or any(moved) or gap else quiet + 1
        cycle += 1
        tail += all(part.done for part in parts)
    faults = [fault for sink in sinks for fault in sink.faults[:SHOWN]]
    for part in parts:
        if not part.done:
            what = f"stuck: {part.count} of {part.total} payloads after {cycle} cycles"
            faults.append({"stream": part.name, "index": part.count, "what": what})
    return {"stall": stall, "cycles": cycle, "begun": begun, "faults": faults}


@cocotb.test()
async def component_equals_golden(dut: Any) -> None:
    """Every stall probability of the job; fails after the last if anything differed."""
    job = json.loads(Path(os.environ["INTAGLIO_JOB"]).read_text())
    for name, value in job["settings"].items():
        getattr(dut, name).value = value
    if hasattr(dut, "clk"):
        Clock(dut.clk, 10, unit="ns").start()
    runs = [await _run(dut, job, stall) for stall in job["stalls"]]
    Path(os.environ["INTAGLIO_RESULT"]).write_text(json.dumps(runs))
    faults = [fault for run in runs for fault in run["faults"]]
    assert not faults, f"{len(faults)} faults, the first: {faults[0]}"
