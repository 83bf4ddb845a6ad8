"""System 26: ECA-Net."""

from __future__ import annotations

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing

KERNELS = (3, 5, 5, 7)
BLOCKS = (3, 4, 6, 3)


def parameters() -> Verdict:
    """Count the parameters of the attention of ResNet-50, a kernel in each block of each stage."""
    count = sum(
        sum(np.zeros(kernel).size for _ in range(blocks))
        for kernel, blocks in zip(KERNELS, BLOCKS, strict=True)
    )
    return judge(count == 80, f"{count} parameters, k = {KERNELS} over {BLOCKS} blocks")


ENTRY = Entry(
    number=26,
    name="ECA-Net",
    kind="B",
    claim=(
        "Channel attention by 1-D conv across channels, adaptive k. 80 params vs 24.37 M; 4.7e-4 "
        "GFLOP; > +2 %"
    ),
    operator="global avg pool -> 1-D conv over the channel axis -> sigmoid -> channel scale",
    clauses=(
        missing(
            "Bit-exact incl. integer mean and LUT sigmoid",
            "convolution over the channel axis on the array",
        ),
        Clause(
            "parameter counter prints 80 for ResNet-50 (k=3,5,5,7 over 3/4/6/3 blocks)", parameters
        ),
        missing(
            "added cycles < 1 % of the block",
            "the block on the array, whose cycles could be compared",
        ),
    ),
)
