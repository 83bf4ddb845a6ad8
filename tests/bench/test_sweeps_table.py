"""Every unit has a long run, and runs say what they compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from intaglio.bench.columns import Columns, pack_payloads
from intaglio.bench.row import Row
from intaglio.bench.sweeps import VECTORS, choose, run_sweep, sweeps
from intaglio.bench.sweeps_requantise import CONFIG
from intaglio.bench.sweeps_requantise import SWEEPS as REQUANTISE
from intaglio.bench.vectors import measure
from intaglio.gateware.requantise import scaled_layout
from intaglio.gateware.units import units
from intaglio.spec.errors import UsageError
from intaglio.spec.quant import Rounding


def test_every_unit_has_a_sweep_in_formats_that_it_has() -> None:
    found = {(sweep.unit, sweep.form) for sweep in sweeps()}
    assert set(units()) <= {unit for unit, _ in found}
    for unit, form in found:
        assert unit == "requantise" or form in units()[unit].formats
    names = [sweep.name for sweep in sweeps()]
    assert len(set(names)) == len(names)


def test_every_rounding_mode_has_a_sweep() -> None:
    names = [row.name for row in REQUANTISE]
    for rounding in Rounding:
        mode = rounding.name.lower().replace("_", "-")
        assert {f"requantise-{mode}-int8", f"requantise-{mode}-int16"} <= set(names)


def test_names_choose_units_and_rows() -> None:
    assert {sweep.unit for sweep in choose(["mac"], every=True)} == {
        "mac",
        "mac-packed",
        "mac-runtime",
        "mac-shift",
    }
    assert [sweep.name for sweep in choose(["multiply-int8"])] == ["multiply-int8"]
    assert len(choose([])) < len(choose([], every=True)) == len(sweeps())
    with pytest.raises(UsageError, match="no sweep fits macs"):
        choose(["macs"])


def test_mismatches_are_counted(adder: Callable[..., Row]) -> None:
    swept = measure(adder("edge"), 500)
    assert swept.mismatches > 0
    assert "expected" in swept.fault
    assert measure(adder(), 500).mismatches == 0


def test_structs_in_arrays_pack_like_mappings(rng: np.random.Generator) -> None:
    row = REQUANTISE[0]
    inputs = row.inputs(rng)["i"][:40]
    shape = scaled_layout(CONFIG)
    assert np.array_equal(pack_payloads(shape, inputs), pack_payloads(shape, list(inputs)))
    assert isinstance(inputs, Columns)
    assert inputs[3] == list(inputs)[3]


@pytest.mark.slow
@pytest.mark.parametrize("row", REQUANTISE, ids=[row.name for row in REQUANTISE])
def test_a_million_accumulators_are_requantised_as_golden_does(row: Row) -> None:
    swept = run_sweep(row.name)
    assert swept.vectors >= VECTORS
    assert not swept.fault
