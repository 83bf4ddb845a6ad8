"""Rows of the command side of the bus: fetch, command reader, read arbiter."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures_bus import FetchFixture
from intaglio.bench.fixtures_reader import ArbiterFixture, ReaderFixture
from intaglio.bench.row import Row, Values
from intaglio.bench.transfers import (
    DECODE_ERROR,
    OKAY,
    SLAVE_ERROR,
    beat_at,
    beats_of,
    row_bursts,
)
from intaglio.gateware.axi import LOAD_ID, READER_ID
from intaglio.spec.commands import AT_LEAST_ONE, COMMAND_BYTES, RECORDS, Opcode
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import Fault
from intaglio.spec.widths import kept, narrowed

TINY = PRESETS["tiny"]
BUS = TINY.bus_bytes
PROGRAM_COMMANDS, PROGRAMS = 9, 5
WORDS = 1 << (PROGRAM_COMMANDS * PROGRAMS * COMMAND_BYTES // BUS).bit_length()
CODES = {OKAY: Fault.NONE, SLAVE_ERROR: Fault.READ_SLAVE, DECODE_ERROR: Fault.READ_DECODE}
Random = np.random.Generator


def _fetch_inputs(rng: Random) -> Values:
    """Return starts, one without commands, and beats, some with an error."""
    starts = [
        {"address": int(rng.integers(1 << 20)) * BUS, "count": count} for count in (3, 1, 0, 12, 5)
    ]
    addresses = [address for start in starts for address in _addresses(start)]
    resps = rng.choice(list(CODES), len(addresses), p=[0.98, 0.01, 0.01])
    lasts = [n == b.beats - 1 for s in starts for b in _bursts(s) for n in range(b.beats)]
    beats = [
        {"id": READER_ID, "data": beat_at(TINY, address), "resp": int(resp), "last": int(last)}
        for address, resp, last in zip(addresses, resps, lasts, strict=True)
    ]
    return {"starts": starts, "beats": beats}


def _addresses(start: dict[str, int]) -> list[int]:
    """Return the address of each beat of a program."""
    return [start["address"] + at for at in range(0, start["count"] * COMMAND_BYTES, BUS)]


def _bursts(start: dict[str, int]) -> list[Any]:
    """Return the bursts of a program: each command is a row."""
    shape = COMMAND_BYTES // BUS, start["count"], COMMAND_BYTES
    return row_bursts(TINY, start["address"], *shape)


def _fetch_golden(inputs: Values) -> Values:
    addresses = [address for start in inputs["starts"] for address in _addresses(start)]
    bursts = [burst for start in inputs["starts"] for burst in _bursts(start)]
    return {
        "bursts": [{"id": READER_ID, "addr": b.address, "len": b.beats - 1} for b in bursts],
        "o": [beat_at(TINY, address) for address in addresses],
        "faults": [
            {"code": int(CODES[beat["resp"]]), "address": address}
            for beat, address in zip(inputs["beats"], addresses, strict=True)
            if beat["resp"] != OKAY
        ],
    }


def _command(rng: Random) -> dict[str, int]:
    """Return a legal command with any values in the fields that have no rule."""
    opcode = Opcode(int(rng.integers(1, 1 + len(Opcode))))
    fields = {
        field.name: int(rng.integers(field.format.min, field.format.max, endpoint=True))
        for field in RECORDS[opcode].fields
    }
    whole = {field.name: field.format.max for field in narrowed(RECORDS[opcode], TINY).fields}
    for name in AT_LEAST_ONE[opcode]:
        fields[name] = int(rng.integers(1, whole[name], endpoint=True))
    if opcode is Opcode.LOAD:
        beats = beats_of(TINY, fields["memory"])
        fields["row_beats"] = int(rng.integers(1, whole["row_beats"] // beats)) * beats
    return fields | {"opcode": int(opcode)}


def _spoilt(rng: Random, kind: int) -> dict[str, int]:
    """Return an illegal command: no opcode, a count of 0, part of a word."""
    if kind == 0:
        return _command(rng) | {"opcode": int(rng.choice([0, 4, 15]))}
    if kind == 1:
        fields = _command(rng)
        return fields | {str(rng.choice(AT_LEAST_ONE[Opcode(fields["opcode"])])): 0}
    fields = _command(rng)
    while fields["opcode"] != Opcode.LOAD or beats_of(TINY, fields["memory"]) == 1:
        fields = _command(rng)
    beats = beats_of(TINY, fields["memory"])
    return fields | {"row_beats": fields["row_beats"] + int(rng.integers(1, beats))}


def _bytes(fields: dict[str, int]) -> bytes:
    """Return a command as it stands in memory; one without a record as if it were a LOAD."""
    legal = fields["opcode"] in set(Opcode)
    record = RECORDS[Opcode(fields["opcode"]) if legal else Opcode.LOAD]
    known = {field.name for field in record.fields}
    return record.to_bytes({name: value for name, value in fields.items() if name in known})


def _reader_inputs(rng: Random) -> Values:
    """Return programs one behind the other, all but the first and the last with a fault."""
    image = b""
    starts = []
    for n in range(PROGRAMS):
        commands = [_command(rng) for _ in range(PROGRAM_COMMANDS)]
        if 0 < n < PROGRAMS - 1:
            commands[int(rng.integers(PROGRAM_COMMANDS))] = _spoilt(rng, n - 1)
        starts.append({"address": len(image), "count": PROGRAM_COMMANDS})
        image += b"".join(map(_bytes, commands))
    words = np.frombuffer(image, np.uint8).reshape(-1, BUS)
    fill = [
        {"address": n, "data": int.from_bytes(word.tobytes(), "little")}
        for n, word in enumerate(words)
    ]
    return {"fill": fill, "starts": starts}


def _reader_golden(inputs: Values) -> Values:
    """Read each program from its bytes up to the first illegal command."""
    image = b"".join(word["data"].to_bytes(BUS, "little") for word in inputs["fill"])
    out: dict[str, list[Any]] = {opcode.name.lower(): [] for opcode in Opcode}
    faults = []
    for start in inputs["starts"]:
        for index in range(start["count"]):
            at = start["address"] + index * COMMAND_BYTES
            data = image[at : at + COMMAND_BYTES]
            if not _legal(data):
                faults.append({"code": int(Fault.ILLEGAL_COMMAND), "command": index})
                break
            opcode = Opcode(data[0] & 0xF)
            fields = kept(opcode, RECORDS[opcode].from_bytes(data), TINY)
            out[opcode.name.lower()].append(narrowed(RECORDS[opcode], TINY).pack(fields))
    return {**out, "faults": faults}


def _legal(data: bytes) -> bool:
    """Tell whether the contract allows a command."""
    if data[0] & 0xF not in set(Opcode):
        return False
    opcode = Opcode(data[0] & 0xF)
    fields = RECORDS[opcode].from_bytes(data)
    if any(fields[name] == 0 for name in AT_LEAST_ONE[opcode]):
        return False
    return opcode is not Opcode.LOAD or fields["row_beats"] % beats_of(TINY, fields["memory"]) == 0


def _arbiter_inputs(rng: Random) -> Values:
    inputs: dict[str, Any] = {}
    beats = 0
    for name, number in (("reader_bursts", READER_ID), ("load_bursts", LOAD_ID)):
        lengths = rng.integers(1, 9, 50)
        beats += int(lengths.sum())
        inputs[name] = [
            {"id": number, "addr": int(rng.integers(1 << 24)) * BUS, "len": int(n) - 1}
            for n in lengths
        ]
    return {**inputs, "pick": rng.integers(0, 2, beats).tolist()}


def _arbiter_golden(inputs: Values) -> Values:
    """Answer each master for itself: a beat holds its address."""
    return {
        f"{name}_beats": [
            {
                "id": burst["id"],
                "data": burst["addr"] + n * BUS,
                "last": int(n == burst["len"]),
            }
            for burst in inputs[f"{name}_bursts"]
            for n in range(burst["len"] + 1)
        ]
        for name in ("reader", "load")
    }


ROWS = (
    Row(
        name="fetch",
        build=partial(FetchFixture, TINY),
        inputs=_fetch_inputs,
        golden=_fetch_golden,
        latency=None,
    ),
    Row(
        name="reader",
        build=partial(ReaderFixture, TINY, WORDS),
        inputs=_reader_inputs,
        golden=_reader_golden,
        first=("fill",),
        latency=None,
    ),
    Row(
        name="read-arbiter",
        build=partial(ArbiterFixture, TINY),
        inputs=_arbiter_inputs,
        golden=_arbiter_golden,
        latency=None,
    ),
)
