"""Units that are no plain integers: all pairs of codes, and a million payloads of each unit."""

from __future__ import annotations

import pytest

from intaglio.bench.pairs_dfp import ROWS as DFP
from intaglio.bench.pairs_split import ROWS as SPLIT
from intaglio.bench.row import Row
from intaglio.bench.sweeps_formats import SWEEPS as INTEGERS
from intaglio.bench.sweeps_minifloat import EXHAUSTIVE
from intaglio.bench.sweeps_minifloat import SWEEPS as FLOATS
from intaglio.bench.vectors import sweep

VECTORS = 1_000_000
LONG = (*FLOATS, *INTEGERS, *SPLIT)
SQUARE = [row for row in EXHAUSTIVE if len(set(row.name.split("-")[2:])) == 1]
MIXED = [row for row in EXHAUSTIVE if row not in SQUARE]


@pytest.mark.parametrize("row", SQUARE, ids=[row.name for row in SQUARE])
def test_every_product_of_two_codes_is_exact(row: Row, seed: int) -> None:
    bits = int(row.name.split("-")[2][2])
    assert sweep(row, 1, seed=seed).payloads == 1 << (2 * bits)


@pytest.mark.slow
@pytest.mark.parametrize("row", MIXED, ids=[row.name for row in MIXED])
def test_every_product_of_fp8_and_fp4_is_exact(row: Row, seed: int) -> None:
    assert sweep(row, 1, seed=seed).payloads == 1 << 12


@pytest.mark.slow
@pytest.mark.parametrize("row", LONG, ids=[row.name for row in LONG])
def test_a_million_payloads_equal_golden(row: Row, seed: int) -> None:
    assert sweep(row, VECTORS, seed=seed).payloads >= VECTORS


def test_chains_of_spills_are_in_the_rows() -> None:
    # A sweep makes each payload a chain of its own; these rows have long ones.
    assert {"dfp-pair-fma-spill", "dfp-pair-fma-spill-chain8"} <= {row.name for row in DFP}
