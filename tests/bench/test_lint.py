from __future__ import annotations

import re

import pytest

from intaglio.bench.lint import WAIVERS, lint, synthesis_faults, waiver_file
from intaglio.bench.source import accelerator_verilog
from intaglio.spec.presets import PRESETS

LATCH = "module top(input a, input b, output reg q); always @* if (a) q = b; endmodule\n"
LOOP = "module top(input a, output q); wire x = ~(a & q); assign q = x; endmodule\n"
GOOD = "module top(input clk, input a, output reg q);\nalways @(posedge clk) q <= a;\nendmodule\n"


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_passes(name: str) -> None:
    assert lint(accelerator_verilog(PRESETS[name])) == []


def test_what_no_waiver_covers_is_shown() -> None:
    assert lint(GOOD, "top") == []
    assert any("LATCH" in line for line in lint(LATCH, "top"))
    assert any("UNOPTFLAT" in line for line in lint(LOOP, "top"))
    narrow = "module top(input [3:0] a, output [1:0] q); assign q = a; endmodule\n"
    assert any("WIDTHTRUNC" in line for line in lint(narrow, "top"))
    assert lint("module top(", "top")


def test_every_waiver_has_its_reason_and_is_needed() -> None:
    text = waiver_file()
    assert all(len(waiver.reason) > 20 for waiver in WAIVERS)
    assert all(f"// {waiver.reason}\n{waiver.line}" in text for waiver in WAIVERS)
    presets = [PRESETS[name] for name in ("default", "bench256")]
    bare = [line for config in presets for line in lint(accelerator_verilog(config), waivers=())]
    for waiver in WAIVERS:
        pattern = re.escape(waiver.match).replace(r"\*", ".*")
        assert any(re.search(f"{waiver.rule}.*{pattern}", line) for line in bare), waiver


@pytest.mark.slow
def test_synthesis_shows_latches_and_loops() -> None:
    assert synthesis_faults(GOOD, "top") == []
    assert any("latch" in line for line in synthesis_faults(LATCH, "top"))
    assert synthesis_faults(LOOP, "top")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny", "default"])
def test_synthesis_infers_no_latch_and_no_loop(name: str) -> None:
    assert synthesis_faults(accelerator_verilog(PRESETS[name])) == []
