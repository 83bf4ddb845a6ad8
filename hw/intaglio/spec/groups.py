"""Group quantisation: channels that share a scale, and what sums over groups mean exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import ConfigError, Finding, FitError
from intaglio.spec.formats import IntArray, IntFormat, signed

SCALE_BITS = range(8, 17)


@dataclass(frozen=True)
class ShiftGroups:
    """Groups whose scales are powers of two: channel j has the step 2**-e_j of the whole scale.

    sum_j 2**-e_j * q_j * w_j is kept exactly as sum_j (q_j * w_j) << (count - 1 - e_j), in units
    of 2**-(count - 1), whatever the order of the channels: the index e_j travels with channel j.

    Parameters
    ----------
    count : int
        G, groups: 1 to 16. Four to eight are worth it.

    Raises
    ------
    ConfigError
        E203: `count` is outside its range.

    Source: ShiftQuant (sub-8-bit integer training).
    """

    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 16:
            raise ConfigError(_setting("count", self.count, "1 to 16 groups"))

    def indices(self, magnitudes: npt.ArrayLike) -> IntArray:
        """Return e_j = clip(floor(log2(R / r_j)), 0, count - 1) for the greatest |value| r_j.

        R is the greatest of all; channels of zeros get the last group.
        """
        r = np.asarray(magnitudes, np.float64)
        most = r.max(initial=0.0)
        ratio = np.divide(most, r, out=np.full(r.shape, np.inf), where=r > 0)
        # frexp is exact where log2 would round: 2**(exponent - 1) <= ratio < 2**exponent.
        exponents = np.where(np.isfinite(ratio), np.frexp(ratio)[1] - 1, self.count - 1)
        return np.clip(exponents, 0, self.count - 1).astype(np.int64)

    def sum_format(self, product: IntFormat, terms: int) -> IntFormat:
        """Return the narrowest format of any sum of `terms` products."""
        return _sum_format(product, terms << (self.count - 1))


@dataclass(frozen=True)
class ScaleGroups:
    """Groups of `size` channels with an integer scale each.

    sum_g floor((scale_g * sum_{j in g} q_j * w_j + half) / 2**drop), half = 2**(drop - 1), is
    exact for `drop` = 0.

    Parameters
    ----------
    size : int
        Channels of a group: 16 to 128.
    scale_bits : int
        Width of an (unsigned) scale: 8 to 16.
    drop : int
        Bits rounded off after each group, ties up: 0 to 15.

    Raises
    ------
    ConfigError
        E203: a value is outside its range; all faults together.
    """

    size: int
    scale_bits: int = 8
    drop: int = 0

    def __post_init__(self) -> None:
        rules = (
            ("size", self.size, 16 <= self.size <= 128, "16 to 128 channels"),
            ("scale_bits", self.scale_bits, self.scale_bits in SCALE_BITS, "8 to 16 bits"),
            ("drop", self.drop, 0 <= self.drop <= 15, "0 to 15 bits"),
        )
        findings = [_setting(key, value, need) for key, value, good, need in rules if not good]
        if findings:
            raise ConfigError(findings)

    def check_channels(self, channels: int, where: str = "layer") -> None:
        """Refuse a layer whose channels are not whole groups.

        Raises
        ------
        FitError
            E404, with the layer.
        """
        if channels % self.size:
            raise FitError(
                Finding(
                    "E404",
                    f"{where} has {channels} channels, not a multiple of {self.size}",
                    where=where,
                    have=f"{channels} channels",
                    need=f"a multiple of the group size {self.size}",
                    help="choose a group size that divides the channels",
                )
            )

    def inner_format(self, product: IntFormat) -> IntFormat:
        """Return the narrowest format of a sum within a group."""
        return _sum_format(product, self.size)

    def sum_format(self, product: IntFormat, groups: int) -> IntFormat:
        """Return the narrowest format of any sum over `groups` groups."""
        scale = (1 << self.scale_bits) - 1
        half = (1 << self.drop) >> 1
        inner = self.size * max(-product.min, product.max) * scale
        return signed(((inner + half >> self.drop) * groups).bit_length() + 1)


def _sum_format(product: IntFormat, terms: int) -> IntFormat:
    largest, least = product.max * terms, product.min * terms
    return signed(max(largest.bit_length(), (-least - 1).bit_length()) + 1)


def _setting(key: str, value: object, need: str) -> Finding:
    return Finding(
        "E203",
        f"groups.{key} is {value}",
        where=f"groups.{key}",
        have=str(value),
        need=need,
        help=f"set {key} to an allowed value",
    )


def require_accumulator(acc: IntFormat, bound: IntFormat, what: str) -> None:
    """Refuse an accumulator that is narrower than the proved bound.

    Raises
    ------
    ConfigError
        E402, with both widths.
    """
    if acc.bits < bound.bits:
        raise ConfigError(
            Finding(
                "E402",
                f"an accumulator of {acc.bits} bits is narrower than {what} need",
                where="acc_bits",
                have=f"{acc.bits} bits",
                need=f"{bound.bits} bits or more",
                help="widen the accumulator, or shorten the longest sum",
            )
        )
