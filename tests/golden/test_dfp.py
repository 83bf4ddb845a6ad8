"""Pair accumulation against exact sums, and a convolution's gradients in shared-exponent form."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.golden.dfp import pair_sum
from intaglio.spec.codes_dfp import FORMATS, Overflow, quantise, safe_chain

DFP16 = FORMATS[-1]


def beats(values: np.ndarray) -> list[tuple[list[int], list[int]]]:
    return [([a, b], [c, d]) for a, b, c, d in values.tolist()]


def test_the_one_pair_that_overflows() -> None:
    low = [([-32768, -32768], [-32768, -32768])]
    assert pair_sum(low, Overflow.FLAG, 16, 2) == (-(2**31), True)
    assert pair_sum(low, Overflow.WIDE, 16, 2) == (2**31, False)


@pytest.mark.parametrize("bits", [16, 15, 14, 13])
def test_the_flag_rises_after_the_safe_chain(bits: int) -> None:
    top, longest = (1 << (bits - 1)) - 1, safe_chain(bits, bits)
    safe = [([top, top], [top, top])] * (longest // 2)
    assert pair_sum(safe, Overflow.FLAG, 16, 2) == (longest * top * top, False)
    assert pair_sum([*safe, ([top, 0], [top, 0])], Overflow.FLAG, 16, 2)[1]


def test_wide_is_exact_for_any_sum(rng: np.random.Generator) -> None:
    values = rng.integers(-32768, 32768, (4000, 4))
    exact = int((values[:, :2] * values[:, 2:]).sum())
    assert pair_sum(beats(values), Overflow.WIDE, 16, 2) == (exact, False)


def test_spilling_equals_float32_sums_of_the_chains(rng: np.random.Generator) -> None:
    values = rng.integers(-16383, 16384, (60, 4))
    total = np.float32(0)
    for at in range(0, 60, 4):
        chain = values[at : at + 4]
        # Sums of a chain fit float64 exactly: the addition of both rounds once to float32 only
        # if the wider sum is exact, which 53 bits are for these exponents.
        total = np.float32(np.float64(total) + np.float64((chain[:, :2] * chain[:, 2:]).sum()))
    code, overflow = pair_sum(beats(values), Overflow.SPILL, 16, 8)
    assert (code, overflow) == (int(total.view(np.uint32)), False)


def test_halved_operands_quarter_the_product() -> None:
    assert pair_sum([([32767, 3], [-32767, 5])], Overflow.PRESHIFT, 16, 8) == (
        -(16383**2) + 4,
        False,
    )


def sqnr(exact: np.ndarray, got: np.ndarray) -> float:
    return float(10 * np.log10((exact**2).sum() / ((exact - got) ** 2).sum()))


def test_three_products_of_a_convolution_reach_75_db(rng: np.random.Generator) -> None:
    # Forward, weight and input gradients of a convolution are three matrix products.
    cols, wgt, grad = (
        rng.normal(size=(64, 72)),
        rng.normal(size=(72, 16)),
        rng.normal(size=(64, 16)),
    )
    for left, right in ((cols, wgt), (cols.T, grad), (grad, wgt.T)):
        (a, ea), (b, eb) = quantise(left, DFP16), quantise(right, DFP16)
        product = (a @ b) * 2.0 ** (ea + eb)
        assert sqnr(left @ right, product) > 75
