"""Several products in one multiplier: how operands share its ports and where products appear.

Source: white papers on INT8 and INT4 packing into DSP slices; the repaired forms are checked here
over every combination of operands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import ConfigError, Finding, ModelError
from intaglio.spec.formats import IntFormat, signed
from intaglio.spec.operands import Operands, operands


class Repair(Enum):
    """What makes products exact whose fields overlap."""

    NONE = "fields do not overlap"
    LOW_BITS = "the upper product's low bits, computed beside"
    PARITY = "the next product's lowest bit, computed beside"


@dataclass(frozen=True)
class Packing:
    """Operands of several products in the two ports of one multiplier.

    activation port = sum_i (act[i] + surplus[i]) << (i * `act_spacing`)
    weight port     = sum_j wgt[j] << (j * `wgt_spacing`)
    product (i, j) lies at bit i * `act_spacing` + j * `wgt_spacing` of the multiplier's product.

    Parameters
    ----------
    name : str
        Part and form.
    operands : Operands
        Formats of one product.
    pixels, channels : int
        Activations and weights that share the multiplier.
    act_spacing, wgt_spacing : int
        Bits between them.
    act_port, wgt_port : int
        Widths of the (signed) ports.
    narrow : bool
        The most negative weight is forbidden.
    repair : Repair
        How overlapping fields are told apart.
    surplus : int
        Added to every activation but the last; products then carry surplus * wgt, which the
        compiler takes off the bias.

    Raises
    ------
    ConfigError
        E203: an operand does not fit its port, or a product its field.
    """

    name: str
    operands: Operands
    pixels: int
    channels: int
    act_spacing: int
    wgt_spacing: int
    act_port: int
    wgt_port: int
    narrow: bool = False
    repair: Repair = Repair.NONE
    surplus: int = 0

    def __post_init__(self) -> None:
        ends = self.port_ends()
        for (low, high), bits in zip(ends, (self.act_port, self.wgt_port), strict=True):
            port = signed(bits)
            if low < port.min or high > port.max:
                raise self._refused(f"{low} to {high} in a port of {bits} bits")
        if self.accumulations < 1 and self.repair is Repair.NONE:
            raise self._refused(f"products of {self.product} in fields of {self.spacing} bits")

    def _refused(self, have: str) -> ConfigError:
        return ConfigError(
            Finding(
                "E203",
                f"packing {self.name} has {have}",
                where="packing",
                have=have,
                need="operands that fit their ports, products that fit their fields",
                help="choose other spacings or the narrow range",
            )
        )

    @property
    def wgt(self) -> IntFormat:
        """Format of a weight code."""
        return self.operands.wgt

    @property
    def least_weight(self) -> int:
        """Least weight that is allowed."""
        return self.wgt.min + self.narrow

    @property
    def surpluses(self) -> tuple[int, ...]:
        """What is added to each activation."""
        return (*[self.surplus] * (self.pixels - 1), 0)

    @property
    def product(self) -> IntFormat:
        """Narrowest format of one product, surplus included."""
        acts = [
            end + surplus
            for surplus in self.surpluses
            for end in (self.operands.act.min, self.operands.act.max)
        ]
        ends = [a * w for a in acts for w in (self.least_weight, self.wgt.max)]
        return signed(max(max(ends).bit_length(), (-min(ends) - 1).bit_length()) + 1)

    @property
    def spacing(self) -> int:
        """Bits of a field: the least distance between two products."""
        return min(s for s in (self.act_spacing, self.wgt_spacing) if s)

    @property
    def accumulations(self) -> int:
        """Products that a field of the multiplier's own adder holds; 0 where fields overlap."""
        most = max(
            abs(a * w)
            for a in (self.operands.act.min, self.operands.act.max)
            for w in (self.least_weight, self.wgt.max)
        )
        return ((1 << (self.spacing - 1)) - 1) // most

    def port_ends(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the least and the greatest value of the activation and of the weight port."""
        act = self.operands.act
        lows = [act.min + s for s in self.surpluses]
        highs = [act.max + s for s in self.surpluses]
        steps = [1 << (i * self.act_spacing) for i in range(self.pixels)]
        wgts = [1 << (j * self.wgt_spacing) for j in range(self.channels)]
        return (
            (int(np.dot(lows, steps)), int(np.dot(highs, steps))),
            (self.least_weight * sum(wgts), self.wgt.max * sum(wgts)),
        )

    def check_weights(self, weights: npt.ArrayLike, where: str = "weights") -> None:
        """Refuse weights that this form would multiply wrongly.

        Raises
        ------
        ModelError
            E308: the first weight outside [least_weight, wgt.max], with its position.
        """
        codes = np.asarray(weights)
        outside = np.argwhere((codes < self.least_weight) | (codes > self.wgt.max))
        if outside.size:
            at = tuple(int(i) for i in outside[0])
            raise ModelError(
                Finding(
                    "E308",
                    f"{where}{list(at)} is {codes[at]}, outside the range of {self.name}",
                    where=f"{where}{list(at)}",
                    have=str(codes[at]),
                    need=f"{self.least_weight} to {self.wgt.max}",
                    help="quantise to the narrow range, or build the full-range form",
                )
            )


def _pixels(name: str, form: str, spacing: int, ports: tuple[int, int]) -> Packing:
    """Return two activations that share a weight: serves depthwise layers too."""
    return Packing(name, operands(form), 2, 1, spacing, 0, *ports)


def _channels(name: str, form: str, spacing: int, ports: tuple[int, int], narrow: bool) -> Packing:
    """Return two weights that share an activation; the weights have the wider port."""
    return Packing(name, operands(form), 1, 2, 0, spacing, ports[1], ports[0], narrow)


def _packings() -> tuple[Packing, ...]:
    int4, int8 = operands("int4"), operands("int8")
    low, parity = Repair.LOW_BITS, Repair.PARITY
    ecp5, e1, e2 = (18, 18), (25, 18), (27, 18)
    return (
        Packing("ecp5-int8-full", int8, 2, 1, 10, 0, *ecp5, False, low, 128),
        Packing("ecp5-int4-full", int4, 2, 2, 14, 7, *ecp5, False, parity, 8),
        Packing("ecp5-int4-narrow", int4, 2, 2, 7, 14, *ecp5, True),
        _channels("ecp5-w4a8-full", "w4a8", 13, ecp5, False),
        _channels("ecp5-w4a8-narrow", "w4a8", 14, ecp5, True),
        _pixels("dsp48e1-int8-full", "int8", 16, e1),
        _channels("dsp48e1-int8-narrow", "int8", 17, e1, True),
        _pixels("dsp48e1-w4a8-full", "w4a8", 16, e1),
        _channels("dsp48e1-w4a8-channels", "w4a8", 20, e1, False),
        Packing("dsp48e1-int4-full", int4, 2, 2, 20, 10, *e1),
        Packing("dsp48e1-int4-narrow", int4, 2, 2, 20, 10, *e1, True),
        _pixels("dsp48e2-int8-full", "int8", 18, e2),
        _channels("dsp48e2-int8-narrow", "int8", 19, e2, True),
        _pixels("dsp48e2-w4a8-full", "w4a8", 18, e2),
        _channels("dsp48e2-w4a8-channels", "w4a8", 22, e2, False),
        Packing("dsp48e2-int4-full", int4, 2, 2, 22, 11, *e2),
        Packing("dsp48e2-int4-narrow", int4, 2, 2, 22, 11, *e2, True),
    )


PACKINGS: dict[str, Packing] = {packing.name: packing for packing in _packings()}
"""Every form, by ``part-format-range``."""
