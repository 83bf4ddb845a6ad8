"""Units that state a rate keep it when nobody stalls them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.bench.pairs_unpack import unpack_row
from intaglio.bench.vectors import sweep

REST = 80  # reset, latency, and the cycles in which nothing more may come


@pytest.mark.parametrize(
    ("bits", "lanes", "beat", "codes"), [(3, 8, 4, 45), (8, 8, 8, 72), (7, 16, 2, 19)]
)
def test_the_unpacker_keeps_one_payload_or_one_beat_a_cycle(
    bits: int, lanes: int, beat: int, codes: int
) -> None:
    row = replace(unpack_row(bits, lanes, beat, codes, tiles=240), backpressure=(0.0,))
    swept = sweep(row, 1)
    beats = len(row.inputs(np.random.default_rng(1))["i"])
    assert swept.cycles <= max(swept.payloads, beats) + REST
