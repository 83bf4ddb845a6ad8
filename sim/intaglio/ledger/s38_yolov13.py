"""System 38: YOLOv13."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "batched products of activations, softmax over tokens"

ENTRY = Entry(
    number=38,
    name="YOLOv13",
    kind="B",
    claim=(
        "HyperACE hypergraph correlation, FullPAD, DS blocks. +3.0 mAP vs YOLO11-N, +1.5 vs v12-N"
    ),
    operator=(
        "depthwise-separable k=3/5/7, batched GEMM with softmax over the token axis, "
        "pool2/upsample2/concat, scalar-gate add"
    ),
    clauses=(
        missing(
            "AdaHGConv (A=softmax_N(XP^T/sqrtd), A^TX, A*E) bit-exact with N=H*W reduction", NEED
        ),
        missing("DSConv k7 exact", NEED),
        missing("FullPAD gate folded into a dyadic requant", NEED),
    ),
)
