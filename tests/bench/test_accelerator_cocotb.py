"""The bench of whole accelerators must be able to fail; that it passes is tested with the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intaglio.bench.programs import small_program
from intaglio.bench.run import run_row
from intaglio.bench.whole import WholeRow, mac_cycles
from intaglio.spec.presets import PRESETS

CONFIG = PRESETS["tiny"]


@dataclass(frozen=True)
class Changed(WholeRow):
    """A row whose job is changed after it was made."""

    change: tuple[str, Any] = ("", None)

    def job(self, seed: int) -> dict[str, Any]:
        job = super().job(seed)
        key, value = self.change
        return job | {key: value(job[key])}


def _faults(tmp_path: Path, seed: int, key: str, value: Any) -> tuple[str, ...]:
    row = Changed("changed", CONFIG, 0.3, change=(key, value))
    return run_row(row, seed=seed, output=tmp_path).faults


def test_one_wrong_byte_of_memory_is_found(tmp_path: Path, seed: int) -> None:
    def spoil(text: str) -> str:
        data = bytearray.fromhex(text)
        data[0x1010] ^= 1
        return data.hex()

    faults = _faults(tmp_path, seed, "expected", spoil)
    assert any("program_equals_golden" in f and "the first at 0x1010" in f for f in faults), faults


def test_a_wrong_counter_is_found(tmp_path: Path, seed: int) -> None:
    faults = _faults(tmp_path, seed, "mac_cycles", lambda count: count + 1)
    assert any("program_equals_golden" in fault for fault in faults), faults


def test_a_missing_bus_error_is_found(tmp_path: Path, seed: int) -> None:
    faults = _faults(tmp_path, seed, "faults", lambda _: [(0, 1, "READ_SLAVE")])
    assert any("bus_errors" in fault for fault in faults), faults


def test_mac_cycles_are_those_of_the_array(rng: Any) -> None:
    # 42 windows in 21 tiles of 2, 2 output blocks, 9 taps, 2 steps of 2 input channels.
    assert mac_cycles(small_program(CONFIG, rng), CONFIG) == 21 * 2 * 9 * 2
