"""Runs a graph of one case as golden operators, and as a program on a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from intaglio.compiler.compile import compile_graph
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import IntaglioError
from intaglio.spec.formats import Array
from intaglio.spec.graph import Graph
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import Program

CONFIG = "tiny"


@cache
def suite_config(bits: int = 8, *, deep: bool = False) -> ArrayConfig:
    """Return the accelerator for activations of `bits`: small, so that it is built quickly.

    With `deep` its weights are as wide as its activations.
    """
    config = PRESETS[CONFIG]
    if bits == 8:
        return config
    name = f"{CONFIG}{bits}{'w' if deep else ''}"
    return replace(config, name=name, act_bits=bits, weight_bits=bits if deep else 8)


def mismatch(
    graph: Graph,
    inputs: Mapping[int, Array],
    expected: Array,
    device: str,
    reference: str,
    *,
    deep: bool = False,
) -> str:
    """Return how the output of a graph differs from `expected`; empty: it does not.

    Parameters
    ----------
    inputs : mapping
        Codes by tensor number, batch first.
    expected : array
        Codes of the graph's only output, or as they stand in the file.
    device : str
        ``"golden"``: the golden operators; where the array takes the graph, the program on the
        golden device too. ``"sim"``: the program in simulated gates.
    deep : bool
        Weights are as wide as activations.
    """
    wide = graph.tensors[graph.inputs[0]].dtype == "int16"
    config = suite_config(16 if wide else 8, deep=deep)
    number = graph.outputs[0]
    wanted = expected.astype(np.int64) - graph.tensors[number].offset
    if device == "golden":
        from intaglio.golden.network import run_graph

        found = _different(run_graph(graph, inputs, reference)[number], wanted, "golden operators")
        if found:
            return found
    try:
        program = compile_graph(graph, config, reference=reference)
    except IntaglioError as error:
        finding = error.findings[0]
        return "" if device == "golden" else f"needs {finding.need}: {finding.message}"
    try:
        codes = _on_device(program, inputs, device, config)[number]
    except IntaglioError as error:
        return f"{device}: {error.findings[0].code}: {error.findings[0].message}"
    return _different(codes, wanted, f"{device} device")


def _different(codes: Array, wanted: Array, what: str) -> str:
    got = codes.astype(np.int64).reshape(-1)
    if got.size != wanted.size:
        return f"{what}: {got.size} elements, not {wanted.size}"
    wrong = np.flatnonzero(got != wanted.reshape(-1))
    if not wrong.size:
        return ""
    at = int(wrong[0])
    most = int(np.abs(got - wanted.reshape(-1)).max())
    return (
        f"{what}: {wrong.size} of {got.size} elements differ, by at most {most}; first: "
        f"element {at} is {got[at]}, not {wanted.reshape(-1)[at]}"
    )


def _on_device(
    program: Program, inputs: Mapping[int, Array], device: str, config: ArrayConfig
) -> Mapping[int, Array]:
    from intaglio.api.devices import open_device
    from intaglio.runtime.run import run_program

    opened = open_device(device, config)
    try:
        return run_program(program, opened, inputs).outputs
    finally:
        opened.close()
