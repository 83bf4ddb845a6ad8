"""Imports a quantised ONNX file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from intaglio.compiler.fuse_edges import fuse_edges
from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_fold import folded
from intaglio.compiler.load_onnx_node import OnnxNode, shortened
from intaglio.compiler.load_onnx_read import OnnxModel, read_onnx
from intaglio.compiler.load_onnx_table import DOMAINS, Taken, taken
from intaglio.compiler.load_onnx_values import (
    Coded,
    Constant,
    Flat,
    GraphInput,
    RefusedError,
    Unknown,
    Value,
)
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.graph import Graph


def parse_onnx(data: bytes, file: str, folder: Path | None = None) -> Graph:
    """Import the bytes of an ONNX file that is quantised: QDQ, QOperator or QONNX.

    Images have channels last in the graph; weights and orders of axes are turned to match.
    Unsigned codes become signed ones exactly (:mod:`intaglio.compiler.load_codes`).

    Parameters
    ----------
    data : bytes
        Nothing in them is trusted.
    file : str
        What error messages call it.
    folder : Path or None
        Where external data may lie, and nowhere else; None: there may be none.

    Raises
    ------
    ModelError
        E301: not an ONNX file. E302: damaged. E303 and E304, all together: operators and types
        that are not taken.
    """
    with np.errstate(all="ignore"):  # what is no number is refused where it is used
        return _graph_of(read_onnx(data, file, folder))


def _graph_of(model: OnnxModel) -> Graph:
    builder = Builder(convolves=any("Conv" in node.op for node in model.nodes))
    builder.values.update({name: Constant(array) for name, array in model.constants.items()})
    builder.values.update({name: GraphInput(name, *form) for name, form in model.inputs.items()})
    findings: list[Finding] = []
    for node in model.nodes:
        findings += _read(builder, node, model)
    outputs = _outputs(builder, model, findings)
    if findings:
        raise ModelError(findings)
    return _pruned(builder, model, outputs)


def _read(builder: Builder, node: OnnxNode, model: OnnxModel) -> list[Finding]:
    """Read one operator; a refused one leaves values behind that nothing more is said about."""
    values = [builder.values[name] for name in node.inputs if name]
    result: Value | list[Value] = Unknown()
    findings = []
    entry = taken(node)
    if entry is None:
        constant = folded(node, values)
        if constant is not None:
            result = constant
        elif not any(isinstance(value, Unknown) for value in values):
            findings.append(_unsupported(node, model.file))
        elif node.op not in DOMAINS[""]:
            findings.append(_unsupported(node, model.file))
    elif not any(isinstance(value, Unknown) for value in values):
        try:
            result = folded(node, values) or _taken(builder, node, entry)
        except RefusedError as reason:
            findings.append(_refused(node, model.file, str(reason)))
    results = result if isinstance(result, list) else [result]
    for place, name in enumerate(node.outputs):
        if name:
            builder.values[name] = results[place] if place < len(results) else Unknown()
    return findings


def _taken(builder: Builder, node: OnnxNode, entry: Taken) -> Value | list[Value]:
    least, most = entry.inputs
    if not least <= len(node.inputs) <= most or not node.outputs or not all(node.inputs[:least]):
        raise RefusedError(f"{len(node.inputs)} inputs, not {least} to {most}")
    return entry.handler(builder, node)


def _unsupported(node: OnnxNode, file: str) -> Finding:
    title = f"{node.domain}.{node.op}" if node.domain else node.op
    return Finding(
        "E303",
        f"operator {node.index} {title} {node.name!r} is not supported",
        where=f"{file}: operator {node.index}",
        have=title,
        need="an operator that intaglio ops lists",
        help="leave the layer out of the model, or replace it by supported ones",
    )


def _refused(node: OnnxNode, file: str, reason: str) -> Finding:
    return Finding(
        "E304",
        shortened(f"operator {node.index} {node.op} {node.name!r}: {reason}"),
        where=f"{file}: operator {node.index}",
        have=shortened(reason),
        need="int8, uint8 or int16 activations of one scale, constant weights with their scales",
        help="quantise the model (QDQ, QOperator or QONNX form) with static shapes and batch 1",
    )


def _outputs(builder: Builder, model: OnnxModel, findings: list[Finding]) -> tuple[int, ...]:
    numbers = []
    for name in model.outputs:
        value = builder.values[name]
        if isinstance(value, Flat):
            value = builder.flat(value)
        if isinstance(value, Coded):
            numbers.append(value.number)
        elif not isinstance(value, Unknown):
            findings.append(
                Finding(
                    "E304",
                    shortened(f"output {name!r} is never quantised"),
                    where=f"{model.file}: output {shortened(name)}",
                    have="real values without a scale",
                    need="codes, or their real values by DequantizeLinear",
                    help="quantise the last layer too, or end the model before it",
                )
            )
    return tuple(numbers)


def _pruned(builder: Builder, model: OnnxModel, outputs: tuple[int, ...]) -> Graph:
    """Return the graph without nodes that no output depends on, tensors numbered anew."""
    needed = set(outputs)
    nodes = []
    for node in reversed(builder.nodes):
        if needed.isdisjoint(node.outputs):
            continue
        needed.update(number for number in node.inputs if number >= 0)
        nodes.append(node)
    unread = [name for name, number in builder.inputs.items() if number not in needed]
    if unread or len(builder.inputs) < len(model.inputs) or not nodes:
        names = unread or [name for name in model.inputs if name not in builder.inputs]
        raise ModelError(
            Finding(
                "E304",
                shortened(f"inputs {names} have no part in the outputs"),
                where=model.file,
                have=f"{len(model.inputs)} inputs, {len(nodes)} operators",
                need="inputs that are quantised and read",
                help="leave out what is not used",
            )
        )
    tensors = {n: t for n, t in builder.tensors.items() if n in needed}
    inputs = tuple(builder.inputs[name] for name in model.inputs)
    return fuse_edges(Graph(model.name, tensors, tuple(reversed(nodes)), inputs, outputs))
