"""Kernels of several scales."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.spec.long_kernel import multi_scale, scales_of


def test_scales_double_the_length() -> None:
    assert [scales_of(length, 64) for length in (64, 128, 129, 1024)] == [1, 2, 3, 5]


def test_each_scale_is_stretched_and_weighted() -> None:
    found = multi_scale([[1, 2], [1, 2], [1, 2]], "nearest", 2.0)
    expected = np.array([4, 8, 2, 4, 1, 1, 2, 2], float)
    assert np.allclose(found, expected / np.linalg.norm(expected))
    line = multi_scale([[0, 0], [0, 0], [0, 4]], "linear", 2.0)
    assert np.allclose(line[4:] / line[7], [0, 0.25, 0.75, 1])


def test_other_modes_are_refused() -> None:
    with pytest.raises(ValueError, match="cubic"):
        multi_scale([[1.0]], "cubic")
