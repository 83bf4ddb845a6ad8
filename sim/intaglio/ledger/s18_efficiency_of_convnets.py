"""System 18: Efficiency of ConvNets."""

from __future__ import annotations

from intaglio.api.estimates import estimate
from intaglio.api.model import Model
from intaglio.api.models import mobilenet_v2
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing

ROUNDING = 1e-9  # of floating point
NEED = "fusion of blocks of layers"


def identity() -> Verdict:
    """Multiply time, peak rate and efficiency of MobileNetV2's layers, and of the whole."""
    found = estimate(Model(mobilenet_v2()))
    figures = [layer.figures for layer in found.layers if layer.where == "array"]
    worst = max(
        abs((f["cycles"].value or 0) * found.peak * (f["utilisation"].value or 0) - f["macs"].value)
        / max(f["macs"].value, 1)
        for f in [*figures, found.summary]
        if f["macs"].value is not None
    )
    text = f"{len(figures)} layers and the whole, worst relative difference {worst:.1e}"
    return judge(worst <= ROUNDING, text)


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
        Clause("Report identity T*peak*E = ops holds per layer and per model", identity),
        missing(
            "waterline prediction within 10 % of simulated cycles on >= 20 layers",
            "a waterline of effective rates: the one of peak rates bounds, and does not predict",
        ),
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
