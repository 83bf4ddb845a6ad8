"""The simulated device: bytes as golden gives them, and one clear error for each fault."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from intaglio.bench.device import SimDevice, Waves
from intaglio.bench.library import LOWEST_ADDRESS, MemorySettings
from intaglio.golden.machine import GoldenDevice
from intaglio.spec.commands import LOAD, STORE, Memory, Opcode, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import Device
from intaglio.spec.errors import DeviceError
from intaglio.spec.presets import PRESETS

CONFIG = PRESETS["tiny"]
SIZES = {int(Region.CONSTANTS): 4096, int(Region.TENSORS): 16384}
# The memory of the simulation answers SLVERR here: the second page of the tensors.
BAD_PAGE = (LOWEST_ADDRESS + 4 * 4096, LOWEST_ADDRESS + 5 * 4096)


def _copy(source: int, target: int, *, rows: int = 3, beats: int = 37, wait: int = 1) -> bytes:
    """Return commands that copy rows through the activation buffer, two offsets apart."""
    width = CONFIG.bus_bytes
    place = {"row_beats": beats, "rows": rows, "row_stride": (beats + 5) * width}
    load = {"opcode": Opcode.LOAD, "memory": Memory.ACTS, "region": Region.TENSORS}
    store = {"opcode": Opcode.STORE, "wait_load": wait, "region": Region.TENSORS}
    chip = {"address": 11, "address_stride": beats + 2}
    return LOAD.to_bytes(load | place | chip | {"offset": source}) + STORE.to_bytes(
        store | place | chip | {"offset": target}
    )


def _run(device: Device, commands: bytes, data: np.ndarray) -> np.ndarray:
    device.open(SIZES)
    device.write(Region.TENSORS, 0, data)
    device.run(commands)
    return device.read(Region.TENSORS, 0, SIZES[Region.TENSORS])


@pytest.fixture(scope="module")
def data(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, 4096, dtype=np.uint8)


@pytest.fixture
def device() -> Iterator[SimDevice]:
    made = SimDevice(CONFIG, fault=BAD_PAGE)
    yield made
    made.close()


@pytest.mark.parametrize("stalls", [0.0, 0.3, 0.9])
def test_memory_equals_golden(data: np.ndarray, seed: int, stalls: float) -> None:
    commands = _copy(40, 8000)
    device = SimDevice(CONFIG, MemorySettings(latency=7), stalls=stalls, seed=seed)
    got = _run(device, commands, data)
    device.close()
    np.testing.assert_array_equal(got, _run(GoldenDevice(CONFIG), commands, data))
    assert (got[8000 : 8000 + 37 * 4] == data[40 : 40 + 37 * 4]).all()


def test_counters_count_what_moved(device: SimDevice) -> None:
    device.open(SIZES)
    stats = device.run(_copy(0, 8192))
    beats = 3 * 37
    assert stats.counters["COMMANDS"] == 2
    assert stats.counters["READ_BEATS"] == beats + 2 * 128 // CONFIG.bus_bytes
    assert stats.counters["WRITE_BEATS"] == beats
    assert stats.cycles is not None
    assert stats.cycles > 2 * beats


def _fault(device: SimDevice, commands: bytes) -> DeviceError:
    device.open(SIZES)
    with pytest.raises(DeviceError) as caught:
        device.run(commands)
    return caught.value


@pytest.mark.parametrize(
    ("source", "target", "text"),
    [
        (4096, 12288, "READ_SLAVE at bus address 0x00005000 (region 1, offset 4096)"),
        (0, 4096, "WRITE_SLAVE at bus address 0x00005000 (region 1, offset 4096)"),
        (1 << 24, 0, "READ_DECODE at bus address 0x01004000"),
        (0, 1 << 24, "WRITE_DECODE at bus address 0x01004000"),
    ],
)
def test_bus_errors_are_named_and_the_next_run_is_good(
    device: SimDevice, data: np.ndarray, source: int, target: int, text: str
) -> None:
    error = _fault(device, _copy(source, target))
    assert f"the device reported {text}" in str(error)
    assert error.findings[0].code == "E701"
    good = _copy(0, 12288)
    np.testing.assert_array_equal(_run(device, good, data), _run(GoldenDevice(CONFIG), good, data))


def test_an_illegal_command_is_named_by_its_index(device: SimDevice) -> None:
    error = _fault(device, _copy(0, 8192) + bytes(128))
    assert "the device reported ILLEGAL_COMMAND at command 2" in str(error)


def test_a_program_that_waits_for_itself_is_ended(device: SimDevice) -> None:
    error = _fault(device, _copy(0, 8192, wait=2))
    assert error.findings[0].code == "E702"
    assert "COMMANDS 1" in error.findings[0].have


def test_another_configuration_is_refused() -> None:
    from intaglio.bench.source import accelerator_verilog

    other: ArrayConfig = dataclasses.replace(CONFIG, outstanding=3)
    with pytest.raises(DeviceError, match="not the accelerator of this configuration"):
        SimDevice(other, verilog=accelerator_verilog(CONFIG))


def test_bytes_outside_a_region_are_refused(device: SimDevice, data: np.ndarray) -> None:
    device.open(SIZES)
    with pytest.raises(DeviceError, match="outside region 0"):
        device.write(Region.CONSTANTS, 4000, data)
    with pytest.raises(DeviceError, match="outside region 3"):
        device.read(3, 0, 1)


def test_waves_and_progress(tmp_path, data: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    lines: list[str] = []
    path = tmp_path / "waves.vcd"
    device = SimDevice(CONFIG, waves=Waves(path, 10, 50), progress=lines.append)
    _run(device, _copy(0, 8192), data)
    device.close()
    assert "intaglio_top" in path.read_text()
    assert all("tiny" in line or "cycles" in line for line in lines)
