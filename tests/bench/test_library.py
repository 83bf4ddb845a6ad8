"""The library against a stand-in that copies, well or in breach of AXI."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intaglio.bench.compile import build_library, library_is_cached
from intaglio.bench.library import LOWEST_ADDRESS, MemorySettings, Simulation
from intaglio.spec.errors import DeviceError, ToolError, UsageError
from intaglio.spec.registers import BY_NAME, Fault, Status

SOURCE, TARGET, BEATS = LOWEST_ADDRESS + 2048, 32768 + 4000, 1000
SIZE = 65536


def _simulation(stub: str, **settings: object) -> Simulation:
    memory = settings.pop("memory", MemorySettings())
    simulation = Simulation(build_library(stub), beat_bytes=4, memory=memory, **settings)  # type: ignore[arg-type]
    simulation.resize(SIZE)
    return simulation


def _copy(
    simulation: Simulation,
    rng: np.random.Generator,
    *,
    breach: int = 0,
    source: int = SOURCE,
    fails: bool = False,
) -> int:
    """Copy random beats, check them or that it fails, and return the cycles that were counted."""
    data = rng.integers(0, 256, 4 * BEATS, dtype=np.uint8)
    if source == SOURCE:
        simulation.memory[source:][: data.size] = data
    for name, value in (
        ("PROGRAM_ADDRESS", source),
        ("PROGRAM_COUNT", BEATS),
        ("REGION1_BASE", TARGET),
        ("REGION3_BASE", breach),
        ("IRQ_ENABLE", 3),
        ("CONTROL", 1),
    ):
        assert simulation.write_register(BY_NAME[name].address, value) == 0
    simulation.run(1_000_000)
    assert simulation.irq
    status = simulation.read_register(BY_NAME["STATUS"].address)
    assert bool(status & Status.ERROR) == fails
    if not fails:
        np.testing.assert_array_equal(simulation.memory[TARGET:][: data.size], data)
    return simulation.read_register(BY_NAME["COUNT_CYCLES"].address)


@pytest.mark.parametrize("stalls", [0.0, 0.3, 0.9])
def test_beats_arrive_under_stalls(
    stub: str, rng: np.random.Generator, seed: int, stalls: float
) -> None:
    simulation = _simulation(stub, stalls=stalls, seed=seed)
    _copy(simulation, rng)
    simulation.close()


def test_the_same_seed_gives_the_same_cycles(stub: str, rng: np.random.Generator) -> None:
    cycles = []
    for seed in (1, 1, 2):
        simulation = _simulation(stub, stalls=0.5, seed=seed)
        cycles.append(_copy(simulation, rng))
        simulation.close()
    assert cycles[0] == cycles[1] != cycles[2]


def test_latency_and_bandwidth_are_as_stated(stub: str, rng: np.random.Generator) -> None:
    def cycles(**settings: float) -> int:
        simulation = _simulation(stub, memory=MemorySettings(**settings))  # type: ignore[arg-type]
        counted = _copy(simulation, rng)
        simulation.close()
        return counted

    fast = cycles(latency=1, bytes_per_cycle=8)
    bursts = (cycles(latency=11, bytes_per_cycle=8) - fast) / 20  # a read and a write each
    assert BEATS / 16 <= bursts <= BEATS / 16 + 4
    # The stand-in never reads and writes at once, so bytes a cycle bound the sum of both, but for
    # the beats that the memory moves before it has to wait; in each direction one of a burst.
    for rate in (1, 2):
        bound = 2 * BEATS * 4 / rate
        assert bound - 4 <= cycles(latency=1, bytes_per_cycle=rate) <= bound + fast
    assert cycles(latency=1, width=1, bytes_per_cycle=8) >= 2 * BEATS * 4 * 15 // 16


@pytest.mark.parametrize(
    ("breach", "text"),
    [
        (1, "A[RW]: burst crosses a 4 KiB boundary"),
        (2, "W: last is wrong"),
        (3, "AW: payload changed while valid and not ready"),
        (4, "AW: valid fell before ready"),
    ],
)
def test_breaches_of_axi_are_reported(
    stub: str, rng: np.random.Generator, breach: int, text: str
) -> None:
    simulation = _simulation(stub, stalls=0.5, seed=1)
    with pytest.raises(DeviceError, match=f"bus protocol: {text} .address 0x"):
        _copy(simulation, rng, breach=breach)
    simulation.close()


@pytest.mark.parametrize(
    ("source", "fault"),
    [(0, Fault.READ_DECODE), (SIZE, Fault.READ_DECODE), (40960, Fault.READ_SLAVE)],
)
def test_error_responses(stub: str, rng: np.random.Generator, source: int, fault: Fault) -> None:
    simulation = _simulation(stub, fault=(40960, 45056))
    _copy(simulation, rng, source=source, fails=True)
    assert simulation.read_register(BY_NAME["ERROR_CODE"].address) == fault
    _copy(simulation, rng)
    simulation.close()


def test_waves_cover_the_window(stub: str, rng: np.random.Generator, tmp_path: Path) -> None:
    path = tmp_path / "waves.vcd"
    simulation = Simulation(
        build_library(stub, waves=True),
        beat_bytes=4,
        memory=MemorySettings(),
        waves=path,
        window=(100, 200),
    )
    simulation.resize(SIZE)
    _copy(simulation, rng)
    simulation.close()
    text = path.read_text()
    times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert "m_axi_araddr" in text
    assert min(times) == 200
    assert max(times) == 399


def test_bad_memory_settings_are_all_named() -> None:
    with pytest.raises(UsageError) as caught:
        MemorySettings(width=0, latency=0, bytes_per_cycle=-1)
    assert [f.where for f in caught.value.findings] == [
        "memory.width",
        "memory.latency",
        "memory.bytes_per_cycle",
    ]


@pytest.mark.parametrize("stalls", [-0.1, 1.0])
def test_a_stall_probability_outside_its_range_is_refused(stub: str, stalls: float) -> None:
    with pytest.raises(UsageError, match="stalls is"):
        _simulation(stub, stalls=stalls)


def test_a_build_is_cached_and_a_broken_one_is_not(stub: str) -> None:
    build_library(stub)
    assert library_is_cached(stub)
    broken = "module intaglio_top(input clk) endmodule\n"
    for _ in range(2):
        with pytest.raises(ToolError, match="E601: verilator failed"):
            build_library(broken)
    assert not library_is_cached(broken)
