"""A bench as a Markdown page: the table, the means and where the cycles went."""

from __future__ import annotations

from intaglio.api.bench_table import BenchLayer, BenchResult
from intaglio.spec.registers import CAUSES

COLUMNS = (
    *("layer", "cycles", "model", "used", "of formula", "bound"),
    *("reference", "ratio", "streamed", "ratio", "mismatches"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|---|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|"
SPLIT = ("CYCLES", *(name for name, _ in CAUSES))


def markdown(result: BenchResult) -> str:
    """Return the table of layers, and of a whole network its counters."""
    memory = ", ".join(f"{key} {value:g}" for key, value in result.memory.items())
    where = f"configuration {result.config}, device {result.device}, seed {result.seed}"
    lines = [
        f"{result.source}, {where}, {result.buffers_kib} KiB of buffers, memory: {memory}.",
        "",
        HEAD,
        *(_line(layer) for layer in result.layers if not (result.total and layer.unsupported)),
        *([_line(result.total)] if result.total else []),
    ]
    if result.geomean is not None and result.worst is not None:
        lines += ["", f"Geometric mean of the ratios {result.geomean:.3f}, worst"]
        lines[-1] += f" {result.worst.ratio:.3f} ({result.worst.name})"
        if result.streamed_geomean is not None:
            lines[-1] += f"; streamed {result.streamed_geomean:.3f}"
        lines[-1] += "."
    if result.total is not None and set(SPLIT) <= set(result.total.counters):
        split = ", ".join(f"{name} {result.total.counters[name]:,}" for name in SPLIT)
        lines += ["", f"Counters: {split}."]
    return "\n".join(lines) + "\n"


def _line(layer: BenchLayer) -> str:
    if layer.cycles is None:
        return f"| {layer.name} | | | | | not supported: {layer.unsupported} | | | | | |"
    wrong = [n for n in (layer.mismatches, layer.streamed_mismatches) if n is not None]
    cells = (
        layer.name,
        f"{layer.cycles:,}",
        _count(layer.model_cycles),
        _share(layer.utilisation),
        _share(layer.of_formula),
        layer.bound,
        _count(layer.reference_cycles),
        _ratio(layer.ratio),
        _count(layer.streamed_cycles),
        _ratio(layer.streamed_ratio),
        str(sum(wrong)) if wrong else "",
    )
    return f"| {' | '.join(cells)} |"


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
