from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.spec.errors import ModelError
from intaglio.spec.pack import pack_codes, packed_bytes, unpack_codes


@given(st.integers(1, 16), st.booleans(), st.integers(0, 2**32), st.integers(0, 67))
def test_codes_come_back_and_no_byte_is_wasted(
    bits: int, signed: bool, seed: int, count: int
) -> None:
    low = -(1 << (bits - 1)) if signed else 0
    codes = np.random.default_rng(seed).integers(low, low + (1 << bits), count)
    data = pack_codes(codes, bits)
    assert data.size == packed_bytes(count, bits) == (count * bits + 7) // 8
    assert unpack_codes(data, bits, count, signed=signed).tolist() == codes.tolist()


def test_the_bit_order_is_little_endian() -> None:
    # 3-bit codes 1, 2, 7: 0b111_010_001, so the ninth bit opens the second byte.
    assert pack_codes([1, 2, -1], 3).tolist() == [0b11010001, 0b1]


@pytest.mark.parametrize(("codes", "bits"), [([0, 8], 3), ([-5], 3), ([0], 0), ([0], 17)])
def test_codes_that_do_not_fit_are_named(codes: list[int], bits: int) -> None:
    with pytest.raises(ModelError) as caught:
        pack_codes(codes, bits)
    assert caught.value.findings[0].code == "E308"
    assert str(codes[-1] if 0 < bits < 17 else bits) in caught.value.findings[0].message
