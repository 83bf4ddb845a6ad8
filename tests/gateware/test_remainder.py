"""Divisibility by constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

from intaglio.gateware.remainder import divides


@pytest.mark.parametrize("divisor", [*range(1, 11), 12, 36])
def test_it_equals_the_remainder(divisor: int, rng: np.random.Generator) -> None:
    value, out = Signal(20), Signal()
    m = Module()
    m.d.comb += out.eq(divides(divisor, value))
    chance = rng.integers(0, 1 << 20, 200).tolist()
    near = [divisor * n + d for n in chance for d in (-1, 0, 1) if divisor * n < 1 << 20]
    values = [*range(300), *range((1 << 20) - 100, 1 << 20), *chance, *near]

    async def drive(ctx: Any) -> None:
        for number in values:
            if 0 <= number < 1 << 20:
                ctx.set(value, number)
                assert ctx.get(out) == (number % divisor == 0), number

    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
