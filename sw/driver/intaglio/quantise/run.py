"""From a float network and samples to a quantised file, with what it costs in accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel, read_onnx
from intaglio.compiler.passes.certificate import Certificate
from intaglio.quantise.calibrate import Statistics, calibrated
from intaglio.quantise.forward import forward
from intaglio.quantise.grid import Grid, grid_of
from intaglio.quantise.layers import WeightedLayer, weighted_layers
from intaglio.quantise.network import OPSET, read_float
from intaglio.quantise.passes import simplified, sqnr_db
from intaglio.quantise.place import CLIPS, FIXED, Places, places_of
from intaglio.quantise.scheme import Scheme
from intaglio.quantise.weights import Weights, quantised_weights
from intaglio.quantise.write import names_of, write_qdq

Array = npt.NDArray[Any]
Samples = Mapping[str, Array]
Told = Callable[[str], None]
COMPARED = 4
"""Samples that the signal-to-noise ratios are measured on."""


@dataclass(frozen=True)
class LayerReport:
    """One operator with a quantised output.

    Parameters
    ----------
    act_bits, weight_bits : int
        0: it has no weights.
    sqnr_db : float
        Of its output, with all operators before it quantised too.
    weight_sqnr_db : float or None
        Of its weights.
    """

    name: str
    op: str
    act_bits: int
    weight_bits: int
    sqnr_db: float
    weight_sqnr_db: float | None


@dataclass(frozen=True, eq=False)
class Quantised:
    """A quantised file, and how it was made.

    Parameters
    ----------
    data : bytes
        ONNX QDQ.
    certificates : tuple
        Of the passes.
    fused : int
        Activations that stand in the operator before them.
    weight_bytes, float_bytes : int
        Of all quantised weights, and of the same as float32.
    """

    data: bytes
    layers: tuple[LayerReport, ...]
    certificates: tuple[Certificate, ...]
    fused: int
    outputs: dict[str, float]
    samples: int
    weight_bytes: int
    float_bytes: int


def quantise(
    data: bytes,
    file: str,
    samples: Samples,
    scheme: Scheme,
    *,
    folder: Path | None = None,
    tell: Told | None = None,
) -> Quantised:
    """Quantise a float ONNX network.

    Parameters
    ----------
    samples : mapping of input name to array
        Calibration data; the first axis counts samples, each in the shape of the file.

    Raises
    ------
    ModelError
        E301 to E304: the file cannot be read, is quantised already, or cannot be computed.
    """
    say = tell or (lambda _: None)
    model = read_float(data, file, folder)
    say("folding")
    model, certificates = simplified(model, next(_each(samples)))
    places, layers = places_of(model), weighted_layers(model)
    seen, grams = _measured(model, places, layers, samples, scheme, say)
    grids = {name: _grid(model, name, seen[name], scheme) for name in places.own}
    weights = {}
    for name, layer in layers.items():
        say(f"weights of {layer.node.name}")
        weights[name] = _weights(layer, grids, places, scheme, grams.get(name))
    made = write_qdq(model, places, grids, layers, weights)
    say("comparing")
    ratios = _compared(model, places, made, file, samples)
    return Quantised(
        made,
        tuple(_reports(model, places, grids, layers, weights, ratios)),
        certificates,
        places.fused,
        {name: ratios[name] for name in model.outputs},
        len(next(iter(samples.values()))),
        sum(w.codes.size * w.bits for w in weights.values()) // 8,
        sum(w.codes.size * 4 for w in weights.values()),
    )


def _each(samples: Samples) -> Iterator[dict[str, Array]]:
    for index in range(len(next(iter(samples.values())))):
        yield {name: array[index] for name, array in samples.items()}


def _measured(
    model: OnnxModel,
    places: Places,
    layers: Mapping[str, WeightedLayer],
    samples: Samples,
    scheme: Scheme,
    say: Told,
) -> tuple[dict[str, Statistics], dict[str, Array]]:
    """Return the statistics of values, and for learned rounding what operands are like."""
    seen = {name: Statistics() for name in places.own}
    grams: dict[str, Array] = {}

    def see(node: OnnxNode, operands: Sequence[Array]) -> None:
        if scheme.rounding != "learned" or node.outputs[0] not in layers:
            return
        gram = layers[node.outputs[0]].gram(operands)
        if gram is not None:
            known = grams.get(node.outputs[0])
            grams[node.outputs[0]] = gram if known is None else known + gram

    total = len(next(iter(samples.values())))
    for number, sample in enumerate(_each(samples)):
        say(f"calibrating, sample {number + 1} of {total}")
        values = forward(model, sample, see)
        for name, found in seen.items():
            found.add(values[name])
    return seen, grams


def _grid(model: OnnxModel, name: str, found: Statistics, scheme: Scheme) -> Grid:
    """Return the quantiser of a value; those of inputs and of functions keep 8 bits or more."""
    op = next((node.op for node in model.nodes if name in node.outputs), "")
    bits = max(scheme.act_bits, 8) if op in FIXED or not op else scheme.act_bits
    if op in FIXED:
        low, high = FIXED[op]
        signed = bits == 16 or scheme.symmetric
        step = 2.0 ** (1 - bits) if signed else (high - low) / (1 << bits)
        return grid_of((low, high - step), bits, scheme.symmetric)
    ends = calibrated(
        found,
        scheme.method,
        bits,
        symmetric=scheme.symmetric or bits == 16,
        percentile=scheme.percentile,
    )
    return grid_of(ends, bits, scheme.symmetric)


def _weights(
    layer: WeightedLayer,
    grids: Mapping[str, Grid],
    places: Places,
    scheme: Scheme,
    gram: Array | None,
) -> Weights:
    source = layer.node.inputs[0]
    x = grids[places.like.get(source, source)]
    least = np.zeros(1)
    if layer.bias is not None:
        least = np.abs(layer.bias.astype(np.float64)).reshape(-1) / (x.scale * 2.0**30)
    chosen = scheme if layer.per_channel else replace(scheme, granularity="tensor")
    if chosen.granularity == "tensor":
        least = least.max(keepdims=True)
    bits = scheme.bits_of(layer.node.name)
    return quantised_weights(layer.weights, chosen, bits, scheme.act_bits, least, gram)


def _compared(
    model: OnnxModel, places: Places, made: bytes, file: str, samples: Samples
) -> dict[str, float]:
    """Return the ratio of each quantised value, in dB, over the first samples."""
    coded = replace(read_onnx(made, file, None), opset=OPSET)
    real: dict[str, list[Array]] = {}
    found: dict[str, list[Array]] = {}
    for _, sample in zip(range(COMPARED), _each(samples), strict=False):
        before, after = forward(model, sample), forward(coded, sample)
        for name in (*places.own, *places.like):
            real.setdefault(name, []).append(before[name])
            found.setdefault(name, []).append(after[names_of(model, name).back])
    return {name: sqnr_db(np.stack(real[name]), np.stack(found[name])) for name in real}


def _reports(
    model: OnnxModel,
    places: Places,
    grids: Mapping[str, Grid],
    layers: Mapping[str, WeightedLayer],
    weights: Mapping[str, Weights],
    ratios: Mapping[str, float],
) -> Iterator[LayerReport]:
    for node in model.nodes:
        name = _quantised_at(model, node, ratios)
        layer, made = layers.get(node.outputs[0]), weights.get(node.outputs[0])
        fused = node.op in CLIPS and node.inputs[0] not in ratios
        if name is None or fused or (layer is None and name not in places.own):
            continue
        grid = grids[places.like.get(name, name)]
        ratio = None if layer is None or made is None else sqnr_db(layer.weights, made.real)
        yield LayerReport(
            node.name,
            node.op,
            (grid.high - grid.low).bit_length(),
            0 if made is None else made.bits,
            ratios[name],
            ratio,
        )


def _quantised_at(model: OnnxModel, node: OnnxNode, ratios: Mapping[str, float]) -> str | None:
    """Return the value in which an operator's output is quantised: its own, or a reader's."""
    name = node.outputs[0]
    while name not in ratios:
        after = [other for other in model.nodes if name in other.inputs]
        if len(after) != 1:
            return None
        name = after[0].outputs[0]
    return name
