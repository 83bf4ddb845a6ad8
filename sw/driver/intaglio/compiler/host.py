"""Operators that the host runs, as steps of a program."""

from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np

from intaglio.compiler.encode import Constants
from intaglio.spec.graph import Attributes, Graph, Op
from intaglio.spec.program import HostStep
from intaglio.spec.requant import host_operator, quant_of

# The fixed-point softmax of int8 codes needs nothing but its factor.
FIXED_SOFTMAX = (2.0**-8, -128)


def host_step(graph: Graph, index: int, reference: str, constants: Constants) -> HostStep:
    """Return node `index` as a step; its constants are added to those of the program."""
    node = graph.nodes[index]
    beta = node.attributes.beta
    output = quant_of(graph.tensors[node.outputs[0]])
    fixed = (output.scale, output.zero_point) == FIXED_SOFTMAX and reference != "onnxruntime"
    if node.op is Op.RESHAPE or (node.op is Op.SOFTMAX and fixed):
        return HostStep(index, node.op.value, beta)
    operator = host_operator(graph, node, reference)
    given = {}
    for place, number in enumerate(node.inputs):
        data = None if number < 0 else graph.tensors[number].data
        if data is not None:
            raw = np.frombuffer(data.astype(data.dtype.newbyteorder("<")).tobytes(), np.uint8)
            given[str(place)] = {
                "offset": constants.add(raw),
                "shape": list(data.shape),
                "dtype": data.dtype.name,
            }
    default = Attributes()
    settings = {
        "attributes": {
            f.name: _plain(getattr(node.attributes, f.name))
            for f in fields(Attributes)
            if getattr(node.attributes, f.name) != getattr(default, f.name)
            and f.name not in {"activation", "requant", "clamp"}
        },
        "quants": [[quant.scale, quant.zero_point] for quant in operator.quants],
        "shape": list(operator.shape),
        "requant": asdict(operator.requant),
        "reference": reference,
        "constants": given,
    }
    return HostStep(index, node.op.value, beta, settings)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
