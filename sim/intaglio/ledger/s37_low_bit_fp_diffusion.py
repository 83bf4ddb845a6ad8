"""System 37: Low-bit FP diffusion."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from intaglio.bench.sweeps_minifloat import EXHAUSTIVE
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.measure import gates
from intaglio.spec.codes_minifloat import FORMATS
from intaglio.spec.minifloat_quantise import GAMMAS, learn_rounding, search_format

FloatArray = npt.NDArray[np.float64]
MIXED = tuple(
    f"minifloat-product-{fa}-{fw}"
    for fa in FORMATS
    for fw in FORMATS
    if (fa.bits, fw.bits) == (8, 4)
)
SAMPLES: dict[str, Callable[[np.random.Generator], FloatArray]] = {
    "Gaussian": lambda rng: rng.standard_normal(2000),
    "Laplace": lambda rng: rng.laplace(size=2000),
    "uniform": lambda rng: rng.uniform(-1, 1, 2000),
}
CLOSE = 1e-9


def products() -> Verdict:
    """Multiply every FP8 code with every FP4 code in gates, for every pair of formats."""
    rows = [row for row in EXHAUSTIVE if row.name in MIXED]
    done = gates(rows, 16 * 256)
    if len(rows) != len(MIXED) or any(swept.payloads < 16 * 256 for swept in done):
        raise ValueError(f"{len(rows)} of {len(MIXED)} pairs of formats were run")
    return passed(f"16 x 256 products of {len(rows)} pairs of FP8 and FP4 in gates, 0 differ")


def quantised(x: FloatArray, exponent_bits: int, mantissa_bits: int, maximum: float) -> FloatArray:
    """Return x by the published quantiser: a step that is a power of two of each value.

    b = 2**E - log2(max) + log2(2 - 2**-M) - 1, lambda = max(1, floor(log2|x| + b)),
    step = 2**(lambda - M - b), x -> RNE(x / step) * step within +-max.
    """
    bias = 2**exponent_bits - math.log2(maximum) + math.log2(2 - 2**-mantissa_bits) - 1
    held = np.clip(x, -maximum, maximum)
    size = np.where(held == 0, 1e-30, np.abs(held))
    scale = np.maximum(1, np.floor(np.log2(size) + bias + 1e-12))
    step = 2.0 ** (scale - mantissa_bits - bias)
    rounded: FloatArray = np.rint(held / step) * step
    return np.clip(rounded, -maximum, maximum)


def search() -> Verdict:
    """Compare the search with the published formula tried for every (E, M, bias)."""
    rng = np.random.default_rng(37)
    found, wrong = [], []
    for name, draw in SAMPLES.items():
        x = draw(rng)
        for bits in (4, 8):
            choice = search_format(x, bits)
            splits = [form for form in FORMATS if form.bits == bits]
            errors = [
                float(np.mean((quantised(x, f.exponent_bits, f.mantissa_bits, g * peak) - x) ** 2))
                for peak in (float(np.abs(x).max()),)
                for f in splits
                for g in (1.0, *GAMMAS)
            ]
            best = min(errors)
            if abs(choice.error - best) > CLOSE * best:
                wrong.append(f"{name} {bits} bits: {choice.error:.4g}, least is {best:.4g}")
            found.append(f"{name} {choice.form.name}")
    figure = "least MSE of every split and 102 biases: " + ", ".join(found)
    return judge(not wrong, "; ".join(wrong) or figure)


def rounding() -> Verdict:
    """Compare learned with nearest rounding on layers of several sizes."""
    rng = np.random.default_rng(37)
    ratios = []
    for bits, terms in ((4, 64), (4, 128), (8, 64)):
        mixing = rng.standard_normal((terms, terms)) / math.sqrt(terms)
        x = rng.standard_normal((256, terms)) @ mixing
        w = rng.standard_normal((terms, 32))
        choice = search_format(w, bits)
        near, learned = choice.quantise(w), learn_rounding(x, w, choice)
        errors = [float(np.mean((x @ (choice.values(c) - w)) ** 2)) for c in (learned, near)]
        ratios.append(errors[0] / errors[1])
    text = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    return judge(max(ratios) < 1, f"output MSE by that of nearest rounding: {text}")


ENTRY = Entry(
    number=37,
    name="Low-bit FP diffusion",
    kind="A",
    claim="FP8/FP4 PTQ with rounding learning. W8A8 FP about FP32; W4A8 minimal loss",
    operator="FP4xFP8 multiplier; search of E/M/bias; learned rounding",
    clauses=(
        Clause("16x256 products exhaustively exact", products),
        Clause("search picks the MSE-best (E,M,bias) on Gaussian/Laplace/uniform", search),
        Clause("learned rounding lowers layer-output MSE vs RTN", rounding),
    ),
)
