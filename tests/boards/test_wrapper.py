from __future__ import annotations

import re

import pytest

from intaglio.boards.port_use import idle_bits
from intaglio.boards.wrapper import TOP, ports_of, scan_wrapper, without_core

PORTS = {"clk": ("input", 1), "a": ("input", 3), "rst": ("input", 1), "o": ("output", 21)}


def test_every_input_hangs_on_its_own_bits_and_every_output_is_seen() -> None:
    text = scan_wrapper("core", PORTS)
    assert "reg [3:0] scan;" in text
    assert ".a(scan[2:0])" in text
    assert ".rst(scan[3:3])" in text
    assert ".o(seen[20:0])" in text
    assert ".clk(clk)" in text


def test_parities_of_four_lead_to_one_bit_that_is_kept() -> None:
    text = scan_wrapper("core", PORTS)
    sizes = [int(high) + 1 for high in re.findall(r"reg \[(\d+):0\] stage_\d", text)]
    assert sizes == [21, 6, 2, 1]
    assert "(* keep *) reg [0:0] stage_3;" in text
    taken = re.findall(r"\^stage_0\[(\d+):(\d+)\]", text)
    bits = [bit for high, low in taken for bit in range(int(low), int(high) + 1)]
    assert sorted(bits) == list(range(21))
    assert "scan <= {scan, ~stage_3[0]};" in text


def test_bits_without_effect_have_no_register() -> None:
    idle = {"a": {1}, "o": {0, 20}}
    text = scan_wrapper("core", PORTS, idle=idle)
    assert "reg [2:0] scan;" in text
    assert ".a({scan[1], 1'b0, scan[0]})" in text
    assert ".rst(scan[2:2])" in text
    assert "wire [18:0] seen;" in text
    assert ".o({unseen[1], seen[18], " in text
    assert "seen[0], unseen[0]})" in text


def test_idle_bits_are_unread_inputs_and_constant_or_repeated_outputs() -> None:
    module = {
        "ports": {
            "a": {"direction": "input", "bits": [2, 3, 4]},
            "o": {"direction": "output", "bits": [5, "0", 4]},
            "p": {"direction": "output", "bits": [5, 6]},
        },
        "cells": {
            "x": {
                "port_directions": {"I": "input", "O": "output"},
                "connections": {"I": [2], "O": [5]},
            },
            "y": {"port_directions": {"O": "output"}, "connections": {"O": [6]}},
        },
    }
    assert idle_bits(module) == {"a": {1}, "o": {1}, "p": {0}}


def test_the_clock_is_the_only_pin() -> None:
    text = without_core(scan_wrapper("core", PORTS))
    assert text.startswith(f"module {TOP}(input clk);")
    assert "blackbox" not in text


def test_logic_without_a_clock_can_be_wrapped() -> None:
    text = scan_wrapper("core", {"a": ("input", 1), "o": ("output", 1)})
    assert ".clk(" not in text


def test_ports_are_read_from_verilog(core: tuple[str, str]) -> None:
    ports = ports_of(*core)
    assert ports["clk"] == ("input", 1)
    assert ports["o__valid"] == ("output", 1)
    assert {way for way, _ in ports.values()} == {"input", "output"}
    declared = re.findall(r"^  (?:input|output) ", core[0].split("endmodule")[-2], re.MULTILINE)
    assert len(ports) == len(declared)


def test_a_module_that_is_not_there_is_named(core: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="no module absent"):
        ports_of(core[0], "absent")
