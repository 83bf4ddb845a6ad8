"""Row of the register file: accesses of every kind against the register map."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures_control import (
    ADDRESS_FIRST,
    DATA_FIRST,
    RAISE,
    READ,
    TOGETHER,
    TRACE_FACTOR,
    WRITE,
    RegistersFixture,
)
from intaglio.bench.row import Row, Values
from intaglio.spec.commands import COUNT
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import (
    BY_NAME,
    COUNTERS,
    IDENTITY,
    REGISTERS,
    SPACE_BYTES,
    TRACE_BASE,
    TRACE_ENTRIES,
    VERSION,
    Access,
    Interrupt,
    Status,
)

TINY = PRESETS["tiny"]
OKAY, SLAVE_ERROR = 0, 2
STATUS = {"busy": 1, "done": 0, "error": 1}
FAULT = {"valid": 1, "code": 5, "address": 0x89ABCDEF, "command": 0xABCDEF}
COUNTS = {name.lower(): 0xC0000000 + 0x01010101 * n for n, (name, _) in enumerate(COUNTERS)}
BASES = [f"REGION{n}_BASE" for n in range(4)]
BITS = {"IRQ_ENABLE": 2, "PROGRAM_COUNT": COUNT.bits}  # of those with fewer than 32
NAMES = {register.address: register.name for register in REGISTERS}


def _inputs(rng: np.random.Generator) -> Values:
    """Return accesses to all registers, and to places beside them."""
    known = sorted(NAMES)
    accesses = []
    for n in range(700):
        address = int(rng.choice(known)) if n % 4 else int(rng.integers(SPACE_BYTES))
        if n % 7 == 0:
            address = TRACE_BASE + 4 * int(rng.integers(TRACE_ENTRIES))
        strobes = 15 if n % 3 else int(rng.integers(16))
        accesses.append(
            {
                "kind": int(rng.choice([WRITE, READ, RAISE], p=[0.45, 0.45, 0.1])),
                "halves": int(rng.choice([TOGETHER, ADDRESS_FIRST, DATA_FIRST])),
                "address": address ^ int(rng.integers(4)) * (n % 5 == 0),
                "word": {"data": int(rng.integers(1 << 32)), "strb": strobes},
            }
        )
    return {"i": accesses}


class _Map:
    """The registers of the map, as the contract describes them."""

    def __init__(self) -> None:
        self.values = {
            "IDENTITY": IDENTITY,
            "VERSION": VERSION,
            "DIGEST0": int(TINY.digest[:8], 16),
            "DIGEST1": int(TINY.digest[8:16], 16),
            "STATUS": STATUS["busy"] * Status.BUSY
            | STATUS["done"] * Status.DONE
            | STATUS["error"] * Status.ERROR,
            "ERROR_CODE": FAULT["code"],
            "ERROR_ADDRESS": FAULT["address"],
            "ERROR_COMMAND": FAULT["command"],
            **{f"COUNT_{name}": COUNTS[name.lower()] for name, _ in COUNTERS},
        }
        self.pulses: list[int] = []

    def read(self, address: int) -> dict[str, int]:
        """Return data and response."""
        entry = (address - TRACE_BASE) // 4
        if 0 <= entry < TRACE_ENTRIES:
            return {"data": entry * TRACE_FACTOR, "resp": OKAY}
        name = NAMES.get(address & ~3)
        return {"resp": SLAVE_ERROR} if name is None else {"data": self.values.get(name, 0)}

    def write(self, address: int, word: dict[str, int]) -> dict[str, int]:
        """Return the response."""
        name = NAMES.get(address & ~3)
        if name is None:
            return {"resp": SLAVE_ERROR}
        mask = sum(0xFF << (8 * n) for n in range(4) if word["strb"] >> n & 1)
        written, access = word["data"] & mask, BY_NAME[name].access
        old = self.values.get(name, 0)
        if access is Access.READ_WRITE:
            bits = (1 << BITS.get(name, 32)) - 1
            self.values[name] = (old & ~mask | written) & bits
        elif access is Access.WRITE_ONE_CLEAR:
            self.values[name] = old & ~written
        elif access is Access.PULSE and written & 3:
            self.pulses.append(written & 3)
        return {"resp": OKAY}

    def raised(self, word: dict[str, int]) -> dict[str, int]:
        """Set the bits of IRQ_STATUS that the machine raises."""
        bits = word["data"] & (Interrupt.DONE | Interrupt.ERROR)
        self.values["IRQ_STATUS"] = self.values.get("IRQ_STATUS", 0) | bits
        return {}

    def shown(self) -> dict[str, Any]:
        """Return what the rest of the machine sees."""
        value = self.values.get
        return {
            "irq": int(value("IRQ_ENABLE", 0) & value("IRQ_STATUS", 0) != 0),
            "program_address": value("PROGRAM_ADDRESS", 0),
            "program_count": value("PROGRAM_COUNT", 0),
            "bases": [value(name, 0) for name in BASES],
        }


def _golden(inputs: Values) -> Values:
    """Do the accesses one after the other."""
    registers = _Map()
    out = []
    for access in inputs["i"]:
        answer = {
            READ: lambda a: registers.read(a["address"]),
            WRITE: lambda a: registers.write(a["address"], a["word"]),
            RAISE: lambda a: registers.raised(a["word"]),
        }[access["kind"]](access)
        out.append({**answer, **registers.shown()})
    return {"o": out, "pulses": registers.pulses}


ROWS = (
    Row(
        name="registers",
        build=partial(RegistersFixture, TINY),
        settings={"status": STATUS, "fault": FAULT, "counts": COUNTS},
        inputs=_inputs,
        golden=_golden,
        latency=None,
    ),
)
