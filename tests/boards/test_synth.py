"""Synthesis that keeps what the design says, or says that it did not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from intaglio.boards import synth, toolchain
from intaglio.boards.flows import FLOWS, Flow
from intaglio.boards.synth import CONFLICT, synthesise
from intaglio.gateware.drain import Drain
from intaglio.gateware.emit import component_verilog
from intaglio.spec.errors import ToolError
from intaglio.spec.presets import PRESETS
from intaglio.spec.target import Target, load_target

BLOCKS = 4  # of 16 by 16 bits: the product of the requantiser


def _drain() -> str:
    return component_verilog(Drain(PRESETS["icebreaker"]), "drain")


def test_no_product_is_lost_on_ice40(tools: None) -> None:
    found = synthesise(_drain(), "drain", load_target("icebreaker"))
    assert found.cells["SB_MAC16"] == BLOCKS


def test_a_netlist_of_two_drivers_is_refused(tools: None, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = replace(FLOWS["ice40"], core="synth_ice40 -device u -dsp -no-rw-check -top {top}")

    def flow(_: Target) -> Flow:
        return plain

    monkeypatch.setattr(synth, "flow_of", flow)
    with pytest.raises(ToolError) as caught:
        synthesise(_drain(), "drain", load_target("icebreaker"))
    assert CONFLICT in caught.value.findings[0].message


def test_what_the_log_alone_tells_is_told(tools: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(*_: object, cwd: Path, **__: object) -> tuple[int, str]:
        (cwd / synth.FULL_LOG).write_text("1. Executing ABC9.\nERROR: Assert `good' failed\n")
        return 1, ""

    monkeypatch.setattr(synth, "execute", execute)
    with pytest.raises(ToolError, match="yosys failed: ERROR: Assert `good' failed"):
        synthesise("module nothing; endmodule", "nothing", load_target("icebreaker"))


def test_where_yosys_stops_at_an_assertion_it_goes_another_way(
    tools: None, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts: list[str] = []

    def execute(*given: Any, cwd: Path, **more: Any) -> tuple[int, str]:
        scripts.append((cwd / "core.ys").read_text())
        if len(scripts) == 1:
            (cwd / synth.FULL_LOG).write_text("ERROR: Assert `good' failed in rtlil.cc\n")
            return 1, ""
        return toolchain.execute(*given, cwd=cwd, **more)

    monkeypatch.setattr(synth, "execute", execute)
    verilog = """module halves(input clk, input [7:0] a, output reg [7:0] b);
    always @(posedge clk) b <= {a[3:0] + a[7:4], a[7:4] & a[3:0]};
    endmodule
    """
    found = synthesise(verilog, "halves", load_target("ulx3s-85f"))
    assert ["splitnets" in script for script in scripts] == [False, True]
    assert found.cells["TRELLIS_FF"] == 8
    assert found.ports["a"] == ("input", 8)
    assert found.how.endswith(", mapped again after an assertion")
