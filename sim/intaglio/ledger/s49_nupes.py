"""System 49: NUPES."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.power import PowerDot, PowerPostDot, PowerPreDot
from intaglio.ledger.area import cells
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.measure import fields, gates, row
from intaglio.spec.codes_power import FORMATS, PowerFormat
from intaglio.spec.formats import IntArray
from intaglio.spec.power_quantise import EXPONENTS, search_exponent

WHOLE = tuple(form for form in FORMATS if form.whole)
ORDERS: tuple[type[PowerDot], ...] = (PowerPreDot, PowerPostDot)
LANES, LENGTH, SUMS = 2, 16, 6400


def _integer(codes: IntArray, bits: int) -> IntArray:
    return codes - ((codes >> (bits - 1)) << bits)


def _products(form: PowerFormat, inputs: Values) -> IntArray:
    """Return (q_w * q_x)**p with the sign of the product: the right side of the identity."""
    sets = fields(inputs)
    both = _integer(sets["act"], form.bits) * _integer(sets["wgt"], form.bits)
    return np.asarray(np.sign(both) * np.abs(both) ** int(form.power), np.int64)


def _every_pair(form: PowerFormat, rng: np.random.Generator) -> Values:
    codes = rng.permutation(1 << (2 * form.bits))
    act, wgt = codes >> form.bits, codes & ((1 << form.bits) - 1)
    ones = np.ones(len(codes), np.int64)
    return {"i": Columns(act=act[:, None], wgt=wgt[:, None], first=ones, last=ones)}


def _sums(form: PowerFormat, rng: np.random.Generator) -> Values:
    act, wgt = rng.integers(0, 1 << form.bits, (2, SUMS * LENGTH, LANES))
    at = np.tile(np.arange(LENGTH), SUMS)
    return {"i": Columns(act=act, wgt=wgt, first=at == 0, last=at == LENGTH - 1)}


def _row(kind: type[PowerDot], form: PowerFormat, exhaustive: bool) -> Row:
    length = 1 if exhaustive else LENGTH
    return row(
        f"{kind.__name__}-{form}",
        partial(kind, form, 1 if exhaustive else LANES, 64),
        partial(_every_pair if exhaustive else _sums, form),
        lambda inputs: {
            "o": _products(form, inputs).sum(axis=1).reshape(-1, length).sum(axis=1).tolist()
        },
    )


def identity() -> Verdict:
    """Multiply every pair of codes in gates; compare with the power of the product."""
    done = gates([_row(PowerPreDot, form, True) for form in WHOLE], 1)
    pairs = [swept.payloads for swept in done]
    full = all(n == 1 << (2 * form.bits) for n, form in zip(pairs, WHOLE, strict=True))
    return judge(full, f"all {sum(pairs)} pairs of {len(WHOLE)} formats, p = 1, 2, 3: 0 differ")


def orders() -> Verdict:
    """Sum in gates with both orders of power and product, on the same codes."""
    done = gates([_row(kind, form, False) for kind in ORDERS for form in WHOLE])
    total = sum(swept.vectors for swept in done)
    return passed(f"both orders equal the same sums: {total} payloads in gates, 0 differ")


def search() -> Verdict:
    """Compare the search on Gaussian weights with the published quantiser, exponent by exponent."""
    w = np.random.default_rng(49).standard_normal(20_000)
    found, right = [], []
    for bits in (4, 8):
        limit, peak = (1 << (bits - 1)) - 1, np.abs(w).max()
        errors = {
            a: float(np.mean((np.sign(w) * (codes / limit) ** (1 / a) * peak - w) ** 2))
            for a in EXPONENTS
            for codes in (np.rint(limit * (np.abs(w) / peak) ** a),)
        }
        best = search_exponent(w, bits)
        least = min(errors, key=lambda a: errors[a])
        right.append(best.value == least and best.value < 1)
        found.append(
            f"a = {best.value} at {bits} bits, MSE {best.error / errors[1.0]:.2f} of a = 1"
        )
    return judge(all(right), "; ".join(found))


def area() -> Verdict:
    """Report what both units take, as 2-input gates and on ECP5."""
    parts = []
    for form in (f for f in WHOLE if f.bits == 4 and f.power > 1):
        for kind, name in ((PowerPreDot, "pre"), (PowerPostDot, "post")):
            unit = kind(form, 1, 512)
            gate, part = cells(unit, "gates"), cells(unit, "ecp5")
            parts.append(
                f"{name} p={form.power}: {gate.two_input} gates, {part.luteq} LUTeq, "
                f"{part.multiplier_blocks} DSP"
            )
            if not gate.two_input or not part.luteq:
                raise ValueError(f"{name} of {form} has no cells")
    return passed("; ".join(parts))


ENTRY = Entry(
    number=49,
    name="NUPES",
    kind="A",
    claim="Power-function codes, exponent search, integer-only inference",
    operator="power-decode PE: w = sign(q)*|q|^{1/a}*s",
    clauses=(
        Clause("p=1/a in {1,2,3}: (q_w^p)(q_x^p) = (q_wq_x)^p exhaustively (checked)", identity),
        Clause("pre-decode and post-power PEs give identical sums", orders),
        Clause("search finds the MSE-best a on Gaussian weights (<1)", search),
        Clause("area of both PEs reported", area),
    ),
)
