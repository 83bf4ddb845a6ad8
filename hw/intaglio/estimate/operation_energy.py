"""Energy of operations and of memory levels as published for 45 nm, by which layers are compared.

Relative figures: they rank ways to compute, and are none of an FPGA.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SOURCE = "ShiftAddViT's table after Horowitz (ISSCC 2014) and Eyeriss; 45 nm, 250 MHz"
OPERATIONS: Mapping[tuple[str, int], float] = {
    ("multiply", 8): 0.2,
    ("add", 8): 0.03,
    ("shift", 8): 0.024,
    ("multiply", 32): 3.7,
    ("add", 32): 0.9,
    ("shift", 32): 0.13,
}
"""pJ of one operation of so many bits; a multiplication of 32 bits is one of FP32."""
LEVELS: Mapping[str, float] = {
    "dram": 200.0,
    "buffer": 6 * 3.7,
    "network": 2 * 3.7,
    "register": 3.7,
}
"""pJ for 16 bits read from, or written to, a level of memory."""
BAND = 4.1
"""Factor by which two standard tables differ on one operation."""
CAVEATS = (
    "the published saving compares FP32 multiplications with INT32 shifts",
    "the published saving counts no memory energy of the additions of attention",
    "the published saving charges shift layers 10 bits a word",
)
"""To be printed beside every reproduction of the published saving of 42.9 %."""


@dataclass(frozen=True)
class Ways:
    """Energy in pJ of one product with its addition, by how it is made.

    Parameters
    ----------
    multiply, shift, mask : float
        By a multiplier, by a shifter, by a mask (an addition alone).
    """

    multiply: float
    shift: float
    mask: float


def product_energy(bits: int = 8) -> Ways:
    """Return the energy of a product with its addition, for operands of 8 or 32 bits."""
    add = OPERATIONS["add", bits]
    return Ways(OPERATIONS["multiply", bits] + add, OPERATIONS["shift", bits] + add, add)
