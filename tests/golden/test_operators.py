"""Golden operators against loops over their definitions, and the errors that they raise."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from intaglio.golden.conv import conv_acc, dense_acc, depthwise_acc
from intaglio.golden.elementwise import add
from intaglio.golden.output import Output
from intaglio.golden.pool import average_pool, max_pool, mean_hw
from intaglio.golden.softmax import softmax
from intaglio.golden.windows import Array, exact_float, windows
from intaglio.spec.errors import FitError, ModelError
from intaglio.spec.formats import INT8, IntArray
from intaglio.spec.graph import Quantisation
from intaglio.spec.quant import IDENTITY, Rounding, mean_scale

GEOMETRIES = [
    # size, kernel, stride, dilation, pads
    ((5, 6), (3, 3), (1, 1), (1, 1), (1, 1, 1, 1)),
    ((5, 6), (3, 3), (2, 2), (1, 1), (0, 1, 1, 0)),
    ((7, 4), (2, 3), (3, 1), (1, 1), (0, 2, 0, 1)),
    ((8, 9), (3, 2), (1, 2), (2, 3), (2, 1, 0, 3)),
    ((4, 4), (4, 4), (1, 1), (1, 1), (0, 0, 0, 0)),
    ((1, 3), (1, 1), (1, 2), (1, 1), (0, 0, 0, 0)),
]


def int8(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-128, 128, shape).astype(np.int8)


def quantisation(scale: float, zero_point: int) -> Quantisation:
    return Quantisation(np.array([scale], np.float32), np.array([zero_point], np.int64))


def slow_conv(
    x: Array, zero_point: int, weights: Array, geometry: tuple[tuple[int, ...], ...], groups: int
) -> IntArray:
    stride, dilation, (top, bottom, left, right) = geometry
    batch, height, width, _ = x.shape
    outputs, kernel_h, kernel_w, depth = weights.shape
    out_h = (height + top + bottom - (kernel_h - 1) * dilation[0] - 1) // stride[0] + 1
    out_w = (width + left + right - (kernel_w - 1) * dilation[1] - 1) // stride[1] + 1
    acc = np.zeros((batch, out_h, out_w, outputs), np.int64)
    for n, i, j, o in np.ndindex(*acc.shape):
        base = o // (outputs // groups) * depth
        for r, s, c in np.ndindex(kernel_h, kernel_w, depth):
            y = i * stride[0] + r * dilation[0] - top
            z = j * stride[1] + s * dilation[1] - left
            if 0 <= y < height and 0 <= z < width:
                value = int(x[n, y, z, base + c]) - zero_point
                acc[n, i, j, o] += value * int(weights[o, r, s, c])
    return acc


@pytest.mark.parametrize(("size", "kernel", "stride", "dilation", "pads"), GEOMETRIES)
@pytest.mark.parametrize("groups", [1, 2])
def test_conv_is_its_loop(
    rng: np.random.Generator,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    pads: tuple[int, int, int, int],
    groups: int,
) -> None:
    x, weights = int8(rng, 2, *size, 4), int8(rng, 6, *kernel, 4 // groups)
    got = conv_acc(x, -17, weights, stride, dilation, pads, groups)
    want = slow_conv(x, -17, weights, (stride, dilation, pads), groups)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(("size", "kernel", "stride", "dilation", "pads"), GEOMETRIES)
@pytest.mark.parametrize("multiple", [1, 3])
def test_depthwise_is_a_conv_with_a_group_for_each_channel(
    rng: np.random.Generator,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    pads: tuple[int, int, int, int],
    multiple: int,
) -> None:
    x, weights = int8(rng, 2, *size, 3), int8(rng, 1, *kernel, 3 * multiple)
    got = depthwise_acc(x, 127, weights, stride, dilation, pads)
    as_conv = weights.transpose(3, 1, 2, 0)
    np.testing.assert_array_equal(got, slow_conv(x, 127, as_conv, (stride, dilation, pads), 3))


def test_dense_is_exact_beyond_float32() -> None:
    x = np.full((1, 4001), -128, np.int8)
    weights = np.full((2, 4001), -127, np.int8)
    weights[1, 0] = -126
    assert dense_acc(x, 127, weights).tolist() == [[255 * 127 * 4001, 255 * 127 * 4001 - 255]]
    assert exact_float((1 << 24) - 1) is np.float32
    assert exact_float(1 << 24) is np.float64
    with pytest.raises(FitError, match="E402"):
        exact_float(1 << 53)


@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (1, 0, 0, 1), (1, 2, 1, 2)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
def test_pools_are_their_loops(
    rng: np.random.Generator, pads: tuple[int, int, int, int], stride: tuple[int, int]
) -> None:
    x, kernel = int8(rng, 2, 6, 7, 3), (3, 4)
    largest, average = (pool(x, kernel, stride, pads) for pool in (max_pool, average_pool))
    for n, i, j, c in np.ndindex(*largest.shape):
        taps = [
            int(x[n, y, z, c])
            for r, s in itertools.product(range(kernel[0]), range(kernel[1]))
            if 0 <= (y := i * stride[0] + r - pads[0]) < 6
            and 0 <= (z := j * stride[1] + s - pads[2]) < 7
        ]
        mean = Fraction(abs(sum(taps)), len(taps))
        magnitude = floor(mean + Fraction(1, 2))
        assert largest[n, i, j, c] == max(taps)
        assert average[n, i, j, c] == (magnitude if sum(taps) >= 0 else -magnitude)


def test_averages_break_ties_away_from_zero_and_clamp() -> None:
    x = np.array([1, 2, -1, -2], np.int8).reshape(1, 1, 4, 1)
    assert average_pool(x, (1, 2), (1, 2)).ravel().tolist() == [2, -2]
    assert average_pool(x, (1, 2), (1, 2), low=-1, high=1).ravel().tolist() == [1, -1]
    assert max_pool(x, (1, 2), (1, 2), low=0).ravel().tolist() == [2, 0]


def test_padding_is_less_than_any_code_of_a_maximum() -> None:
    x = np.full((1, 1, 1, 1), -128, np.int8)
    assert max_pool(x, (2, 2), pads=(1, 0, 1, 0)).item() == -128


@pytest.mark.parametrize("pool", [max_pool, average_pool])
def test_a_pool_window_without_a_pixel_is_refused(pool: object) -> None:
    assert callable(pool)
    with pytest.raises(FitError, match="E403"):
        pool(np.zeros((1, 4, 4, 1), np.int8), (2, 2), (1, 1), (2, 0, 0, 0))


def test_a_window_larger_than_the_image_is_refused() -> None:
    with pytest.raises(FitError, match="E403"):
        windows(np.zeros((1, 4, 4, 1)), (3, 3), dilation=(2, 1))


def test_mean_is_the_average_up_to_its_rounding(rng: np.random.Generator) -> None:
    x = int8(rng, 3, 7, 7, 5)
    out = Output((mean_scale(0.5, 0.25, 49),), Rounding.DOUBLE, 4)
    exact = (x.astype(float).mean(axis=(1, 2)) + 3) * 2 + 4
    # The first of both roundings leaves -shift = 3 fraction bits.
    assert np.abs(mean_hw(x, -3, out) - exact).max() <= 0.5 + 2**-4
    one = Output((mean_scale(0.5, 0.5, 2),), Rounding.DOUBLE, 0)
    assert mean_hw(np.array([[[[3], [-2]]]], np.int8), 0, one).item() == 1  # 0.5 goes up


def test_add_is_the_real_sum_up_to_its_rounding(rng: np.random.Generator) -> None:
    a, b = int8(rng, 1000), int8(rng, 1000)
    qa, qb, qy = quantisation(0.04, -7), quantisation(0.11, 60), quantisation(0.13, -20)
    real = (a.astype(float) + 7) * qa.scale + (b.astype(float) - 60) * qb.scale
    exact = np.clip(real / qy.scale - 20, -128, 127)
    assert np.abs(add(a, b, qa, qb, qy) - exact).max() <= 0.5 + 1e-4
    assert add(a, b, qa, qb, qy, low=-20).min() == -20
    np.testing.assert_array_equal(add(a, b, qa, qb, qy), add(b, a, qb, qa, qy))


def test_outputs_are_clamped_after_the_zero_point() -> None:
    out = Output((IDENTITY,), Rounding.SINGLE_UP, 100, -5, 90)
    assert out.codes(np.array([-300, -105, -104, -12, 0])).tolist() == [-5, -5, -4, 88, 90]
    assert out.codes(np.array([0])).dtype == np.int8
    assert (Output((IDENTITY,), Rounding.DOUBLE, 0).low, INT8.min) == (-128, -128)


@pytest.mark.parametrize("scale", [0.01, 0.1, 0.6])
@pytest.mark.parametrize("classes", [1, 2, 10, 1001])
def test_softmax_is_the_rounded_real_one(
    rng: np.random.Generator, scale: float, classes: int
) -> None:
    x = int8(rng, 50, classes)
    powers = np.exp((x.astype(float) - x.max(axis=1, keepdims=True)) * np.float32(scale))
    exact = 256 * powers / powers.sum(axis=1, keepdims=True)
    want = np.clip(np.floor(exact + 0.5) - 128, -128, 127)
    np.testing.assert_array_equal(softmax(x, scale), want)
    np.testing.assert_array_equal(softmax(x[7], scale), want[7])
    np.testing.assert_array_equal(softmax(x, scale / 2, beta=2.0), want)


def test_softmax_refuses_scales_that_it_cannot_hold() -> None:
    with pytest.raises(ModelError, match="E304"):
        softmax(np.zeros((1, 2), np.int8), 2.0**-27)
