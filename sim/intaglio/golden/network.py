"""Runs a graph of integer operators, one by one, and keeps every tensor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from intaglio.golden.node import run_node
from intaglio.golden.output import Codes
from intaglio.golden.windows import Array
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.graph import Graph
from intaglio.spec.requant import format_of

IMAGES_AT_ONCE = 8  # keeps the columns of a convolution within the caches


def run_graph(
    graph: Graph, inputs: Mapping[int, Array], reference: str = "litert"
) -> dict[int, Codes]:
    """Return every input and every operator output of `graph`, by tensor number.

    Parameters
    ----------
    graph : Graph
        The network. Its first dimension is the batch.
    inputs : mapping of tensor number to int8 or int16 array
        Codes in the shapes of the graph, or with a multiple of its batch.
    reference : str
        The engine whose roundings are used; see :func:`intaglio.spec.quant.rounding_of`.

    Raises
    ------
    ModelError
        E305, E306: an input is missing, or has a wrong shape or type. E303, E304: the operator
        has a form that is not defined here.
    """
    factor = _check_inputs(graph, inputs)
    chunks: list[dict[int, Codes]] = []
    for first in range(0, factor, IMAGES_AT_ONCE):
        last = min(first + IMAGES_AT_ONCE, factor)
        values = {
            number: np.asarray(inputs[number], _storage(graph.tensors[number].dtype))[
                first * graph.tensors[number].shape[0] : last * graph.tensors[number].shape[0]
            ]
            for number in graph.inputs
        }
        for node in graph.nodes:
            number = node.outputs[0]
            tensor = graph.tensors[number]
            result = run_node(graph, node, values, reference).astype(_storage(tensor.dtype))
            values[number] = result.reshape((last - first) * tensor.shape[0], *tensor.shape[1:])
        chunks.append(values)
    return {number: np.concatenate([chunk[number] for chunk in chunks]) for number in chunks[0]}


def _storage(dtype: str) -> str:
    """Return the numpy type of a tensor's codes."""
    return "int8" if dtype == "int4" else dtype


def _check_inputs(graph: Graph, inputs: Mapping[int, Array]) -> int:
    """Return how many times the graph's batch the inputs hold."""
    findings = []
    factors: set[int] = set()
    for number in graph.inputs:
        tensor = graph.tensors[number]
        array = np.asarray(inputs[number]) if number in inputs else np.zeros(0, np.int8)
        right = array.ndim == len(tensor.shape) and array.shape[1:] == tensor.shape[1:]
        if not right or array.shape[0] == 0 or array.shape[0] % tensor.shape[0]:
            findings.append(
                Finding(
                    "E305",
                    f"input {tensor.name} has shape {array.shape}",
                    where=tensor.name,
                    have=str(array.shape),
                    need=f"{tensor.shape}, or a multiple of its batch",
                    help="reshape the input",
                )
            )
        elif array.dtype.kind not in "iu" or not format_of(tensor).holds(array):
            findings.append(
                Finding(
                    "E306",
                    f"input {tensor.name} is no {tensor.dtype} array",
                    where=tensor.name,
                    have=str(array.dtype),
                    need=f"{tensor.dtype} codes",
                    help="quantise the input first",
                )
            )
        else:
            factors.add(array.shape[0] // tensor.shape[0])
    if findings:
        raise ModelError(findings)
    if len(factors) != 1:
        raise ModelError(
            Finding("E305", f"the inputs have batches of {sorted(factors)}", need="one batch size")
        )
    return factors.pop()
