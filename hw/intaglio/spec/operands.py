"""Pairs of operand formats by name: ``int8``, ``w4a8``, ``w8au8``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes import number_format
from intaglio.spec.codes_integer import IntegerFormat, integer_format
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import IntArray, IntFormat, signed, unsigned

_MIXED = re.compile(r"w(\d+)a(u?)(\d+)")
_BITS = range(1, 17)


@dataclass(frozen=True)
class Operands:
    """Formats of the two operands of an integer product.

    Parameters
    ----------
    name : str
        As :func:`operands` takes it.
    wgt, act : IntFormat
        Weights are signed; activations may be unsigned. Zero points do not change a product: the
        activation's goes into the bias, as -zero_point * sum(weights).
    """

    name: str
    wgt: IntFormat
    act: IntFormat

    @property
    def codes(self) -> tuple[IntegerFormat, IntegerFormat]:
        """Both as number formats: weight, activation."""
        return integer_format(self.wgt), integer_format(self.act)

    def __str__(self) -> str:
        return self.name


@cache
def operands(name: str) -> Operands:
    """Return the pair called `name`.

    ``intB``: both have B bits; ``wBaC``: weights of B, activations of C bits; ``wBauC``:
    unsigned activations.

    Raises
    ------
    ConfigError
        E206: no such pair.
    """
    mixed = _MIXED.fullmatch(name)
    if mixed:
        wgt, sign, act = int(mixed[1]), mixed[2], int(mixed[3])
        if wgt not in _BITS or act not in _BITS:
            raise ConfigError(
                Finding(
                    "E206",
                    f"no pair of formats is called {name!r}",
                    where="format",
                    have=f"{wgt} and {act} bits",
                    need="1 to 16 bits each",
                    help="write int8, w4a8 or w8au8",
                )
            )
        return Operands(name, signed(wgt), unsigned(act) if sign else signed(act))
    form = number_format(name)
    if not isinstance(form, IntegerFormat):
        raise ConfigError(
            Finding(
                "E206",
                f"{name} is not an integer format",
                where="format",
                have=name,
                need="intB, uintB, wBaC or wBauC",
                help="write int8, w4a8 or w8au8",
            )
        )
    return Operands(name, form.form, form.form)


INTEGER_OPERANDS = (
    *("int4", "int8", "int16", "w4a8", "w8a16", "w4a16"),
    *("w4au4", "w8au8", "w4au8", "w8au16"),
)
"""Pairs that the lanes are offered in."""


def folded_bias(
    bias: npt.ArrayLike, weights: npt.ArrayLike, zero_point: int, surpluses: tuple[int, ...] = (0,)
) -> IntArray:
    """Return the bias of each pixel and channel with which sums of bare products are exact.

    bias[j] - (zero_point + surpluses[i]) * sum of weights[j], so that
    result[i][j] + sum_r (act[r][i] + surpluses[i]) * weights[j][r]
    = bias[j] + sum_r (act[r][i] - zero_point) * weights[j][r].

    Parameters
    ----------
    bias : int array (channels)
    weights : int array (channels, terms)
    zero_point : int
        Of the activations.
    surpluses : tuple of int
        One a pixel, see :class:`intaglio.spec.packing.Packing`.
    """
    sums = np.asarray(weights, np.int64).sum(axis=1)
    offsets = np.array(surpluses, np.int64) + zero_point
    folded: IntArray = np.asarray(bias, np.int64) - np.multiply.outer(offsets, sums)
    return folded
