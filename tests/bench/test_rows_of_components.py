"""No component without a golden row: each is what a row builds, or stands in the gates of one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import intaglio.gateware
from intaglio.bench.fixtures_stepped import Stepped
from intaglio.bench.pairs import PAIRS
from intaglio.bench.row import Row
from intaglio.bench.whole import WholeRow
from intaglio.gateware.component import Component
from intaglio.gateware.emit import component_verilog, emit_verilog
from intaglio.gateware.pipeline import Streamed

WHOLE = "accelerator-tiny-stalls-0.3"
IN_ORDER = "accelerator-in-order-stalls-0.3"
# Components that no row builds bare, and the row whose gates contain them.
WITHIN = {
    "Accelerator": WHOLE,
    "ActBuffer": "gather-tiny",
    "CommandReader": "reader",
    "ComputeEngine": "core-tiny",
    "Control": WHOLE,
    "Core": "core-tiny",
    "Dispatch": "dispatch",
    "Drain": "drain",
    "Fetch": "fetch",
    "Fold": "fold-tiny",
    "Gate": "dispatch",
    "Gather": "gather-tiny",
    "HeldCommand": IN_ORDER,
    "Lane": "mac-int8-depth2",
    "LaneRow": "mac-int8-depth2",
    "LiteSlave": "registers",
    "LoadEngine": "load-engine",
    "LowProduct": "mac-runtime-int4-int8-depth4-generic",
    "MacArray": "array-broadcast-tiny",
    "Narrow": "core-narrow",
    "OutBytes": "drain",
    "Pe": "array-broadcast-tiny",
    "PlainProduct": "product-sum-plain-int8-depth1",
    "PlainRowsProduct": "product-sum-shift8-int4-depth4",
    "PlainShiftProduct": "product-sum-plain-pow2_4a8-depth1",
    "ReadArbiter": "read-arbiter",
    "Registers": "registers",
    "RequantiseLane": "requantise-double",
    "Row": "array-broadcast-tiny",
    "RuntimeLane": "mac-runtime-int4-int8-depth4-generic",
    "ScaleAccumulators": "core-group-scale",
    "ScaleWords": "core-group-scale",
    "Scratchpad": "scratchpad",
    "Sequencer": IN_ORDER,
    "SplitSide": "split-columns8-outputs3-side1",
    "StoreEngine": "store-engine",
    "WindowGenerator": "window-tiny",
    "Writer": "drain",
}
BY_NAME = {row.name: row for row in PAIRS}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[type[Component]]]:
    """Every component that is made meanwhile; one that is not used is no mistake."""
    types: list[type[Component]] = []
    init = Component.__init__

    def note(self: Component, signature: Any = None, **options: Any) -> None:
        init(self, signature, **options)
        self._MustUse__silence = True
        types.append(type(self))

    monkeypatch.setattr(Component, "__init__", note)
    yield types


def _classes() -> dict[str, type[Component]]:
    """Return every component of the gateware by name."""
    found: dict[str, type[Component]] = {}
    for path in sorted(Path(intaglio.gateware.__path__[0]).glob("[!_]*.py")):
        module = import_module(f"intaglio.gateware.{path.stem}")
        for name, value in vars(module).items():
            here = isinstance(value, type) and value.__module__ == module.__name__
            if here and issubclass(value, Component):
                assert name not in found, f"two components are called {name}"
                found[name] = value
    return found


def _bare(row: Row) -> type[Any]:
    """Return the component that a row builds, without what makes streams of its ports."""
    component: Any = row.build()
    if isinstance(component, Stepped):
        return type(component.dut)
    return type(component.parts[0] if type(component) is Streamed else component)


def test_every_component_has_a_row(made: list[type[Component]]) -> None:
    bare = {_bare(row) for row in PAIRS if isinstance(row, Row)} | {Streamed}
    missing = [
        name
        for name, kind in _classes().items()
        if name not in WITHIN and not any(issubclass(built, kind) for built in bare)
    ]
    assert missing == [], "give each a row, or name in WITHIN the row that contains it"


def test_the_list_names_no_more_than_it_must(made: list[type[Component]]) -> None:
    bare = {_bare(row).__name__ for row in PAIRS if isinstance(row, Row)}
    assert set(WITHIN) <= set(_classes())
    assert not set(WITHIN) & bare


@pytest.mark.parametrize("name", sorted(set(WITHIN.values())))
def test_the_row_contains_what_it_stands_for(name: str, made: list[type[Component]]) -> None:
    row = BY_NAME[name]
    if isinstance(row, WholeRow):
        emit_verilog(row.config)
    else:
        component_verilog(row.build(), "dut")
    contained = {kind.__name__ for kind in made if kind.__module__.startswith("intaglio.gateware")}
    assert {part for part, here in WITHIN.items() if here == name} <= contained
