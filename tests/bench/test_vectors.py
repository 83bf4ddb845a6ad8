"""The fast runner of rows, with the small component that tests the cocotb bench too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import signed
from amaranth.lib import data

from intaglio.bench.columns import Columns, pack_payloads
from intaglio.bench.result import BenchError
from intaglio.bench.row import Row, pack
from intaglio.bench.vectors import sweep

NESTED = data.StructLayout(
    {"a": signed(5), "b": data.ArrayLayout(signed(3), 4), "c": data.ArrayLayout(7, 2)}
)


def test_columns_pack_as_payloads_do(rng: np.random.Generator) -> None:
    columns = Columns(
        a=rng.integers(-16, 16, 50), b=rng.integers(-4, 4, (50, 4)), c=rng.integers(0, 128, (50, 2))
    )
    packed = pack_payloads(NESTED, columns)
    assert np.array_equal(packed, pack_payloads(NESTED, list(columns)))
    assert int.from_bytes(packed[7].tobytes(), "little") == pack(NESTED, columns[7])
    assert pack_payloads(NESTED, columns[5:9]).tolist() == packed[5:9].tolist()


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Columns(a=[1], b=[1, 2])


def test_rows_run_with_stalls_until_enough_is_compared(adder: Callable[..., Row]) -> None:
    swept = sweep(adder(), 500)
    assert swept.payloads >= 500
    assert swept.cycles > swept.payloads


@pytest.mark.parametrize("fault", ["edge", "stuck", "unstable"])
def test_faults_are_found(adder: Callable[..., Row], fault: str) -> None:
    with pytest.raises(BenchError, match="adder, seed") as caught:
        sweep(replace(adder(fault), patience_cycles=200), 500)
    assert caught.value.findings[0].code == "E602"


def test_rows_that_load_first_are_refused(adder: Callable[..., Row]) -> None:
    with pytest.raises(ValueError, match="first"):
        sweep(adder(first=("i",)), 1)
