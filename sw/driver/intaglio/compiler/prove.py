"""Proof that no accumulator of a layer leaves 32 bits."""

from __future__ import annotations

import numpy as np

from intaglio.spec.errors import Finding, FitError
from intaglio.spec.formats import INT8, INT32, IntArray, signed


def prove_accumulator(
    name: str,
    weights: IntArray,
    axes: tuple[int, ...],
    zero_point: int,
    bias: IntArray,
    bits: int = 8,
) -> None:
    """Check sum|w| * max|a - zero_point| + |bias| < 2**31 for every channel.

    With activations of 16 bits the limit is 2**47, and that of the bias alone 2**31.

    The bound also holds for the folded bias, and with zero point 0 for the bare sum of products.

    Parameters
    ----------
    name : str
        Of the layer.
    weights : int array
        Summed along `axes`; the axis that is left counts channels.
    zero_point : int
        Of the input.
    bias : int array
        Not yet folded.
    bits : int
        Of the activations.

    Raises
    ------
    FitError
        E402 for the channel with the largest bound.
    """
    total = np.abs(weights).sum(axes)
    act = signed(bits)
    largest = max(act.max - zero_point, zero_point - act.min, -act.min)
    bound = total * largest + np.abs(bias)
    channel = int(bound.argmax())
    limit = INT32.max if bits <= INT8.bits else signed(48).max
    if bound[channel] > limit or not INT32.holds(bias):
        raise FitError(
            Finding(
                "E402",
                f"channel {channel} of {name} can reach {bound[channel]}",
                where=f"{name}, channel {channel}",
                have=f"a bound of {bound[channel]}: sum|w| {total[channel]} times {largest}"
                f" plus |bias| {abs(int(bias[channel]))}",
                need=f"at most {limit}, and a bias of 32 bits",
                help="use smaller weights or fewer terms, or split the layer",
            )
        )
