"""System 21: FP16 on-device learning (MCU)."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "training convolutions as three products of matrices"

ENTRY = Entry(
    number=21,
    name="FP16 on-device learning (MCU)",
    kind="A/B",
    claim=(
        "FP16 SIMD forward/backward primitives on 8+1 RISC-V. <=1.72x over FP32; 3.11 / 0.81 "
        "MAC/clk"
    ),
    operator=(
        "FP16 2-way dot unit; three GEMMs per conv (FW, weight-grad, input-grad) with im2col/im2row"
    ),
    clauses=(
        missing("FP16 dot bit-exact to an IEEE model (RNE, subnormals, FP32-acc option)", NEED),
        missing("FW/WG/IG of conv, depthwise and PW map and match", NEED),
        missing("MAC/clk counter reported, FP16 >= 1.7x FP32 at equal datapath bits", NEED),
    ),
)
