"""A million vectors of every arithmetic unit, at the simulator's own speed."""

from __future__ import annotations

import pytest

from intaglio.bench.pairs_groups import SWEEPS as GROUPS
from intaglio.bench.pairs_mac import SWEEPS as MAC
from intaglio.bench.pairs_products import SWEEPS as PRODUCTS
from intaglio.bench.pairs_shift import SWEEPS as SHIFT_ADD
from intaglio.bench.pairs_unpack import SWEEPS as UNPACK
from intaglio.bench.row import Row
from intaglio.bench.vectors import sweep

SWEEPS = (*GROUPS, *MAC, *PRODUCTS, *SHIFT_ADD, *UNPACK)
VECTORS = 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("row", SWEEPS, ids=[row.name for row in SWEEPS])
def test_a_million_vectors_equal_golden(row: Row, seed: int) -> None:
    assert sweep(row, VECTORS, seed=seed).vectors >= VECTORS
