from __future__ import annotations

from typing import Any

from intaglio.boards.costs import COSTS
from intaglio.boards.hierarchy import path_of, tree

SCOPES = frozenset({"a", "a.b", "c"})


def cell(kind: str, drives: list[int], reads: list[int], **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "attributes": more.get("attributes", {}),
        "port_directions": {"Z": "output", "A": "input"},
        "connections": {"Z": drives, "A": reads},
    }


def scope(name: str) -> dict[str, Any]:
    return {"type": "$scopeinfo", "attributes": {"hdlname": name}, "connections": {}}


def test_a_name_tells_its_instance() -> None:
    assert path_of("a.b.x", SCOPES) == "a.b"
    assert path_of("x", SCOPES) == ""
    assert path_of("$flatten\\a.\\b.$auto$7", SCOPES) == "a.b"
    assert path_of("$abc$12$n3", SCOPES) is None
    assert path_of("a.field.x", SCOPES) == "a"  # a record's field is no instance


def test_cells_are_counted_where_they_belong_and_parents_hold_their_children() -> None:
    module = {
        "cells": {
            "a": scope("a"),
            "a.b": scope("a b"),
            "c": scope("c"),
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
            **{name: scope(" ".join(name.split("."))) for name in SCOPES},
            **{f"{n}.q_X": cell("TRELLIS_FF", [i], []) for i, n in enumerate(sorted(SCOPES))},
        },
        "netnames": {},
    }
    assert [b.path for b in tree(module, COSTS["ecp5"])] == ["", "a", "a.b", "c"]
