"""System 18: Efficiency of ConvNets."""

from __future__ import annotations

import statistics

from intaglio.api.estimates import estimate
from intaglio.api.model import Model
from intaglio.api.models import mobilenet_v2
from intaglio.api.report_inputs import simulated
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing
from intaglio.spec.presets import PRESETS

ROUNDING = 1e-9  # of floating point
CONFIGS = ("default",)
SIZE = 96  # pixels of MobileNetV2's images
LEAST_CYCLES = 1000
LEAST_LAYERS = 20
CLOSE = 0.1
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


def prediction() -> Verdict:
    """Compare the waterline of effective rates with simulated gates, layer by layer."""
    close, every = [], []
    for name in CONFIGS:
        config = PRESETS[name]
        model = Model(mobilenet_v2(SIZE))
        found = {layer.name: layer.figures for layer in estimate(model, config).layers}
        for layer in simulated(model, config, None)["layers"]:
            if (layer["cycles"] or 0) < LEAST_CYCLES:
                continue
            line = found[layer["name"]]["waterline_cycles"].value or 0
            every.append(abs(line / layer["cycles"] - 1))
            close += [every[-1]] if every[-1] <= CLOSE else []
    text = (
        f"{len(close)} of {len(every)} layers of {LEAST_CYCLES:,} cycles or more within "
        f"{CLOSE:.0%}, median {statistics.median(every):.1%}, worst {max(every):.1%}"
    )
    return judge(len(close) >= LEAST_LAYERS and statistics.median(every) <= CLOSE, text)


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
        Clause("waterline prediction within 10 % of simulated cycles on >= 20 layers", prediction),
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
