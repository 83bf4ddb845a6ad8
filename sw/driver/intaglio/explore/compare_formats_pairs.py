"""Which number formats with which accumulators are compared."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from intaglio.spec.codes import Format, accumulator_format, number_format
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import signed
from intaglio.spec.groups import require_accumulator
from intaglio.spec.operands import operands

TERMS = 496
"""Products of the longest sum: the most, by sixteens, with which INT8 sums fit 24 bits."""
FUSED_LANES = 16
SHIFT_GROUPS, SCALE_GROUP, SCALE_BITS = 8, 32, 8
BASE = ("int8", "int32")
FLOATS = ("fp16", "fp32")
CONTEXTS = {"pipelined": 4, "single-cycle": 1}
STYLES = {
    "operator": "product written as `*`; a register behind it, and the accumulator",
    "rows": "product written as a sum of rows, one a bit of the weight; registers as operator",
    "shift": "a shifter for each term, adder, negation; registers as operator",
    "shift-floor": "as shift, but each term is shifted right and rounded down, as in the published "
    "kernel: a product is hardly wider than the activation",
    "group-shift": f"as operator; {SHIFT_GROUPS} groups with powers of two as scales, a shifter "
    "before the accumulator",
    "group-scale": f"as operator; groups of {SCALE_GROUP} products with {SCALE_BITS}-bit integers "
    "as scales, a multiplier between two accumulators",
    "fixed": "decode and `*`, shift into place, exact accumulator; a register behind each",
    "table": "decode by table, `*`, exact accumulator; a register behind each, and their sum",
    "power": "`*` of codes, raised to the power, exact accumulator; registers as table",
    "pipelined": "decode and `*`, IEEE addition in 4 cycles: 4 sums take turns",
    "single-cycle": "decode and `*`, IEEE addition in 1 cycle",
    "bounded": "as single-cycle, without what the bound on the sum excludes: subnormals, infinity, "
    "NaN and most exponents; the same results to the bit",
    "pair": "two `*`, their sum, accumulator with overflow flag; a register behind each",
}


@dataclass(frozen=True)
class Pair:
    """A number format with an accumulator.

    Parameters
    ----------
    format, accumulator : str
        Lower case.
    style : str
        A key of STYLES: how the unit is written.
    lanes : int
        Products of a cycle.
    act, wgt : str
        Names of the formats of its operands.
    """

    format: str
    accumulator: str
    style: str
    lanes: int
    act: str
    wgt: str

    @property
    def name(self) -> str:
        """For messages, such as ``int8/int32 rows x16``."""
        return f"{self.format}/{self.accumulator} {self.style} x{self.lanes}"

    @property
    def formats(self) -> tuple[Format, Format]:
        """Activation and weight."""
        return number_format(self.act), number_format(self.wgt)

    @property
    def width(self) -> int:
        """Bits of an integer or fixed-point accumulator."""
        return int(re.sub(r"\D", "", self.accumulator))

    @property
    def contexts(self) -> int:
        """Sums that take turns."""
        return CONTEXTS.get(self.style, 1)

    def check(self) -> None:
        """Refuse an accumulator that is too narrow, without elaborating anything.

        Raises
        ------
        ConfigError
            E402, with the format.
        """
        if self.style not in ("operator", "rows", "shift", "group-shift"):
            return  # the accumulator follows from the format, or is checked when it is built
        act, wgt = self.formats
        scale = SHIFT_GROUPS - 1 if self.style == "group-shift" else 0
        bound = accumulator_format(wgt, act, TERMS << scale)
        what = f"sums of {TERMS} products of {self.format}"
        require_accumulator(signed(self.width), bound, what)


def _integer(form: str, bits: int, style: str, lanes: int) -> Pair:
    both = operands(form)
    return Pair(form, f"int{bits}", style, lanes, str(both.act), str(both.wgt))


def _grouped(form: str, style: str, bits: int, lanes: int) -> Pair:
    both = operands(form)
    return Pair(
        f"{form}_{style.replace('-', '_')}",
        f"int{bits}",
        style,
        lanes,
        str(both.act),
        str(both.wgt),
    )


def _exact(form: str, act: str, wgt: str, style: str, lanes: int) -> Pair:
    bits = accumulator_format(number_format(wgt), number_format(act), TERMS).bits
    return Pair(form, f"fixed{bits}", style, lanes, act, wgt)


def _float(form: str, acc: str, style: str, lanes: int) -> Pair:
    return Pair(form, acc, style, lanes, form, form)


_INTEGERS = {
    "int4": (16, 24, 32),
    "int8": (24, 32),
    "int16": (40, 48),
    "w4a8": (24, 32),
    "w8a16": (32, 40),
    "w4a16": (32,),
}
_ROWS = (("int4", 24), ("int8", 32), ("int16", 48), ("w4a8", 24))
_SHIFTS = (
    *(("pow2_3", 24), ("pow2_4", 32), ("pow2_5", 40), ("sp2_4", 32), ("sp2_6", 32)),
    *(("apot_5", 32), ("mask", 24)),
)
_FLOORS = (("pow2_4", 24), ("pow2_5", 24), ("sp2_4", 24))
_GROUPS = (("group-shift", 32), ("group-scale", 32))
_FP8 = ("fp8_e2m5", "fp8_e3m4", "fp8_e4m3", "fp8_e5m2")
_FP4 = ("fp4_e1m2", "fp4_e2m1", "fp4_e3m0")
_POWERS = (
    *(("power4_p2", "table"), ("power4_p2", "power"), ("power8_p2", "table")),
    *(("power8_p2", "power"), ("power4_p20over11_f8", "table")),
)


def all_pairs() -> list[Pair]:
    """Return every pair that is compared, single lanes first."""
    found: list[Pair] = []
    for lanes in (1, FUSED_LANES):
        found += [_integer(f, n, "operator", lanes) for f, bits in _INTEGERS.items() for n in bits]
        found += [_integer(form, bits, "rows", lanes) for form, bits in _ROWS]
        found += [Pair(form, f"int{n}", "shift", lanes, "int8", form) for form, n in _SHIFTS]
        found += [Pair(f, f"int{n}", "shift-floor", lanes, "int8", f) for f, n in _FLOORS]
        found += [_grouped(f, style, n, lanes) for f in ("int4", "w4a8") for style, n in _GROUPS]
        found += [_exact(form, form, form, "fixed", lanes) for form in (*_FP8, *_FP4)]
        mixed = ("fp8_e4m3", "fp4_e2m1")
        found.append(_exact("_".join(mixed), *mixed, "fixed", lanes))
        found += [_float(f, acc, "pipelined", lanes) for f in (*_FP8, *_FP4) for acc in FLOATS]
        found += [_float("fp8_e4m3", acc, "single-cycle", lanes) for acc in FLOATS]
        found += [_exact(form, form, form, style, lanes) for form, style in _POWERS]
    found += [_float(form, "fp32", "bounded", 1) for form in (*_FP8, *_FP4)]
    found += [Pair("fp16", acc, "pipelined", 2, "int16", "int16") for acc in FLOATS]
    found += [Pair("dfp16", acc, "pair", 2, "int16", "int16") for acc in ("int32", "int48")]
    return found


def choose_pairs(names: Sequence[str] = ()) -> list[Pair]:
    """Return the pairs of the named formats, and INT8 with 32 bits, which is what all relate to.

    Parameters
    ----------
    names : sequence of str
        ``int8``, or with an accumulator, ``int8/int24``; of integers any width can be asked for.
        None: all.

    Raises
    ------
    ConfigError
        E206: there is no such format or accumulator.
    """
    known = all_pairs()
    if not names:
        return known
    found = [p for p in known if (p.format, p.accumulator, p.style) == (*BASE, "operator")]
    findings = []
    for name in names:
        form, _, acc = name.lower().partition("/")
        fitting = [p for p in known if p.format == form and acc in ("", p.accumulator)]
        fitting = fitting or _other_width(form, acc)
        if not fitting:
            findings.append(_unknown(name, form, known))
        found += [pair for pair in fitting if pair not in found]
    if findings:
        raise ConfigError(findings)
    return found


def _other_width(form: str, acc: str) -> list[Pair]:
    width = re.fullmatch(r"int(\d{1,2})", acc)
    if form not in _INTEGERS or width is None:
        return []
    return [_integer(form, int(width[1]), "operator", lanes) for lanes in (1, FUSED_LANES)]


def _unknown(name: str, form: str, known: Sequence[Pair]) -> Finding:
    formats = list(dict.fromkeys(pair.format for pair in known))
    accumulators = [pair.accumulator for pair in known if pair.format == form]
    near = difflib.get_close_matches(form, formats, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "leave --formats out to compare all"
    need = ", ".join(dict.fromkeys(accumulators)) or ", ".join(formats)
    return Finding("E206", f"no compared format is called {name!r}", "--formats", name, need, hint)
