"""Kernels of weights at real places."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.spec.spaced_kernel import bilinear, gaussian, tap_list


def test_a_place_on_the_grid_is_one_tap() -> None:
    kernel = bilinear([2.0], [[-1.0, 2.0]], 5)
    assert kernel[1, 4] == pytest.approx(2.0, abs=1e-6)
    assert np.count_nonzero(kernel) == 1


def test_a_place_between_is_shared() -> None:
    kernel = bilinear([1.0], [[0.25, 0.0]], 3)
    assert kernel[:, 1] == pytest.approx([0, 0.75, 0.25], abs=1e-6)


def test_places_outside_are_held_at_the_edge() -> None:
    assert bilinear([1.0], [[-9.0, 9.0]], 3)[0, 2] == pytest.approx(1.0, abs=1e-6)


def test_gaussians_sum_to_their_weight() -> None:
    kernel = gaussian([3.0], [[0.3, -0.2]], [[0.5, 0.1]], 9)
    assert kernel.sum() == pytest.approx(3.0, abs=1e-6)
    assert kernel[4, 4] == kernel.max()


def test_taps_that_are_zero_are_left_out() -> None:
    assert tap_list([[0, 3], [-2, 0]]) == [(0, 1, 3), (1, 0, -2)]
