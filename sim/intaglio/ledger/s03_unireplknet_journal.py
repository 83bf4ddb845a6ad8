"""System 3: UniRepLKNet journal."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=3,
    name="UniRepLKNet journal",
    kind="C/B",
    claim=(
        '"Scaling Up Your Kernels": Large-kernel guidelines + Dilated Reparam Block, many '
        "modalities. 88.0 % IN-1k, 55.6 mIoU, 56.4 AP"
    ),
    operator=(
        "compile-time merge of {large k, 4 to 5 dilated small kernels, BNs} into one KxK depthwise"
    ),
    clauses=(
        missing(
            (
                "K=13 with (k,r)=(5,1)(7,2)(3,3)(3,4)(3,5): merged conv bit-exact to the sum of 6 "
                "branches in INT32 (checked)"
            ),
            NEED,
        ),
        missing(
            (
                "pass detects that merged integer weights exceed INT8 (210 seen on random int8 "
                "kernels) and either widens to INT16 or requantises"
            ),
            NEED,
        ),
        missing("merged MACs 169 vs 270 unmerged", NEED),
        missing("a 1-D (time series) and a 2-D (audio spectrogram) tensor both go through", NEED),
    ),
)
