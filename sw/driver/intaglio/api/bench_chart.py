"""Ratios of a bench as an SVG bar chart, drawn without a library."""

from __future__ import annotations

from html import escape

from intaglio.api.bench_table import BenchLayer, BenchResult

NAME, PLOT, ROW, HEAD, FOOT, MARGIN = 240, 520, 18, 46, 34, 70
BAR, SECOND, LINE, TEXT = "#2f6f9f", "#b9cfdf", "#a33a2c", "#222222"


def chart(result: BenchResult) -> str:
    """Return a bar for each layer with a ratio: wide for the gates' own, thin for ``streamed``.

    A line marks ratio 1, where both accelerators are as fast.
    """
    layers = [layer for layer in result.layers if layer.ratio is not None]
    most = max((layer.ratio or 0.0 for layer in layers), default=1.0)
    most = max(most, *(layer.streamed_ratio or 0.0 for layer in layers), 1.0)
    height = HEAD + ROW * len(layers) + FOOT
    width = NAME + PLOT + MARGIN
    scale = PLOT / most
    size = f'width="{width}" height="{height}"'
    font = f'font-family="sans-serif" font-size="11" fill="{TEXT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}" {font}>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="18" font-size="14">{escape(_title(result))}</text>',
        f'<text x="8" y="34">{escape(_subtitle(result))}</text>',
    ]
    parts += [_bars(layer, HEAD + ROW * at, scale) for at, layer in enumerate(layers)]
    parts += _axis(most, scale, HEAD + ROW * len(layers))
    return "\n".join([*parts, "</svg>", ""])


def _title(result: BenchResult) -> str:
    mean = "" if result.geomean is None else f", geometric mean {result.geomean:.2f}"
    return f"{result.source} on {result.config} ({result.device}): reference cycles / cycles{mean}"


def _subtitle(result: BenchResult) -> str:
    if not result.streamed_config:
        return "line: as fast as the reference"
    return (
        "wide bars: activations resident; thin bars: everything from memory, "
        f"{result.streamed_buffers_kib} KiB of buffers; line: as fast as the reference"
    )


def _bars(layer: BenchLayer, top: int, scale: float) -> str:
    ratio, streamed = layer.ratio or 0.0, layer.streamed_ratio
    parts = [
        f'<text x="{NAME - 6}" y="{top + 12}" text-anchor="end">{escape(layer.name)}</text>',
        f'<rect x="{NAME}" y="{top + 2}" width="{ratio * scale:.1f}" height="9" fill="{BAR}"/>',
        f'<text x="{NAME + ratio * scale + 4:.1f}" y="{top + 11}">{ratio:.2f}</text>',
    ]
    if streamed is not None:
        parts.append(
            f'<rect x="{NAME}" y="{top + 12}" width="{streamed * scale:.1f}" height="3" '
            f'fill="{SECOND}"/>'
        )
    return "".join(parts)


def _axis(most: float, scale: float, bottom: int) -> list[str]:
    one = f"{NAME + scale:.1f}"
    parts = [f'<line x1="{one}" y1="{HEAD - 4}" x2="{one}" y2="{bottom + 4}" stroke="{LINE}"/>']
    for tick in range(int(most) + 1):
        x = NAME + tick * scale
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick}</text>')
    return parts
