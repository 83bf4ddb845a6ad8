"""Small components with golden rows, so that the bench itself is tested without the accelerator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Mux, Shape, signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.bench.row import Row, Values
from intaglio.gateware.component import Component

PAIR = data.StructLayout({"a": signed(8), "b": signed(8)})
STUB = Path(__file__).with_name("stub_top.v")


class Adder(Component):
    """``o = a + b + offset``; `fault` breaks it in one way."""

    latency_cycles = 1

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        super().__init__(
            {
                "i": In(stream.Signature(PAIR)),
                "offset": In(signed(8)),
                "o": Out(stream.Signature(signed(10))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pair = self.i.payload
        total = pair.a + pair.b + self.offset + (pair.a == 127 if self.fault == "edge" else 0)
        free = ~self.o.valid | self.o.ready
        m.d.comb += self.i.ready.eq(free if self.fault != "stuck" else 0)
        with m.If(self.i.ready):
            m.d.sync += [self.o.payload.eq(total), self.o.valid.eq(self.i.valid)]
        if self.fault == "unstable":
            m.d.sync += self.o.payload.eq(Mux(free, total, self.o.payload + 1))
        return m


def _inputs(rng: np.random.Generator) -> Values:
    edges = [[a, b] for a in (-128, -1, 0, 127) for b in (-128, 0, 127)]
    return {"i": edges + rng.integers(-128, 128, (50, 2)).tolist()}


def _golden(inputs: Values) -> Values:
    return {"o": [a + b - 3 for a, b in inputs["i"]]}


@pytest.fixture(scope="session")
def adder() -> Callable[..., Row]:
    """Make a row of :class:`Adder`, with a fault or with other fields of the row."""
    row = Row("adder", Adder, _inputs, _golden, settings={"offset": -3})

    def make(fault: str = "", **changes: Any) -> Row:
        return replace(row, **{"build": lambda: Adder(fault)} | changes)

    return make


@pytest.fixture(scope="session")
def stub() -> str:
    """Verilog of a stand-in for the accelerator: it copies beats."""
    assert Shape.cast(PAIR).width == 16
    return STUB.read_text()
