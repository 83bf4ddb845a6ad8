"""Where quantisers stand: behind each operator, but where the next one is fused into it."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.network import readers

MOVERS = frozenset(
    {
        *("MaxPool", "GlobalMaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"),
        *("Slice", "Split", "Pad", "DepthToSpace", "Expand"),
    }
)
"""Operators whose outputs are codes of their first input."""
CLIPS = ("Relu", "Clip")
FIXED = {"Softmax": (0.0, 1.0), "Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0)}
"""Ranges of operators that are known without data; 1 is left to saturate at 255/256."""


@dataclass(frozen=True)
class Places:
    """Which values are quantised.

    Parameters
    ----------
    own : tuple of str
        Values with a range of their own, in the order in which they are made: inputs first.
    like : mapping
        Values that have the codes of another one.
    fused : int
        Activations that stand in the operator before them.
    """

    own: tuple[str, ...]
    like: dict[str, str]
    fused: int


def places_of(model: OnnxModel) -> Places:
    """Return where quantisers stand in a float network."""
    read = readers(model)
    own, fused = list(model.inputs), 0
    like: dict[str, str] = {}
    for node in model.nodes:
        names = [name for name in node.outputs if name]
        if node.op in MOVERS and node.inputs[0] not in model.constants:
            like.update(dict.fromkeys(names, node.inputs[0]))
        elif _fused(node, read, model):
            fused += 1
        else:
            own += names
    whole: dict[str, str] = {}
    for name, source in like.items():  # in the order in which they are made
        whole[name] = whole.get(source, source)
    return Places(tuple(own), whole, fused)


def _fused(node: OnnxNode, read: dict[str, list[OnnxNode]], model: OnnxModel) -> bool:
    """Tell whether the only reader clips the value, or adds the bias of a product to it."""
    name = node.outputs[0]
    after = read.get(name, [])
    if len(after) != 1 or name in model.outputs or any(node.outputs[1:]):
        return False
    if after[0].op in CLIPS:
        return all(n in model.constants for n in after[0].inputs[1:] if n)
    biased = node.op == "MatMul" and after[0].op == "Add"
    return biased and any(n in model.constants for n in after[0].inputs)
