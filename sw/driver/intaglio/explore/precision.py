"""Precision as a part of a space: a network with other widths, and how often it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.convert import convert
from intaglio.explore.space import BITS
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.graph import Graph, Tensor
from intaglio.spec.requant import format_of, quant_of

AT_ONCE = 16
LANE_FIELDS = (
    *("lane", "act_bits", "weight_bits", "precisions", "group_scale", "group_size"),
    *("scale_bits", "shift_groups"),
)
Array = npt.NDArray[Any]


def converted(graph: Graph, config: ArrayConfig, bits: Mapping[str, int]) -> Graph:
    """Return `graph` with the widths of `bits`; those that are not named stay as they are.

    Parameters
    ----------
    graph : Graph
        The network.
    config : ArrayConfig
        Whose lanes multiply it.
    bits : mapping
        ``bits``: of all activations; ``bits.NAME``: of tensor NAME.

    Raises
    ------
    ConfigError
        E203: there is no such tensor, or the lanes have no such width.
    """
    if not bits:
        return graph
    own = {key.partition(".")[2]: width for key, width in bits.items() if key != BITS}
    names = {tensor.name for tensor in graph.tensors.values() if tensor.data is None}
    faults = [
        (f"bits.{name}", f"{graph.name} has no tensor {name}", ", ".join(sorted(names)))
        for name in own
        if name not in names
    ]
    widths = config.lanes.widths
    faults += [
        (key, f"{config.name} has no lanes of {width} bits", ", ".join(map(str, widths)))
        for key, width in bits.items()
        if width not in widths
    ]
    if faults:
        raise ConfigError(
            [
                Finding("E203", message, where, str(bits.get(where)), need, "see array.precisions")
                for where, message, need in faults
            ]
        )
    return convert(
        graph,
        config,
        lambda tensor: own.get(tensor.name, bits.get(BITS, format_of(tensor).bits)),
    )


def error_rate(
    graph: Graph, plain: Graph, codes: Mapping[int, Array], labels: npt.NDArray[np.int64]
) -> float:
    """Return the share of samples whose greatest output is not the label's, on golden operators.

    Parameters
    ----------
    graph : Graph
        The network that is judged.
    plain : Graph
        The network that `codes` are inputs of; its inputs may have other widths.
    codes : mapping of tensor number to array
        Codes for each input of `plain`, a row for each sample.
    labels : int64 array
        One for each sample.
    """
    from intaglio.golden.network import run_graph

    inputs = {
        number: _moved(values, plain.tensors[number], graph.tensors[number])
        for number, values in codes.items()
    }
    wrong = 0
    for first in range(0, len(labels), AT_ONCE):
        part = {number: values[first : first + AT_ONCE] for number, values in inputs.items()}
        out = run_graph(graph, part)[graph.outputs[0]]
        truth = labels[first : first + AT_ONCE]
        wrong += int((out.reshape(len(truth), -1).argmax(axis=1) != truth).sum())
    return wrong / len(labels)


def plain_lanes(config: ArrayConfig) -> ArrayConfig:
    """Return a configuration of the same lanes that differs in nothing that values depend on."""
    return replace(ArrayConfig(), **{name: getattr(config, name) for name in LANE_FIELDS})


def _moved(codes: Array, old: Tensor, new: Tensor) -> Array:
    """Return the codes of `new` for the numbers that codes of `old` stand for."""
    if old.dtype == new.dtype:
        return codes
    before, after, form = quant_of(old), quant_of(new), format_of(new)
    real = (codes.astype(np.float64) - before.zero_point) * before.scale
    moved = np.rint(real / after.scale) + after.zero_point
    return np.asarray(np.clip(moved, form.min, form.max), np.int64)
