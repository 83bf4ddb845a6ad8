"""``intaglio quantise``: a float model becomes one of integers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intaglio.cli.terminal import Terminal
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.quantise.run import LayerReport, Quantised

LIMITLESS_DB = 300.0  # what an error of 0 counts as


def quantise(
    context: typer.Context,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A float .onnx file.")],
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="X.npz", help="Samples: real numbers, one array for each input."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.onnx", help="Default: MODEL_int8.onnx."),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method", metavar="minmax|percentile|mse|entropy", help="How ranges are found."
        ),
    ] = "mse",
    percentile: Annotated[
        float, typer.Option("--percentile", metavar="P", help="Share of values within the range.")
    ] = 99.99,
    weight_bits: Annotated[int, typer.Option("--weight-bits", metavar="4|8|16")] = 8,
    act_bits: Annotated[int, typer.Option("--act-bits", metavar="4|8|16")] = 8,
    granularity: Annotated[
        str,
        typer.Option(
            "--granularity", metavar="tensor|channel|group", help="What has a weight scale."
        ),
    ] = "channel",
    group_size: Annotated[
        int, typer.Option("--group-size", metavar="N", help="Input channels of a group.")
    ] = 32,
    symmetric: Annotated[
        bool, typer.Option("--symmetric", help="Activations without a zero point.")
    ] = False,
    affine_weights: Annotated[
        bool, typer.Option("--affine-weights", help="Weights with a zero point.")
    ] = False,
    rounding: Annotated[str, typer.Option("--rounding", metavar="nearest|learned")] = "nearest",
    weights: Annotated[
        str,
        typer.Option(
            "--weights",
            metavar="linear|shift|two-term|apot",
            help="Powers of two, or sums of two of them, for lanes that shift.",
        ),
    ] = "linear",
    layers: Annotated[
        list[str] | None,
        typer.Option("--layer", metavar="PATTERN=BITS", help="Bits of the weights of some layers."),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, help="Use the first N samples.")
    ] = 32,
) -> int:
    """Quantise a float ONNX model on samples, and write it as ONNX QDQ.

    Example: intaglio quantise net.onnx --data x.npz --rounding learned --weight-bits 4 -o q.onnx
    """
    from intaglio import api

    terminal: Terminal = context.obj
    scheme = api.Scheme(
        method=method,
        percentile=percentile,
        act_bits=act_bits,
        weight_bits=weight_bits,
        symmetric=symmetric,
        affine_weights=affine_weights,
        granularity=granularity,
        group_size=group_size,
        rounding=rounding,
        weights=weights,
        layers=tuple(map(_layer, layers or [])),
    )
    with terminal.waiting() as progress:
        made = api.quantise(model, data, scheme, count=samples, tell=progress)
    path = output or model.with_name(f"{model.stem}_int{weight_bits}.onnx")
    api.write_file(path, made.data)
    _show(terminal, made)
    terminal.say(f"written: {path}")
    terminal.result({**payload(made), "scheme": asdict(scheme), "output": str(path)})
    return 0


def _layer(text: str) -> tuple[str, int]:
    pattern, _, bits = text.rpartition("=")
    if not pattern or not bits.isdigit():
        raise UsageError(
            Finding(
                "E101",
                f"--layer is {text}",
                "--layer",
                text,
                "PATTERN=BITS",
                "for instance --layer 'conv_*=4'",
            )
        )
    return pattern, int(bits)


def payload(made: Quantised) -> dict[str, Any]:
    """Return the JSON object of a quantised model."""
    return {
        "samples": made.samples,
        "layers": [asdict(layer) for layer in made.layers],
        "passes": [{**asdict(c), "certificate": c.text} for c in made.certificates],
        "fused_activations": made.fused,
        "outputs_sqnr_db": made.outputs,
        "weight_bytes": made.weight_bytes,
        "float_bytes": made.float_bytes,
    }


def _show(terminal: Terminal, made: Quantised) -> None:
    terminal.table(
        ("layer", "operator", ">act\nbits", ">weight\nbits", ">SQNR\ndB", ">of weights\ndB"),
        [_row(layer) for layer in made.layers],
        title=f"{made.samples} samples",
    )
    for certificate in made.certificates:
        terminal.say(f"{certificate.name}: {certificate.changed} operators, {certificate.text}")
    terminal.say(f"activation fusion: {made.fused} operators, bit-exact")
    for name, ratio in made.outputs.items():
        terminal.say(f"output {name}: SQNR {_ratio(ratio)} dB")
    share = made.float_bytes / max(made.weight_bytes, 1)
    terminal.say(f"weights: {made.weight_bytes} bytes, 1/{share:.2f} of float32")


def _row(layer: LayerReport) -> tuple[str, ...]:
    weights = layer.weight_sqnr_db
    return (
        layer.name,
        layer.op,
        str(layer.act_bits),
        str(layer.weight_bits or "-"),
        _ratio(layer.sqnr_db),
        "-" if weights is None else _ratio(weights),
    )


def _ratio(value: float) -> str:
    return "exact" if value >= LIMITLESS_DB else f"{value:.1f}"
