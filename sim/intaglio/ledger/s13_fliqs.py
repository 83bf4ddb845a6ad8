"""System 13: FLIQS."""

from __future__ import annotations

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing
from intaglio.spec.codes import number_format

GMACS = 1.827
PUBLISHED = {"BF16": 467.7, "E4M3": 116.9, "E2M1": 29.23}
FORMATS = {"E4M3": "fp8_e4m3", "E2M1": "fp4_e2m1"}
CLOSE = 5e-4


def bit_operations(gmacs: float, act_bits: int, wgt_bits: int) -> float:
    """Return 10**9 bit operations: products times the widths of both operands."""
    return gmacs * act_bits * wgt_bits


def bops() -> Verdict:
    """Compute the bit operations of ResNet-18 in the published formats."""
    bits = {"BF16": 16} | {name: number_format(form).bits for name, form in FORMATS.items()}
    found = {name: bit_operations(GMACS, width, width) for name, width in bits.items()}
    wrong = [n for n, value in found.items() if abs(value / PUBLISHED[n] - 1) > CLOSE]
    text = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
    return judge(not wrong, f"GBOPs of {GMACS} GMAC: {text}")


ENTRY = Entry(
    number=13,
    name="FLIQS",
    kind="C",
    claim=(
        "One-shot RL search of mixed int/FP precision. +1.31 % R18, +0.90 % R50 (int), +0.98 % "
        "MBV2 (FP8), +2.69 % joint NAS"
    ),
    operator="search driver fed by generated-hardware cost",
    clauses=(
        Clause(
            (
                "BOPs model reproduces the authors' R18 numbers 467.7 / 116.9 / 29.23 GBOPs "
                "(BF16/E4M3/E2M1) from 1.827 GMAC"
            ),
            bops,
        ),
        missing(
            (
                "search is within 1 % of exhaustive optimum on an 8-layer toy under a cycle or LUT"
                " budget"
            ),
            "a search over formats by layer with the cost of the gates",
        ),
        missing(
            "runs with int formats, FP formats and both",
            "the same search over integers, floats and both",
        ),
    ),
)
