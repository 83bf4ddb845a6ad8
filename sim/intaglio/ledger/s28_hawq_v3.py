"""System 28: HAWQ-V3."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.api.suites import data_folder
from intaglio.bench.row import Row, Values
from intaglio.gateware.requantise import Requantise
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, lacking, passed
from intaglio.ledger.measure import gates, row
from intaglio.ledger.residual_sum import residual
from intaglio.quantise.allocate import allocate, exhaustive
from intaglio.quantise.sensitivity_table import read_table, table_problem
from intaglio.spec.errors import UsageError
from intaglio.spec.formats import INT32
from intaglio.spec.presets import PRESETS
from intaglio.spec.rounding import Rounding

CONFIG = PRESETS["tiny"]
PAYLOADS, REACH = 25_000, 100
LOW, HIGH = -128, 127
EXPONENTS = (31, 33, 36, 38, 40)

TABLE = "anchors/hawq_r18.csv"
PUBLISHED = {  # bits of the 19 layers, objective against 4 bits everywhere
    "bytes": ("8888888888888884844", -1.2332),
    "bops": ("8884888848884444444", -1.0920),
    "t4_latency": ("8888848848884484844", -1.1050),
}
CASES, SHARE, DIGIT = 65_536, 0.5, 5e-5


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


def optima() -> Verdict:
    """Solve the published problems by integer programming, and by trying all assignments."""
    try:
        path = data_folder(None) / TABLE
        rows, widths = read_table(path.read_text(), TABLE)
    except (UsageError, OSError):
        return lacking(f"{TABLE} of the reference data, which lie elsewhere")
    good, parts = True, []
    for budget, (bits, objective) in PUBLISHED.items():
        problem, place = table_problem(rows, widths, budget, SHARE, TABLE)
        found, best = allocate(problem), exhaustive(problem)
        own = "".join(str(found.options[p]) for p in place)
        gain = found.loss - problem.loss([0] * len(problem.groups))
        good &= own == bits and found.chosen == best.chosen and abs(gain - objective) < DIGIT
        good &= len(widths) ** len(problem.groups) == CASES
        parts.append(f"{budget} {own} {gain:.4f}")
    text = "; ".join(parts)
    return judge(good, f"integer program = brute force of {CASES} = published: {text}")


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
        Clause("residual add = two requants, each rounded, then summed", residual),
        Clause("ILP equals brute force (65,536 cases) on the published R18 data: optima", optima),
    ),
)
