"""How a network is quantised: one frozen value, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from intaglio.spec.errors import Finding, UsageError

METHODS = ("minmax", "percentile", "mse", "entropy")
GRANULARITIES = ("tensor", "channel", "group")
ROUNDINGS = ("nearest", "learned")
WEIGHTS = ("linear", "shift", "two-term", "apot")
WIDTHS = (4, 8, 16)


@dataclass(frozen=True)
class Scheme:
    """Settings of the quantiser.

    Parameters
    ----------
    method : str
        How the range of a tensor is found; see :mod:`intaglio.quantise.calibrate`.
    percentile : float
        percentile: share of the values, in per cent, within the range.
    act_bits, weight_bits : int
        4, 8 or 16.
    symmetric : bool
        Activations have a zero point of 0; those of 16 bits always have.
    affine_weights : bool
        Weights have a zero point.
    granularity : str
        Scales of weights: tensor; channel: one for each output channel; group: one for each
        `group_size` input channels of each output channel, or fewer that divide them all.
    rounding : str
        nearest, or learned: :mod:`intaglio.quantise.rounding`.
    weights : str
        linear, or the lane whose powers of two or sums of them weights become: shift, two-term,
        apot (:mod:`intaglio.spec.lane`).
    layers : tuple of (str, int)
        Bits of the weights of layers whose name matches a pattern; the first one counts.

    Raises
    ------
    UsageError
        E101 for every value that is not allowed, all together.
    """

    method: str = "mse"
    percentile: float = 99.99
    act_bits: int = 8
    weight_bits: int = 8
    symmetric: bool = False
    affine_weights: bool = False
    granularity: str = "channel"
    group_size: int = 32
    rounding: str = "nearest"
    weights: str = "linear"
    layers: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        linear = self.weights == "linear"
        rules: list[tuple[str, object, bool, str]] = [
            ("--method", self.method, self.method in METHODS, ", ".join(METHODS)),
            ("--percentile", self.percentile, 50 < self.percentile <= 100, "above 50, to 100"),
            ("--act-bits", self.act_bits, self.act_bits in WIDTHS, "4, 8 or 16"),
            ("--weight-bits", self.weight_bits, self.weight_bits in WIDTHS, "4, 8 or 16"),
            (
                "--granularity",
                self.granularity,
                self.granularity in GRANULARITIES,
                ", ".join(GRANULARITIES),
            ),
            ("--group-size", self.group_size, self.group_size >= 1, "1 or more"),
            ("--rounding", self.rounding, self.rounding in ROUNDINGS, ", ".join(ROUNDINGS)),
            ("--weights", self.weights, self.weights in WEIGHTS, ", ".join(WEIGHTS)),
            (
                "--affine-weights",
                f"with --weights {self.weights} and --weight-bits {self.weight_bits}",
                not self.affine_weights or (linear and self.weight_bits == 8),
                "--weights linear --weight-bits 8",
            ),
            (
                "--weights",
                f"{self.weights} with --granularity {self.granularity}",
                linear or self.granularity == "channel",
                "--granularity channel",
            ),
            (
                "--rounding",
                f"learned with --weights {self.weights} --granularity {self.granularity}",
                self.rounding == "nearest" or (linear and self.granularity != "group"),
                "--weights linear and --granularity tensor or channel",
            ),
        ]
        rules += [
            (f"layer {name}", bits, bits in WIDTHS, "4, 8 or 16") for name, bits in self.layers
        ]
        findings = [
            Finding("E101", f"{key} is {value}", key, str(value), need, f"choose {need}")
            for key, value, good, need in rules
            if not good
        ]
        if findings:
            raise UsageError(findings)

    def bits_of(self, layer: str) -> int:
        """Return the bits of the weights of a layer."""
        found = (bits for pattern, bits in self.layers if fnmatchcase(layer, pattern))
        return next(found, self.weight_bits)
