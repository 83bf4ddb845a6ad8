"""The scan wrapper: any core on any part, with the clock as its only pin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from types import MappingProxyType

TOP = "intaglio_scan"
CORE = "core"  # instance of the core within the wrapper
FAN = 4  # wires that one stage of the reduction takes together


def scan_wrapper(
    core: str,
    ports: Mapping[str, tuple[str, int]],
    clock: str = "clk",
    idle: Mapping[str, Set[int]] = MappingProxyType({}),
) -> str:
    """Return Verilog of a wrapper in which every path of the core is register to register.

    One shift register drives every input. Every output is registered, and parities of up to four
    registers at a time, each registered, lead to a single bit, which is shifted in again: so
    nothing of the core is without effect, and no pin but the clock is needed.

    Parameters
    ----------
    core : str
        Module of the core.
    ports : mapping
        Direction (``input`` or ``output``) and bits by name.
    clock : str
        The port that is a clock; absent in a core of pure logic.
    idle : mapping
        Bits of ports that need no register: inputs that nothing reads, which are 0, and outputs
        that say nothing; see :func:`intaglio.boards.port_use.idle_bits`.

    The core itself is declared as a black box: :func:`without_core` takes that away where the
    core's own Verilog stands beside the wrapper.
    """
    used: dict[str, int] = {}
    connections = [f".{_plain(clock)}(clk)"] if clock in ports else []
    for name, (way, bits) in ports.items():
        if name != clock:
            wires = _wires(way, bits, idle.get(name, frozenset()), used)
            connections.append(f".{_plain(name)}({wires})")
    scanned, seen, unseen = (max(used.get(bus, 0), 1) for bus in ("scan", "seen", "unseen"))
    declared = "\n".join(
        f"    {way} [{bits - 1}:0] {_plain(n)};" for n, (way, bits) in ports.items()
    )
    lines = [
        "(* blackbox *)",
        f"module {_plain(core)}({', '.join(map(_plain, ports))});",
        declared,
        "endmodule",
        f"module {TOP}(input clk);",
        f"    reg [{scanned - 1}:0] scan;",
        f"    wire [{seen - 1}:0] seen;",
        *([f"    wire [{unseen - 1}:0] unseen;"] if "unseen" in used else []),
    ]
    stages, width = [], seen
    while True:
        stages.append(width)
        if width == 1:
            break
        width = -(-width // FAN)
    lines += [f"    {_keep(bits)}reg [{bits - 1}:0] stage_{n};" for n, bits in enumerate(stages)]
    last = f"stage_{len(stages) - 1}[0]"
    lines += [
        "    always @(posedge clk) begin",
        f"        scan <= {{scan, ~{last}}};",
        "        stage_0 <= seen;",
    ]
    for number, bits in enumerate(stages[1:], 1):
        for bit in range(bits):
            top = min(FAN * bit + FAN, stages[number - 1]) - 1
            lines.append(
                f"        stage_{number}[{bit}] <= ^stage_{number - 1}[{top}:{FAN * bit}];"
            )
    lines += [
        "    end",
        f"    {_plain(core)} {CORE}({', '.join(connections)});",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _wires(way: str, bits: int, skipped: Set[int], used: dict[str, int]) -> str:
    """Return what a port is connected to: the next wires of its bus, of which `used` are taken."""
    bus = "scan" if way == "input" else "seen"
    if not skipped:
        first = used.get(bus, 0)
        used[bus] = first + bits
        return f"{bus}[{first + bits - 1}:{first}]"
    wires = []
    for bit in range(bits):
        here = bus if bit not in skipped else "unseen"
        if way == "input" and here == "unseen":
            wires.append("1'b0")
            continue
        wires.append(f"{here}[{used.get(here, 0)}]")
        used[here] = used.get(here, 0) + 1
    return "{" + ", ".join(reversed(wires)) + "}"


def _keep(bits: int) -> str:
    """Return the mark of the last bit, without which all of this could be removed."""
    return "(* keep *) " if bits == 1 else ""


def _plain(name: str) -> str:
    """Return `name` as an identifier of Verilog."""
    return name if name.isidentifier() else f"\\{name} "


def without_core(wrapper: str) -> str:
    """Return the wrapper alone, for a file beside the core's."""
    return wrapper[wrapper.index(f"module {TOP}(") :]


def ports_of(verilog: str, top: str) -> dict[str, tuple[str, int]]:
    """Return direction and bits of each port of module `top`, as Yosys writes Verilog."""
    body = re.search(rf"^module {re.escape(top)}\(.*?^endmodule", verilog, re.MULTILINE | re.DOTALL)
    if body is None:
        raise ValueError(f"no module {top}")
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\S+?) *;", body[0], re.MULTILINE)
    return {name.lstrip("\\"): (way, int(high or 0) + 1) for way, high, name in found}
