"""The components that mutants are made of: of every family of units, with all their vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from intaglio.bench import (
    pairs_dfp,
    pairs_fp16,
    pairs_groups,
    pairs_mac,
    pairs_minifloat,
    pairs_power,
    pairs_products,
    pairs_requantise,
    pairs_runtime,
    pairs_shift,
    pairs_split,
    pairs_unpack,
    sweeps_formats,
    sweeps_minifloat,
    sweeps_requantise,
    sweeps_split,
)
from intaglio.bench.row import Row
from intaglio.bench.running import draw_codes
from intaglio.spec.formats import INT8, INT16
from intaglio.spec.groups import ScaleGroups, ShiftGroups
from intaglio.spec.precisions import ALL, Precisions
from intaglio.spec.quant import Rounding

MORE = 4000
"""Payloads or sums of the longer rows."""


@dataclass(frozen=True)
class Subject:
    """A component to break.

    Parameters
    ----------
    family : str
        Of :class:`intaglio.gateware.units.Unit`, or ``requantise``.
    unit, format : str
        Which unit, in which format; settings in brackets where several are broken.
    rows : callable
        Returns rows of the bench, all of which build the same component, quick ones first.
    """

    family: str
    unit: str
    format: str
    rows: Callable[[], Sequence[Row]]

    @property
    def name(self) -> str:
        """Unit and format."""
        return f"{self.unit}/{self.format}"


def _alike(*rows: Row) -> tuple[Row, ...]:
    """Return the rows with the component of the first."""
    return tuple(replace(row, build=rows[0].build) for row in rows)


def _named(rows: Sequence[Row], *names: str) -> list[Row]:
    known = {row.name: row for row in rows}
    return [known[name] for name in names]


def _both(first: Sequence[Row], second: Sequence[Row], name: str, other: str = "") -> Sequence[Row]:
    return _alike(*_named(first, name), *_named(second, other or name))


def _product(name: str) -> Sequence[Row]:
    unit = pairs_products.UNITS[name]
    return [pairs_products.product_row(name, unit, count) for count in (1500, MORE)]


def _mac(name: str, depth: int) -> Sequence[Row]:
    unit = pairs_mac.UNITS[name]
    return [pairs_mac.mac_row(name, unit, depth, sums) for sums in (60, MORE)]


def _runtime() -> Sequence[Row]:
    return [pairs_runtime.runtime_row(ALL, 2, 1, "generic", sums) for sums in (90, MORE)]


def _shift_add(form: str, floor: bool = False) -> Sequence[Row]:
    act = INT16 if floor else INT8
    code = pairs_shift.BY_NAME[form]
    return [pairs_shift.shift_row(code, act, floor, count) for count in (1000, MORE)]


def _unpack(bits: int, lanes: int, beat: int) -> Sequence[Row]:
    """Return tiles of every remainder, some shorter than a payload, some as long as may be."""
    row = partial(pairs_unpack.unpack_row, bits, lanes, beat)
    short = [row(codes) for codes in (1, lanes - 1, lanes, 2 * lanes, 9 * lanes)]
    rests = [row(6 * lanes - rest) for rest in range(1, lanes)]
    # Every bit of `full` is 1 in one and 0 in another; a rest shows where the tile ends.
    long = [row(full * lanes + 1 + n, beat) for n, full in enumerate((4095, 2730, 1365))]
    return _alike(*rests, *short, *long)


def _group_shift(split: bool) -> Sequence[Row]:
    return [pairs_groups.shift_row(ShiftGroups(8), 32, split, sums) for sums in (40, MORE // 4)]


def _group_scale(size: int, bits: int, drop: int, acc: int) -> Sequence[Row]:
    groups = ScaleGroups(size, bits, drop)
    return [pairs_groups.scale_row(groups, acc, sums) for sums in (40, MORE // 8)]


def _statistics() -> Sequence[Row]:
    means = (37, -128 << 4, (127 << 4) + 15, 0, -1)
    return [pairs_groups.statistics_row(INT8, 4, 4, mean, 300) for mean in means]


def _requantise() -> Sequence[Row]:
    """Return every mode with ties of two scales, then of many with other ranges."""
    first = [row for row in pairs_requantise.ROWS if row.name.startswith("requantise-")]
    ranges = ((-128, -128, 127), (127, -77, 44), (0, -128, -1))
    more = [
        sweeps_requantise.requantise_row(rounding, False, ranges[n % 3], 40, 60)
        for n, rounding in enumerate(Rounding)
    ]
    wide = (0, -128, 127)
    counts = {Rounding.FP32_RNE: 300}
    near = [sweeps_requantise.residue_row(r, wide, counts.get(r, 1500)) for r in Rounding]
    return _alike(*first, *more, *near)


def _scan() -> Sequence[Row]:
    return _both(pairs_dfp.ROWS, sweeps_formats.SWEEPS, "dfp-exponent-scan")


def _shift() -> Sequence[Row]:
    first = _both(pairs_dfp.ROWS, sweeps_formats.SWEEPS, "dfp-exponent-shift")
    return _alike(*first, *pairs_dfp.SHIFT_ROWS)


def _pair_fma(mode: str) -> Sequence[Row]:
    return _both(pairs_dfp.ROWS, sweeps_formats.SWEEPS, f"dfp-pair-fma-{mode}")


def _minifloat(name: str, other: str = "") -> Sequence[Row]:
    return _both(pairs_minifloat.ROWS, sweeps_minifloat.SWEEPS, name, other)


def _fp16(name: str, contexts: int) -> Sequence[Row]:
    """Return many more sums: some bits count only where two exponents lie just so far apart.

    Others count only where a product lies one bit from halfway between two codes.
    """
    first, sweep = _both(pairs_fp16.ROWS, sweeps_minifloat.SWEEPS, name)
    sparse = partial(pairs_fp16.sparse_inputs, contexts, 15 * MORE)
    chance = partial(pairs_fp16.draw_inputs, contexts, MORE, 0)
    ties = partial(pairs_fp16.tie_inputs, contexts, 12)
    return _alike(first, sweep, *(replace(first, inputs=more) for more in (ties, sparse, chance)))


def _power(order: str, form: str, lanes: int) -> Sequence[Row]:
    """Return all pairs of codes, sums of which the end comes out, and sums of all prefixes."""
    (first,) = _named(pairs_power.ROWS, f"power-{order}-{form}-lanes{lanes}")
    (sums,) = _named(sweeps_formats.SWEEPS, f"power-{order}-{form}")
    bits = int(form[len("power")])
    draw = partial(draw_codes, bits, bits, lanes, 1)
    ends = replace(first, inputs=partial(pairs_power.draw_sums, pairs_power.BY_NAME[form], lanes))
    return _alike(first, ends, replace(sums, inputs=draw))


def _split() -> Sequence[Row]:
    (first,) = _named(pairs_split.ROWS, "split-columns4-outputs1-side2")
    rows = [sweeps_split.split_row(4, 1, 2, n) for n in range(len(sweeps_split.SCALES))]
    return _alike(first, *rows)


SUBJECTS = (
    Subject("multiply", "multiply", "int8", partial(_product, "multiply-int8")),
    Subject("multiply", "multiply", "w4a8 (rows)", partial(_product, "multiply-rows-w4a8")),
    Subject("multiply", "multiply-packed", "int8", partial(_product, "multiply-ecp5-int8-full")),
    Subject("multiply", "multiply-packed", "int4", partial(_product, "multiply-ecp5-int4-full")),
    Subject("mac", "mac", "int8", partial(_mac, "int8", 2)),
    Subject("mac", "mac-packed", "int8", partial(_mac, "ecp5-int8-full", 4)),
    Subject("mac", "mac-runtime", Precisions(ALL).name, _runtime),
    Subject("mac", "mac-shift", "pow2_5", partial(_mac, "pow2_5", 2)),
    Subject("shift-add", "shift-add", "pow2_5", partial(_shift_add, "pow2_5")),
    Subject("shift-add", "shift-add", "apot_5 (floor)", partial(_shift_add, "apot_5", True)),
    Subject("group-shift", "group-shift", "w4a8 (shifted)", partial(_group_shift, False)),
    Subject("group-shift", "group-shift", "w4a8 (split)", partial(_group_shift, True)),
    Subject("group-scale", "group-scale", "w4a8", partial(_group_scale, 32, 8, 0, 32)),
    Subject("group-scale", "group-scale", "w4a8 (drop 5)", partial(_group_scale, 16, 16, 5, 40)),
    Subject("l1-statistics", "l1-statistics", "int8", _statistics),
    Subject("unpack", "unpack", "int3", partial(_unpack, 3, 8, 4)),
    Subject("unpack", "unpack", "int5", partial(_unpack, 5, 5, 4)),
    Subject(
        "minifloat",
        "minifloat-product",
        "fp8_e4m3_fp4_e2m1",
        partial(_named, pairs_minifloat.ROWS, "minifloat-product-fp8_e4m3-fp4_e2m1"),
    ),
    Subject(
        "minifloat",
        "minifloat-dot",
        "fp8_e5m2",
        partial(_minifloat, "minifloat-fp8_e5m2-exact-lanes1"),
    ),
    Subject(
        "minifloat",
        "minifloat-float-dot",
        "fp8_e4m3 (fp16)",
        partial(_minifloat, "minifloat-fp8_e4m3-fp16-lanes1-contexts4"),
    ),
    Subject(
        "minifloat",
        "minifloat-float-dot",
        "fp4_e2m1 (fp32, blocks)",
        partial(_minifloat, "minifloat-fp4_e2m1-fp32-blocks"),
    ),
    Subject("fp16", "fp16-dot", "fp16", partial(_fp16, "fp16-dot-fp16-contexts1", 1)),
    Subject("fp16", "fp16-dot", "fp16 (fp32)", partial(_fp16, "fp16-dot-fp32-contexts4", 4)),
    Subject("dfp", "dfp-pair-fma", "dfp16 (flag)", partial(_pair_fma, "flag")),
    Subject("dfp", "dfp-exponent-scan", "dfp16", _scan),
    Subject("dfp", "dfp-exponent-shift", "dfp16", _shift),
    Subject(
        "power",
        "power-pre-dot",
        "power4_p20over11_f8",
        partial(_power, "pre", "power4_p20over11_f8", 4),
    ),
    Subject("power", "power-post-dot", "power4_p2", partial(_power, "post", "power4_p2", 1)),
    Subject(
        "split",
        "split-dot",
        "int8",
        _split,
    ),
    Subject("requantise", "requantise", "int8", _requantise),
)
