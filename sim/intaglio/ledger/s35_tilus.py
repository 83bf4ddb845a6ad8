"""System 35: Tilus."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.pairs_groups import scale_row
from intaglio.bench.pairs_unpack import unpack_row
from intaglio.bench.row import Row, Values
from intaglio.gateware.mac import MacLane
from intaglio.gateware.minifloat_dot import MinifloatDot
from intaglio.gateware.product import OperatorProduct
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.measure import fields, gates, row
from intaglio.spec.codes_minifloat import Minifloat
from intaglio.spec.formats import INT8, IntArray, IntFormat, dot_format, signed, unsigned
from intaglio.spec.groups import ScaleGroups
from intaglio.spec.operands import Operands
from intaglio.spec.pack import pack_codes, packed_bytes, unpack_codes
from intaglio.spec.placement import Placement

WIDTHS = range(1, 9)
FLOATS = tuple(
    Minifloat(f"fp{bits}_e{e}m{bits - 1 - e}", bits, e, (1 << (e - 1)) - 1)
    for bits in range(3, 9)
    for e in range(1, min(5, bits - 2) + 1)
)
"""Every minifloat of 3 to 8 bits with a mantissa."""
LANES, BEAT, CODES = 8, 8, 72
DEPTH, SUMS, LENGTH = 2, 3200, 32


def identity() -> Verdict:
    """Unpack in gates what was packed, for every width; then read it as each kind of code."""
    rows = [unpack_row(b, LANES, BEAT, CODES, tiles=2400) for b in WIDTHS]
    rows += [unpack_row(b, 5, 4, 23, tiles=2400) for b in WIDTHS]
    done = gates(rows)
    rng = np.random.default_rng(35)
    for bits in WIDTHS:
        for form in (signed(bits), unsigned(bits)):
            codes = rng.integers(form.min, form.max + 1, 1001)
            back = unpack_codes(pack_codes(codes, bits), bits, 1001, signed=form.signed)
            if not np.array_equal(back, codes):
                raise ValueError(f"{form} codes come back changed")
    for real in FLOATS:
        every = np.arange(1 << real.bits)
        back = unpack_codes(pack_codes(every, real.bits), real.bits, len(every), signed=False)
        if not np.array_equal(real.values(back), real.values(every)):
            raise ValueError(f"{real} codes come back changed")
    total = sum(swept.vectors for swept in done)
    return passed(
        f"int and uint of 1 to 8 bits, {len(FLOATS)} float formats; {total} payloads of "
        f"{len(rows)} unpackers in gates, 0 differ"
    )


def no_padding() -> Verdict:
    """Measure packed tiles of every width and of many sizes."""
    wasted = [
        (bits, count)
        for bits, count in product(WIDTHS, range(1, 200))
        if not len(pack_codes(np.zeros(count), bits)) == packed_bytes(count, bits)
        or packed_bytes(count, bits) != -(-count * bits // 8)
    ]
    return judge(not wasted, f"{8 * 199} tiles of ceil(n*b/8) bytes, {len(wasted)} longer")


def _stored(codes: IntArray, bits: int, is_signed: bool) -> IntArray:
    """Return the codes as the array gets them: packed, then unpacked."""
    back = unpack_codes(pack_codes(codes, bits), bits, codes.size, signed=is_signed)
    return back.reshape(codes.shape)


def _marks() -> dict[str, IntArray]:
    at = np.tile(np.arange(LENGTH), SUMS)
    return {"first": (at == 0).astype(np.int64), "last": (at == LENGTH - 1).astype(np.int64)}


def _integers(wgt: IntFormat, rng: np.random.Generator) -> Values:
    shape = (SUMS * LENGTH, DEPTH)
    act = rng.integers(INT8.min, INT8.max + 1, shape)
    codes = rng.integers(wgt.min, wgt.max + 1, shape)
    marks = _marks()
    stored = _stored(codes, wgt.bits, wgt.signed)
    return {"i": Columns(act=act, wgt=stored, last=marks["last"]), "unpacked": codes}  # type: ignore[dict-item]


def _integer_row(wgt: IntFormat) -> Row:
    # An unsigned weight is one bit wider for the signed multiplier.
    held = wgt if wgt.signed else signed(wgt.bits + 1)
    unit = OperatorProduct(Operands(f"w{held.bits}a8", held, INT8))
    bits = dot_format(INT8, held, DEPTH * LENGTH).bits

    def golden(inputs: Values) -> Values:
        act, codes = fields(inputs)["act"], np.asarray(inputs["unpacked"])
        return {"o": (act * codes).sum(axis=1).reshape(SUMS, LENGTH).sum(axis=1)[:, None].tolist()}

    return row(
        f"gemm-{wgt}", partial(MacLane, unit, DEPTH, bits, LENGTH), partial(_integers, wgt), golden
    )


def _float_row(wgt: Minifloat) -> Row:
    act = Minifloat("fp8_e4m3", 8, 4, 7)

    def draw(rng: np.random.Generator) -> Values:
        shape = (SUMS * LENGTH, DEPTH)
        codes = rng.integers(0, 1 << wgt.bits, shape)
        acts = rng.integers(0, 256, shape)
        return {
            "i": Columns(act=acts, wgt=_stored(codes, wgt.bits, False), **_marks()),
            "unpacked": codes,  # type: ignore[dict-item]
        }

    def golden(inputs: Values) -> Values:
        wide: Any = wgt.decode(np.asarray(inputs["unpacked"])).astype(object)
        products = wide * act.decode(fields(inputs)["act"]).astype(object)
        return {"o": products.sum(axis=1).reshape(SUMS, LENGTH).sum(axis=1).tolist()}

    return row(f"gemm-{wgt}", lambda: MinifloatDot(act, wgt, DEPTH, DEPTH * LENGTH), draw, golden)


def gemm() -> Verdict:
    """Multiply with packed weights in gates; compare with the weights that were packed."""
    rows = [_integer_row(make(bits)) for bits in WIDTHS for make in (signed, unsigned)]
    rows += [_float_row(form) for form in FLOATS]
    rows += [scale_row(ScaleGroups(32, 16), 48, 1500)]
    done = gates(rows)
    total = sum(swept.vectors for swept in done)
    return passed(f"{len(rows)} weight formats, one with group scales: {total} payloads, 0 differ")


def _placement(rng: np.random.Generator) -> Placement:
    """Return a layout of two axes with up to two digits each, dealt out by chance."""
    modes = tuple(
        tuple(int(n) for n in rng.integers(1, 4, int(rng.integers(0, 3)))) for _ in range(2)
    )
    digits = rng.permutation(sum(map(len, modes)))
    cut = int(rng.integers(0, len(digits) + 1))
    copies = (-2,) if rng.random() < 0.3 else ()
    spatial = tuple(int(d) for d in digits[:cut]) + copies
    return Placement(modes, spatial, tuple(int(d) for d in digits[cut:]))


def associative() -> Verdict:
    """Compose random layouts in both orders; compare where every element goes."""
    rng = np.random.default_rng(35)
    commuting = 0
    for _ in range(1000):
        a, b, c = (_placement(rng) for _ in range(3))
        if not np.array_equal(((a @ b) @ c).order(), (a @ (b @ c)).order()):
            raise ValueError(f"{a}, {b} and {c} do not associate")
        commuting += np.array_equal((a @ b).order(), (b @ a).order())
    documented = Placement(((2, 2), (3, 2)), (0, 2), (3, 1)).order()
    expected = [[j // 2 + i // 2 * 3, j % 2 * 2 + i % 2] for i, j in product(range(4), range(6))]
    right = all(documented[w, s] == n for n, (w, s) in enumerate(expected))
    text = f"1000 triples of layouts associate, {commuting} pairs of them commute"
    return judge(right and commuting < 1000, text + "; the published example holds")


ENTRY = Entry(
    number=35,
    name="Tilus",
    kind="A/C",
    claim=(
        "Arbitrary-bit-width (1 to 8) weights, algebraic layouts. 1.75x Triton, 2.61x Ladder, "
        "1.29x QuantLLM, 1.03x Marlin"
    ),
    operator="b-bit packed stream unpacker for every b in 1...8, layout algebra",
    clauses=(
        Clause("For all b and int/uint/float codes: pack -> unpack identity", identity),
        Clause("no padding waste (bytes = ceil(n*b/8) per tile)", no_padding),
        Clause("GEMM equal to unpacked reference", gemm),
        Clause("layout composition associative (property test)", associative),
    ),
)
