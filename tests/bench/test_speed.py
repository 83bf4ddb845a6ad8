from __future__ import annotations

import pytest

from intaglio.bench import speed
from intaglio.bench.compile import BuildOptions, build_library
from intaglio.bench.programs import small_program
from intaglio.spec.presets import PRESETS

TINY = PRESETS["tiny"]


def test_every_way_counts_the_same_work() -> None:
    library = speed.library_speed(TINY, (6, 7), runs=2)
    cocotb = speed.cocotb_speed(TINY, (6, 7))
    assert library.macs == 2 * cocotb.macs == 2 * 21 * 2 * 9 * 2 * TINY.macs
    assert library.cycles_per_second > 3 * cocotb.cycles_per_second
    amaranth = speed.amaranth_speed(TINY, cycles=20)
    assert amaranth.macs == 20 * TINY.macs
    text = speed.table([amaranth, cocotb, library])
    assert "1x" in text.splitlines()[1]
    assert text.count("whole accelerator") == 2


def test_the_program_fits_every_preset(rng) -> None:  # type: ignore[no-untyped-def]
    for config in PRESETS.values():
        assert len(small_program(config, rng).commands) == 7 * 128


def test_bad_names_are_usage_errors() -> None:
    with pytest.raises(SystemExit) as caught:
        speed.main(["--config", "absent"])
    assert caught.value.code == 2


def test_a_profiled_build_is_not_made_without_a_run() -> None:
    """Without one it would be an ordinary build under the name of a profiled one."""
    with pytest.raises(ValueError, match="train"):
        build_library("module intaglio_top; endmodule", options=BuildOptions(profiled=True))
