"""CMSIS-NN's unit tests: single operators with multipliers and shifts instead of scales."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from intaglio.api.suites import Case
from intaglio.api.suites_run import mismatch
from intaglio.compiler.load_codes import centred_weights
from intaglio.spec.formats import Array
from intaglio.spec.graph import Attributes, Graph, Node, Op, Quantisation, Requant, Tensor
from intaglio.spec.rounding import Rounding
from intaglio.spec.scale import Scale, q15

OPS = {
    "conv": Op.CONV,
    "depthwise_conv": Op.DEPTHWISE,
    "fully_connected": Op.DENSE,
    "avg_pool": Op.AVERAGE_POOL,
    "max_pool": Op.MAX_POOL,
}
CHANNEL_AXIS = {Op.CONV: 0, Op.DEPTHWISE: 3, Op.DENSE: 0}
INPUT, WEIGHTS, BIAS, OUTPUT = range(4)


def cmsis_cases(data: Path) -> Iterator[Case]:
    """Yield every case of the folder, in the order of its index."""
    folder = data / "golden" / "cmsis_nn"
    for entry in json.loads((folder / "index.json").read_text("utf-8"))["cases"]:
        category = f"{entry['kind']} {entry['activation_bits']}"
        if entry["weight_bits"]:
            category += f"x{entry['weight_bits']}"
        yield Case(entry["case"], category, _Run(folder / entry["file"], entry))


class _Run:
    """Runs one case."""

    def __init__(self, file: Path, entry: dict[str, Any]) -> None:
        self._file, self._entry = file, entry

    def __call__(self, device: str) -> str:
        with np.load(self._file) as archive:
            arrays = dict(archive)
        graph = case_graph(self._entry, arrays)
        inputs = {INPUT: arrays["input"]}
        return mismatch(graph, inputs, arrays["output"], device, "tflm")


def case_graph(entry: dict[str, Any], arrays: dict[str, Array]) -> Graph:
    """Return a case as a graph of one operator, batch 1."""
    op = OPS[entry["kind"]]
    bits = entry["activation_bits"]
    dtype = f"int{bits}"
    before, after = ((1, *arrays[name].shape[1:]) for name in ("input", "output"))
    tensors = {
        INPUT: Tensor(INPUT, "input", before, dtype, _quant(entry.get("input_zero_point", 0))),
        OUTPUT: Tensor(OUTPUT, "output", after, dtype, _quant(entry.get("output_zero_point", 0))),
    }
    attributes = _attributes(entry, arrays, op)
    inputs: tuple[int, ...] = (INPUT,)
    if op in CHANNEL_AXIS:
        kind = "int4" if entry["weight_bits"] == 4 else "int8"
        quant = _quant(entry["weight_zero_point"])
        weights = arrays["weights"]
        raw = Tensor(WEIGHTS, "weights", weights.shape, kind, quant, weights)
        tensors[WEIGHTS] = centred_weights(raw, CHANNEL_AXIS[op])
        inputs = (INPUT, WEIGHTS, -1)
        if "bias" in arrays:
            bias = arrays["bias"]
            tensors[BIAS] = Tensor(BIAS, "bias", bias.shape, bias.dtype.name, None, bias)
            inputs = (INPUT, WEIGHTS, BIAS)
    node = Node(op, entry["case"], inputs, (OUTPUT,), attributes)
    return Graph(entry["case"], tensors, (node,), (INPUT,), (OUTPUT,))


def _quant(zero_point: int) -> Quantisation:
    return Quantisation(np.ones(1, np.float32), np.array([zero_point], np.int64))


def _attributes(entry: dict[str, Any], arrays: dict[str, Array], op: Op) -> Attributes:
    low, high = entry["clamp"]
    scales: tuple[Scale, ...] = ()
    rounding = Rounding.DOUBLE
    if "multiplier" in arrays:
        pairs = zip(arrays["multiplier"].ravel(), arrays["shift"].ravel(), strict=True)
        scales = tuple(Scale(int(q), int(s)) for q, s in pairs)
        rounding = Rounding(entry["mode"])
        if rounding is Rounding.I64_Q15:
            scales = tuple(map(q15, scales))
    requant = Requant(scales, int(rounding), entry.get("output_zero_point", 0), low, high)
    if op is Op.DENSE:
        return Attributes(requant=requant)
    pads = tuple(entry["pad"])
    return Attributes(
        kernel=tuple(entry.get("kernel", (1, 1))),
        stride=tuple(entry["stride"]),
        dilation=tuple(entry.get("dilation", (1, 1))),
        padding=(pads[0], pads[1], pads[2], pads[3]),
        depth_multiplier=entry.get("depth_multiplier", 1),
        requant=requant,
    )
