"""System 18: Efficiency of ConvNets."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "fusion of blocks of layers"

ENTRY = Entry(
    number=18,
    name="Efficiency of ConvNets",
    kind="C",
    claim=(
        "Lavin: Latency = ops/(peak*efficiency); efficiency-gap plots, waterline, block-fusion; "
        "ConvFirst about 4x faster than ConvNeXt"
    ),
    operator="report + fused-block scheduler (grouped 3x3 gw=8 -> PW expand -> act -> PW project)",
    clauses=(
        missing("Report identity T*peak*E = ops holds per layer and per model", NEED),
        missing("waterline prediction within 10 % of simulated cycles on >= 20 layers", NEED),
        missing(
            (
                "fused block DRAM bytes = input+output+weights exactly (intermediates never leave "
                "SRAM)"
            ),
            NEED,
        ),
        missing("fused >= predicted speed-up", NEED),
    ),
)
