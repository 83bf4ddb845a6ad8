"""Models whose inputs and outputs are real numbers: the codes next to them take their place."""

from __future__ import annotations

from dataclasses import replace

from intaglio.compiler.load_records import RawModel
from intaglio.compiler.load_schema_more import DEQUANTIZE, QUANTIZE


def without_real_edges(model: RawModel) -> tuple[RawModel, frozenset[int]]:
    """Return the model with codes as inputs and outputs, and the operators that thus fall away.

    A QUANTIZE of an input of type float32 falls away, as does a DEQUANTIZE that makes an output.
    """
    skipped: set[int] = set()
    inputs, outputs = list(model.inputs), list(model.outputs)
    readers: dict[int, int] = {}
    for raw in model.operators:
        for number in raw.inputs:
            readers[number] = readers.get(number, 0) + 1
    for raw in model.operators:
        if len(raw.inputs) != 1 or len(raw.outputs) != 1 or raw.inputs[0] < 0:
            continue
        before, after = raw.inputs[0], raw.outputs[0]
        real = model.tensors[before].tensor.dtype == "float32"
        if raw.code == QUANTIZE and real and before in inputs and readers[before] == 1:
            inputs[inputs.index(before)] = after
            skipped.add(raw.index)
        if raw.code == DEQUANTIZE and after in outputs and not readers.get(after):
            outputs[outputs.index(after)] = before
            skipped.add(raw.index)
    return replace(model, inputs=tuple(inputs), outputs=tuple(outputs)), frozenset(skipped)
