"""Published energies of operations."""

from __future__ import annotations

from intaglio.estimate.operation_energy import OPERATIONS, product_energy


def test_a_product_is_a_multiplication_or_a_shift_with_an_addition() -> None:
    ways = product_energy(8)
    assert ways.multiply == OPERATIONS["multiply", 8] + OPERATIONS["add", 8]
    assert ways.mask < ways.shift < ways.multiply
