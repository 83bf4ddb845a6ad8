"""System 28: HAWQ-V3."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.row import Row, Values
from intaglio.gateware.requantise import Requantise
from intaglio.ledger.entry import Clause, Entry, Verdict, missing, passed
from intaglio.ledger.measure import gates, row
from intaglio.spec.formats import INT32
from intaglio.spec.presets import PRESETS
from intaglio.spec.rounding import Rounding

CONFIG = PRESETS["tiny"]
PAYLOADS, REACH = 25_000, 100
LOW, HIGH = -128, 127
EXPONENTS = (31, 33, 36, 38, 40)


def _near_tie(rng: np.random.Generator, multiplier: int, exponent: int) -> int:
    """Return q with q * multiplier = 2**(e - 1) + delta modulo 2**e, |delta| <= 100, in 32 bits."""
    delta = int(rng.integers(-REACH, REACH + 1))
    period = 1 << exponent
    q = pow(multiplier, -1, period) * ((period >> 1) + delta) % period
    q -= period if q >= period >> 1 else 0
    return q if INT32.min <= q <= INT32.max else int(rng.integers(INT32.min, INT32.max + 1))


def _draw(rng: np.random.Generator) -> Values:
    """Return near-ties of odd multipliers, then chance; accumulators carry no bias."""
    payloads = []
    for _ in range(PAYLOADS):
        accs, params = [], []
        for _ in range(CONFIG.requant_lanes):
            exponent = int(rng.choice(EXPONENTS))
            odd = int(rng.integers(1 << 30, 1 << 31)) | 1
            accs.append(_near_tie(rng, odd, exponent))
            params.append({"bias": 0, "multiplier": odd, "shift": 31 - exponent})
        payloads.append({"acc": accs, "param": params})
    return {"i": payloads}


def _exact(inputs: Values) -> Values:
    """Return clip(floor(q * m / 2**e + 1/2)), in Python's integers."""
    results = []
    for payload in inputs["i"]:
        codes = []
        for acc, param in zip(payload["acc"], payload["param"], strict=True):
            exponent = 31 - param["shift"]
            rounded = (acc * param["multiplier"] + (1 << (exponent - 1))) >> exponent
            codes.append(min(max(rounded, LOW), HIGH))
        results.append(codes)
    return {"o": results}


def _row() -> Row:
    return row(
        "requantise",
        partial(Requantise, CONFIG),
        _draw,
        _exact,
        rounding=int(Rounding.SINGLE_UP),
        zero_point=0,
        low=LOW & 0xFFFF,
        high=HIGH,
    )


def requantiser() -> Verdict:
    """Compare gates with exact integers at near-ties of many multipliers."""
    (done,) = gates([_row()])
    return passed(
        f"floor(q*m/2^e + 1/2) of {CONFIG.requant_lanes} lanes, near-ties within {REACH} of half: "
        f"{done.vectors} payloads in gates, 0 differ"
    )


ENTRY = Entry(
    number=28,
    name="HAWQ-V3",
    kind="A/C",
    claim=(
        "Dyadic integer-only inference + ILP bit allocation. INT8 R50 77.58 %; INT4 1.45x INT8; "
        "mixed -23 % latency at 76.73 %"
    ),
    operator="dyadic requantiser; ILP allocator",
    clauses=(
        Clause(
            "Requantiser bit-exact to exact-integer rounding incl. directed near-ties", requantiser
        ),
        missing(
            "residual add = two requants, each rounded, then summed",
            "a residual add of two 32-bit sums, each rounded by itself",
        ),
        missing(
            "ILP equals brute force (65,536 cases) on the published R18 data: optima",
            "an allocator of bits by integer programming",
        ),
    ),
)
