from __future__ import annotations

from typing import Any

from intaglio.boards.costs import COSTS
from intaglio.boards.hierarchy import tree
from intaglio.boards.names import Scopes, scopes_of

PATHS = ("a", "a.b", "c")
VERILOG = """
module top(clk);
endmodule
module leaf #(parameter W = 1) (
    input clk,
    input [W-1:0] given,
    output q
);
endmodule
module \\top.other (sum);
  input [3:0] sum;
  wire [3:0] sum;
endmodule
"""
SCOPES = Scopes({"a": "top", "a.b": "leaf", "c": "top.other"}, {"leaf": frozenset({"given"})})


def cell(kind: str, drives: list[int], reads: list[int], **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "attributes": more.get("attributes", {}),
        "port_directions": {"Z": "output", "A": "input"},
        "connections": {"Z": drives, "A": reads},
    }


def scope() -> dict[str, Any]:
    return {"type": "$scopeinfo", "attributes": {}, "connections": {}}


def test_a_name_tells_its_instance() -> None:
    assert SCOPES.path_of("a.b.x") == "a.b"
    assert SCOPES.path_of("x") == ""
    assert SCOPES.path_of("$flatten\\a.\\b.$auto$7") == "a.b"
    assert SCOPES.path_of("$abc$12$n3") is None
    assert SCOPES.path_of("a.field.x") == "a"  # a record's field is no instance


def test_an_input_of_an_instance_is_known_by_its_port() -> None:
    assert SCOPES.read_by("a.b.given") == "a.b"
    assert SCOPES.read_by("a.b.given.field[0]") == "a.b"
    assert SCOPES.read_by("a.b.q") is None
    assert SCOPES.read_by("x") is None


def test_instances_and_inputs_are_read_from_netlist_and_verilog() -> None:
    cells = {
        "a": {"type": "$scopeinfo", "attributes": {"module": "top"}},
        "$flatten\\a.\\b": {"type": "$scopeinfo", "attributes": {"module": "leaf"}},
        "x": {"type": "LUT4", "attributes": {}},
    }
    found = scopes_of({"cells": cells}, VERILOG)
    assert found.modules == {"a": "top", "a.b": "leaf"}
    assert found.inputs["leaf"] == {"clk", "given"}
    assert found.inputs["top.other"] == {"sum"}


def test_a_register_belongs_to_what_drives_it_not_to_what_reads_it() -> None:
    module = {
        "cells": {
            **{name: scope() for name in PATHS},
            "c.sum_TRELLIS_FF_Q": cell("TRELLIS_FF", [1], []),
        },
        "netnames": {"c.sum": {"bits": [1]}, "a.b.q": {"bits": [1]}, "wire": {"bits": [1]}},
    }
    module["cells"]["c"]["attributes"]["module"] = "top.other"  # its sum is an input
    module["netnames"]["c.alias"] = {"bits": [1]}
    found = {b.path: b.ff for b in tree(module, COSTS["ecp5"], VERILOG)}
    assert found == {"": 1, "a": 1, "a.b": 1}


def test_cells_are_counted_where_they_belong_and_parents_hold_their_children() -> None:
    module = {
        "cells": {
            "a": scope(),
            "a.b": scope(),
            "c": scope(),
            "a.b.q_TRELLIS_FF_Q": cell("TRELLIS_FF", [1], [2]),
            "c.q_TRELLIS_FF_Q": cell("TRELLIS_FF", [3], [4]),
            "$abc$1": cell("LUT4", [2], [5]),  # named by nothing: feeds a.b
            "$abc$2": cell("LUT4", [5], [6]),  # feeds that one
            "$abc$3": cell("CCU2C", [4], [1]),  # drives a net of c
            "$abc$4": cell("LUT4", [99], [1]),  # feeds nothing
        },
        "netnames": {"c.sum": {"bits": [4]}, "a.b.q": {"bits": [1]}},
    }
    found = {b.path: (b.luteq, b.ff) for b in tree(module, COSTS["ecp5"])}
    assert found == {"": (5, 2), "a": (2, 1), "a.b": (2, 1), "c": (2, 1)}


def test_the_whole_comes_first_and_children_follow_their_parent() -> None:
    module = {
        "cells": {
            **{name: scope() for name in PATHS},
            **{f"{n}.q_X": cell("TRELLIS_FF", [i], []) for i, n in enumerate(PATHS)},
        },
        "netnames": {},
    }
    assert [b.path for b in tree(module, COSTS["ecp5"])] == ["", "a", "a.b", "c"]
