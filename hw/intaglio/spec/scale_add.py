"""The sum of a product by channel factors and an addend, as one operator of our own.

    acc = (x - zx) * (f - zf) + w * (r - zr)        y = zy + acc * sx * sf / sy, rounded once

for codes x of the image, f of the factor of its channel and r of the addend; w is the whole number
nearest to sr / (sx * sf), which brings the addend to the scale of the product.
"""

from __future__ import annotations

from intaglio.spec.formats import INT8
from intaglio.spec.graph import Quantisation

MOST_TAPS = 4
"""Weights of eight bits that add up to w."""


def addend_weight(x: Quantisation, factors: Quantisation, addend: Quantisation) -> int:
    """Return w; it may be 0, or too large for the array."""
    return round(addend.scale / (x.scale * factors.scale))


def addend_taps(weight: int) -> tuple[int, ...]:
    """Return the fewest weights of eight bits that add up to `weight`; none: there are too many.

    Parameters
    ----------
    weight : int
        At least 1.
    """
    count = -(-weight // INT8.max)
    if not 0 < count <= MOST_TAPS:
        return ()
    each, rest = divmod(weight, count)
    return (each + 1,) * rest + (each,) * (count - rest)
