"""Build scripts that need the vendor-free tools, or Vivado, and no Intaglio."""

from __future__ import annotations

import json

from intaglio.boards.dense import nothing
from intaglio.boards.flows import Flow, flow_of
from intaglio.boards.route import clock_pin
from intaglio.boards.wrapper import TOP as SCAN
from intaglio.boards.wrapper import ports_of, scan_wrapper, without_core
from intaglio.spec.target import Target

PINS = {"ecp5": "clock.lpf", "ice40": "clock.pcf", "gowin": "clock.cst", "xilinx": "clock.xdc"}


def build_files(verilog: str, top: str, target: Target) -> dict[str, str]:
    """Return the files that build `top` on a board: scan wrapper, clock constraint and script.

    The wrapper has the clock as its only pin; a board's own top takes its place where the design
    talks to the outside.

    Parameters
    ----------
    verilog, top : str
        The core, to be written as ``{top}.v``, and its module.
    target : Target
        The board; one without a part has nothing to build, and no files.
    """
    if target.family not in PINS:
        return {}
    files = {
        f"{SCAN}.v": without_core(scan_wrapper(top, ports_of(verilog, top))),
        PINS[target.family]: clock_pin(target),
    }
    if target.family == "xilinx":
        return files | {"project.tcl": _vivado(top, target)}
    return files | {"build.sh": _shell(top, target)}


def _shell(top: str, target: Target) -> str:
    """Return a script for yosys, nextpnr and the packer, from PATH or from the YoWASP wheels."""
    flow, pins = flow_of(target), PINS[target.family]
    option, _, value = flow.pins.partition(" ")
    chosen = f"{option} {value}={pins}" if value else f"{option} {pins}"
    place = " ".join([*flow.arguments(target), chosen, *flow.loose])
    out, packer, pack = {
        "ecp5": ("--textcfg top.config", "ecppack", "--compress top.config top.bit"),
        "ice40": ("--asc top.asc", "icepack", "top.asc top.bin"),
        "gowin": ("--write routed.json", "gowin_pack", "-d GW2A-18C -o top.fs routed.json"),
    }[target.family]
    spread = _spread(flow, target)
    more = ' "$@"' if spread else ""
    return f"""\
#!/bin/sh
# Builds {top} within its scan wrapper for {target.name} ({target.device}).
# Needed: yosys, {flow.router} and {packer}, or the YoWASP packages with the same programs.
# SEED and FREQ (MHz) may be set; Fmax is in report.json and in the last lines of nextpnr.log.
set -eu
cd "$(dirname "$0")"
tool() {{
    if command -v "$1" >/dev/null 2>&1; then echo "$1"; else echo "yowasp-$1"; fi
}}
{_synthesis(flow, top)}
{spread}$(tool {flow.router}) -q -l nextpnr.log --json top.json {place} \\
    --freq "${{FREQ:-{target.clock_mhz:g}}}" --seed "${{SEED:-1}}" --timing-allow-fail \\
    --report report.json {out}{more}
$(tool {packer}) {pack}
grep "Max frequency" nextpnr.log | tail -n 1
"""


def _synthesis(flow: Flow, top: str) -> str:
    """Return the line that maps the design, and how it goes on where Yosys stops."""
    ways = [flow.board, *([flow.again] if flow.again else [])]
    return " || ".join(
        f'$(tool yosys) -q -p "read_verilog {top}.v {SCAN}.v; {way.format(top=SCAN)}; '
        'write_json top.json"'
        for way in ways
    )


def _spread(flow: Flow, target: Target) -> str:
    """Return the lines that spread a netlist that congests: see :mod:`intaglio.boards.dense`."""
    tiles = flow.dense.tiles.get(target.device) if flow.dense else None
    if flow.dense is None or tiles is None:
        return ""
    sums = " + ".join(f"{weight} * $(count {kind})" for kind, weight in flow.costs.luteq.items())
    cell = json.dumps(nothing("X%d/Y%d/%s")).replace('"', '\\"')
    return f"""\
# A netlist of more than DENSE look-up tables is spread: nothing is put into every second row.
count() {{ grep -c "\\"type\\": \\"$1\\"" top.json || true; }}
luteq=$(({sums}))
set --
if [ "$luteq" -gt "${{DENSE:-{flow.dense.luteq}}}" ]; then
    set -- {" ".join(flow.dense.arguments)}
fi
if [ $# -gt 0 ] && [ "$luteq" -le {tiles.most} ]; then
    awk '{{ print }}
        /^ *"{SCAN}": {{/ {{ inside = 1 }}
        inside && /^ *"cells": {{/ {{
            inside = 0
            rows = split("{" ".join(str(y) for y in tiles.emptied)}", row)
            places = split("{" ".join(tiles.places)}", place)
            for (r = 1; r <= rows; r++)
                for (x = {tiles.columns.start}; x < {tiles.columns.stop}; x++)
                    for (p = 1; p <= places; p++)
                        printf "\\"empty_%d\\": {cell},\\n", n++, x, row[r], place[p]
        }}' top.json > spread.json
    mv spread.json top.json
fi
"""


def _vivado(top: str, target: Target) -> str:
    """Return a script for Vivado's batch mode."""
    part = f"{target.device}{target.package}{target.speed_grade}"
    return f"""\
# Builds {top} within its scan wrapper for {target.name} ({part}).
# Run: vivado -mode batch -source project.tcl
set here [file dirname [file normalize [info script]]]
create_project -force {top} $here/vivado -part {part}
add_files [list $here/{top}.v $here/{SCAN}.v]
add_files -fileset constrs_1 $here/{PINS["xilinx"]}
set_property top {SCAN} [current_fileset]
update_compile_order -fileset sources_1
launch_runs synth_1 -jobs 2
wait_on_run synth_1
launch_runs impl_1 -to_step write_bitstream -jobs 2
wait_on_run impl_1
open_run impl_1
report_utilization -hierarchical -file $here/utilisation.txt
report_timing_summary -file $here/timing.txt
"""
