"""The cocotb bench of the whole accelerator, between bus models that others wrote.

It reads a job (``INTAGLIO_JOB``) that :mod:`intaglio.bench.whole` wrote: memory, program, what
memory must hold afterwards. Every channel of both ports pauses at random.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiResp, AxiSlave

from intaglio.bench.ports import start_writes
from intaglio.spec.registers import (
    BY_NAME,
    CAUSES,
    COMPUTE_CAUSES,
    COUNTERS,
    IDENTITY,
    Control,
    Fault,
    Interrupt,
    Status,
)

PERIOD_NS = 10


class ErrorMemory:
    """A flat memory; addresses in [`low`, `high`) answer with an error (SLVERR)."""

    def __init__(self, contents: bytes) -> None:
        self.data = bytearray(contents)
        self.low = self.high = 0

    def _check(self, address: int, size: int) -> None:
        if address + size > len(self.data) or (address < self.high and address + size > self.low):
            raise ValueError(f"address 0x{address:x}")

    async def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes."""
        self._check(address, size)
        return bytes(self.data[address : address + size])

    async def write(self, address: int, data: bytes) -> None:
        """Take `data`."""
        self._check(address, len(data))
        self.data[address : address + len(data)] = data


class Board:
    """The accelerator with its memory and its host."""

    def __init__(self, dut: Any, job: dict[str, Any]) -> None:
        self.dut, self.job = dut, job
        self.memory = ErrorMemory(bytes.fromhex(job["memory"]))
        slave = AxiSlave(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, target=self.memory)
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        for number, port in enumerate((slave, self.host)):
            writing, reading = port.write_if, port.read_if
            channels = (writing.aw_channel, writing.w_channel, writing.b_channel)
            for index, channel in enumerate((*channels, reading.ar_channel, reading.r_channel)):
                channel.log.setLevel("WARNING")
                channel.set_pause_generator(_pauses(job, f"{number} {index}"))
            writing.log.setLevel("WARNING")
            reading.log.setLevel("WARNING")

    async def begin(self) -> None:
        """Reset, look who is there, and set the regions."""
        Clock(self.dut.clk, PERIOD_NS, unit="ns").start()
        self.dut.rst.value = 1
        await ClockCycles(self.dut.clk, 4)
        self.dut.rst.value = 0
        await ClockCycles(self.dut.clk, 2)
        assert await self.read("IDENTITY") == IDENTITY
        for region, base in self.job["bases"].items():
            await self.host.write_dword(BY_NAME[f"REGION{region}_BASE"].address, base)

    async def start(self) -> None:
        """Write the program's place and start it."""
        for address, value in start_writes(self.job["program_at"], self.job["program_count"]):
            await self.host.write_dword(address, value)

    async def finish(self, expected: Status) -> None:
        """Wait for the interrupt, check the status that it stands for, and clear it."""
        if not self.dut.irq.value:
            await with_timeout(RisingEdge(self.dut.irq), self.job["patience_us"], "us")
        assert await self.read("STATUS") == expected
        both = int(Interrupt.DONE | Interrupt.ERROR)
        await self.host.write_dword(BY_NAME["IRQ_STATUS"].address, both)
        await ClockCycles(self.dut.clk, 2)
        assert not self.dut.irq.value, "the interrupt stayed after it was cleared"

    async def read(self, name: str) -> int:
        """Return a register."""
        return int(await self.host.read_dword(BY_NAME[name].address))

    def compare(self) -> None:
        """Compare the memory with what golden left; the program area too."""
        expected = bytes.fromhex(self.job["expected"])
        wrong = [
            i
            for i, pair in enumerate(zip(self.memory.data, expected, strict=True))
            if pair[0] != pair[1]
        ]
        if wrong:
            at = wrong[0]
            got = self.memory.data[at]
            raise AssertionError(
                f"{len(wrong)} bytes of memory differ, the first at 0x{at:x}: "
                f"expected 0x{expected[at]:02x}, got 0x{got:02x}"
            )

    def clear_results(self) -> None:
        """Put the memory back to what it was before the program."""
        self.memory.data[:] = bytes.fromhex(self.job["memory"])


def _pauses(job: dict[str, Any], name: str) -> Iterator[bool]:
    chance = random.Random(f"{job['seed']} {name}")
    while True:
        yield chance.random() < job["stalls"]


def _job() -> dict[str, Any]:
    return dict(json.loads(Path(os.environ["INTAGLIO_JOB"]).read_text()))


@cocotb.test()
async def program_equals_golden(dut: Any) -> None:
    """Twice in a row, since a second start must find nothing of the first."""
    board = Board(dut, _job())
    await board.begin()
    for _ in range(2):
        board.clear_results()
        began, at = time.process_time(), get_sim_time("ns")
        await board.start()
        await board.finish(Status.DONE)
        seconds = time.process_time() - began
        cycles = round((get_sim_time("ns") - at) / PERIOD_NS)
        board.compare()
        counted = await _check_counters(board)
    Path(os.environ["INTAGLIO_RESULT"]).write_text(
        json.dumps({"CYCLES": cycles} | counted | {"cpu_seconds": seconds})
    )


async def _check_counters(board: Board) -> dict[str, int]:
    """Return the counters, each compared with what it must be; absent ones must answer so."""
    here = board.job["counters"]
    for name in {name for name, _ in COUNTERS} - set(here):
        answer = await board.host.read(BY_NAME[f"COUNT_{name}"].address, 4)
        assert answer.resp == AxiResp.SLVERR, f"COUNT_{name} answers {answer}"
    counted = {name: await board.read(f"COUNT_{name}") for name in here}
    assert counted["COMMANDS"] == board.job["program_count"], counted
    if "CYCLES" not in here:
        return counted
    assert counted["MAC_CYCLES"] == board.job["mac_cycles"], counted
    assert counted["CYCLES"] > counted["COMPUTE_CYCLES"] > counted["MAC_CYCLES"], counted
    assert sum(counted[name] for name, _ in CAUSES) == counted["CYCLES"], counted
    compute = sum(counted[name] for name in COMPUTE_CAUSES)
    assert compute == counted["COMPUTE_CYCLES"], counted
    return counted


@cocotb.test()
async def bus_errors_are_reported_and_the_next_run_is_good(dut: Any) -> None:
    """An error in the commands, the constants and the results, each followed by a good run."""
    board = Board(dut, _job())
    await board.begin()
    for low, high, fault in board.job["faults"]:
        board.clear_results()
        board.memory.low, board.memory.high = low, high
        await board.start()
        await board.finish(Status.ERROR)
        assert await board.read("ERROR_CODE") == Fault[fault]
        address = await board.read("ERROR_ADDRESS")
        assert low - 4096 < address < high, f"error address 0x{address:x}"
        board.memory.low = board.memory.high = 0
        board.clear_results()
        await board.start()
        await board.finish(Status.DONE)
        board.compare()


@cocotb.test()
async def abort_ends_a_program(dut: Any) -> None:
    """ABORT in the middle, then a good run."""
    board = Board(dut, _job())
    await board.begin()
    await board.start()
    await ClockCycles(dut.clk, board.job["abort_after"])
    await board.host.write_dword(BY_NAME["CONTROL"].address, int(Control.ABORT))
    await board.finish(Status.ERROR)
    assert await board.read("ERROR_CODE") == Fault.ABORTED
    board.clear_results()
    await board.start()
    await board.finish(Status.DONE)
    board.compare()
