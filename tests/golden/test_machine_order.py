"""Orders of the three engines that the golden machine takes."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.golden.machine import GoldenDevice
from intaglio.golden.machine_order import in_any_order
from intaglio.spec.commands import LOAD, STORE, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import DeviceError


def test_orders_keep_each_engine_and_every_wait() -> None:
    wait = {"wait_load": 0, "wait_compute": 0, "wait_store": 0}
    program = [
        (Opcode.LOAD, wait),
        (Opcode.LOAD, wait),
        (Opcode.COMPUTE, wait | {"wait_load": 2}),
        (Opcode.STORE, wait),
        (Opcode.LOAD, wait | {"wait_store": 1, "wait_compute": 1}),
    ]
    seen = {tuple(in_any_order(program, np.random.default_rng(n))) for n in range(40)}
    assert seen == {(0, 1, 2, 3, 4), (0, 1, 3, 2, 4), (0, 3, 1, 2, 4), (3, 0, 1, 2, 4)}


@pytest.mark.parametrize("order", [None, np.random.default_rng(1)])
def test_a_program_that_waits_for_what_comes_later_is_noticed(
    order: np.random.Generator | None,
) -> None:
    store = {"opcode": int(Opcode.STORE), "row_beats": 1, "rows": 1}
    commands = STORE.to_bytes(store)
    commands += LOAD.to_bytes(
        {"opcode": int(Opcode.LOAD), "row_beats": 1, "rows": 1, "wait_load": 1}
    )
    device = GoldenDevice(ArrayConfig(), order=order)
    device.open({0: 64})
    with pytest.raises(DeviceError, match="E702: no command can start after 0 LOAD, 0 COMPUTE, 1"):
        device.run(commands)
