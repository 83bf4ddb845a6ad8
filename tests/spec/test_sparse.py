"""Sparse pointwise weights: streams and their cycles."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.spec.errors import ModelError
from intaglio.spec.sparse import cycles, decode, encode


@pytest.mark.parametrize("block", [1, 2, 4])
@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_decoding_undoes_encoding(block: int, share: float, rng: np.random.Generator) -> None:
    weights = rng.integers(-127, 128, (8, 13)) * (rng.random((8, 13)) >= share)
    stream = encode(weights, block)
    assert np.array_equal(decode(stream), weights)
    assert stream.steps.sum() == 0


def test_channels_are_listed_once_a_block() -> None:
    stream = encode([[0, 5, 0], [7, 0, 0]], 2)
    assert stream.counts.tolist() == [2]
    assert stream.values.tolist() == [[0, 7], [5, 0]]
    assert (stream.first, stream.steps.tolist()) == (0, [1, -1])


def test_cycles_are_those_of_the_formula() -> None:
    stream = encode([[1, 0, 1], [0, 0, 0]], 1)
    assert cycles(stream, pixels=17, lanes=8, overhead=2) == 3 * (2 + 2 + 0 + 2)


def test_blocks_that_do_not_fit_are_refused() -> None:
    for block in (3, 2):
        with pytest.raises(ModelError) as caught:
            encode(np.ones((5, 4)), block)
        assert caught.value.findings[0].code == "E305"
