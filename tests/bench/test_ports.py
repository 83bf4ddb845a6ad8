from __future__ import annotations

from dataclasses import replace

import pytest

from intaglio.bench.ports import marked_layers, read_counters, read_marks, start
from intaglio.spec.commands import COMPUTE, LOAD, Opcode
from intaglio.spec.errors import DeviceError
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import BY_NAME, COUNTERS, TRACE_BASE


class Recorder:
    """A control port that answers each register with its address."""

    def __init__(self) -> None:
        self.written: list[tuple[int, int]] = []

    def write_register(self, address: int, value: int) -> int:
        self.written.append((address, value))
        return 0

    def read_register(self, address: int) -> int:
        return address


def _commands() -> bytes:
    load = LOAD.to_bytes({"opcode": Opcode.LOAD, "mark": 1, "layer": 9, "row_beats": 1, "rows": 1})
    computes = [
        COMPUTE.to_bytes({"opcode": Opcode.COMPUTE, "mark": mark, "layer": layer})
        for mark, layer in ((1, 5), (0, 6), (1, 255), (1, 5))
    ]
    return load + b"".join(computes)


def test_only_compute_commands_with_a_mark_write_the_trace() -> None:
    assert marked_layers(_commands()) == [5, 255]
    assert read_marks(Recorder(), _commands(), PRESETS["tiny"]) == {
        5: TRACE_BASE + 20,
        255: TRACE_BASE + 1020,
    }


def test_start_writes_the_program_before_it_starts() -> None:
    port = Recorder()
    start(port, 0x4000, 7)
    names = {register.address: name for name, register in BY_NAME.items()}
    written = {names[address]: value for address, value in port.written}
    assert written["PROGRAM_ADDRESS"] == 0x4000
    assert written["PROGRAM_COUNT"] == 7
    assert names[port.written[-1][0]] == "CONTROL"


def test_every_counter_is_read() -> None:
    found = read_counters(Recorder(), PRESETS["tiny"])
    assert list(found) == [name for name, _ in COUNTERS]


def test_absent_counters_are_not_read() -> None:
    bare = replace(PRESETS["tiny"], name="bare", counters=False)
    assert list(read_counters(Recorder(), bare)) == ["COMMANDS"]
    with pytest.raises(DeviceError) as caught:
        read_marks(Recorder(), _commands(), bare)
    assert caught.value.findings[0].code == "E704"
    assert "bare has none" in caught.value.findings[0].message
