"""System 1: DFP-16 training."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "training in shared-exponent integers"

ENTRY = Entry(
    number=1,
    name="DFP-16 training",
    kind="A",
    claim=(
        'Das 2018: Shared-exponent "dynamic fixed point" tensors; FMA of two INT16 pairs -> INT32;'
        " overflow handling of that accumulator. ResNet-50, GoogLeNet-v1, VGG-16, AlexNet at/above"
        " FP32 accuracy; 1.8x end-to-end training throughput"
    ),
    operator="pair-FMA16 unit + tensor-exponent unit (max, LZC, shift) + accumulator spill",
    clauses=(
        missing(
            (
                "(i) pair-FMA bit-exact incl. the one pair that overflows: (-32768)^2+(-32768)^2 ="
                " 2^31"
            ),
            NEED,
        ),
        missing(
            (
                "(ii) tool proves a safe chain length L(b) for b-bit operands = 16 -> 2, 15 -> 8, "
                "14 -> 32, 13 -> 128 products"
            ),
            NEED,
        ),
        missing("at L no overflow flag, at L+1 a directed vector raises it", NEED),
        missing("(iii) spill-to-wide mode gives the exact sum for any K", NEED),
        missing("(iv) forward, dgrad, wgrad of one conv >= 75 dB SQNR", NEED),
        missing("and a small CNN trained in DFP-16 ends within 1 % of FP32 loss", NEED),
    ),
)
