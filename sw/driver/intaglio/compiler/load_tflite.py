"""Imports a quantised TFLite file."""

from __future__ import annotations

from pathlib import Path

from intaglio.compiler import load_schema as schema
from intaglio.compiler.check import activations
from intaglio.compiler.fuse_edges import fuse_edges
from intaglio.compiler.load_codes import centred_weights, places_tensor, signed_activation
from intaglio.compiler.load_edges import without_real_edges
from intaglio.compiler.load_flatbuffer import Table
from intaglio.compiler.load_operands import CHANNEL_AXIS
from intaglio.compiler.load_operators import read_nodes
from intaglio.compiler.load_records import RawModel, RawOperator, read_model
from intaglio.spec.errors import Finding, ModelError, UsageError
from intaglio.spec.graph import Graph, Node, Op

WEIGHT_AXIS = {**CHANNEL_AXIS, Op.TRANSPOSED_CONV: 0}


def load_tflite(path: Path) -> Graph:
    """Import a TFLite file of int8, uint8 or int16 operators.

    Tensors keep their numbers; those that no node reads or writes (shapes, axes) are left out.
    A node is called after the first of the names that the converter gave to its output.

    Parameters
    ----------
    path : Path
        The file. Nothing in it is trusted: each offset, length and shape is checked.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E301: not a TFLite file. E302: damaged. E303 and E304, all together: operators, and types
        or quantisations, that are not supported.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            Finding(
                "E103",
                f"{path} cannot be read: {error.strerror}",
                where=str(path),
                have=str(error.strerror),
                need="a readable TFLite file",
                help="check the path and its permissions",
            )
        ) from error
    return parse_tflite(data, str(path), path.stem)


def parse_tflite(data: bytes, file: str, name: str) -> Graph:
    """Import the bytes of a TFLite file; see :func:`load_tflite`.

    Parameters
    ----------
    file : str
        What error messages call the file.
    name : str
        The graph's name when the file gives none.
    """
    if data[4:8] != schema.IDENTIFIER:
        raise _not_tflite(file, f"bytes 4 to 7 are {data[4:8]!r}", f"{schema.IDENTIFIER!r}")
    root = Table.root(data, file)
    version = root.integer(schema.MODEL["version"])
    if version != schema.VERSION:
        raise _not_tflite(file, f"the schema version is {version}", f"{schema.VERSION}")
    model = read_model(root)
    model, skipped = without_real_edges(model)
    nodes = _read_nodes(model, skipped)
    _check_order(model, nodes)
    used = {number for node in nodes for number in (*node.inputs, *node.outputs) if number >= 0}
    used |= {*model.inputs, *model.outputs}
    tensors = {number: signed_activation(model.tensors[number].tensor) for number in sorted(used)}
    for node in nodes:
        if node.op in WEIGHT_AXIS:
            weights = model.tensors[node.inputs[1]].tensor
            tensors[node.inputs[1]] = centred_weights(weights, WEIGHT_AXIS[node.op])
        if node.op is Op.PRELU:
            tensors[node.inputs[1]] = model.tensors[node.inputs[1]].tensor
        if node.op is Op.ARGMAX:
            tensors[node.outputs[0]] = places_tensor(tensors[node.outputs[0]])
    title = name if model.name in {"", "main"} else model.name
    return fuse_edges(Graph(title, tensors, nodes, model.inputs, model.outputs))


def _not_tflite(file: str, have: str, need: str) -> ModelError:
    return ModelError(
        Finding(
            "E301",
            f"{file} is not a TFLite model: {have}, not {need}",
            where=file,
            have=have,
            need=need,
            help="give a .tflite file; other formats must be converted first",
        )
    )


def _read_nodes(model: RawModel, skipped: frozenset[int]) -> tuple[Node, ...]:
    nodes: list[Node] = []
    findings: list[Finding] = []
    if model.subgraphs > 1:
        findings.append(
            Finding(
                "E303",
                f"the model has {model.subgraphs} subgraphs: control flow is not supported",
                where=model.table.file,
                have=f"{model.subgraphs} subgraphs",
                need="1 subgraph",
                help="export the network without conditions and loops",
            )
        )
    taken: set[str] = set()
    for raw in model.operators:
        if raw.index in skipped:
            continue
        name = _name(raw, model, taken)
        taken.add(name)
        made, faults = read_nodes(raw, model, name)
        nodes += made
        findings += faults
    if findings:
        raise ModelError(findings)
    return tuple(nodes)


def _name(raw: RawOperator, model: RawModel, taken: set[str]) -> str:
    """Return the first of the names that the converter joined in the output's name."""
    if raw.outputs:
        name = model.tensors[raw.outputs[0]].tensor.name.partition(";")[0]
        if name and name not in taken:
            return name
    else:
        name = ""
    return f"{name or schema.operator_name(raw.code).lower()}_{raw.index}"


def _check_order(model: RawModel, nodes: tuple[Node, ...]) -> None:
    """Check that each tensor is made once and before it is read.

    Raises
    ------
    ModelError
        E302: a tensor is made twice or never, read too early, or is an input that nothing reads.
    """
    read_at_all = {number for node in nodes for number in node.inputs}
    made: set[int] = set()
    for number in model.inputs:
        if number not in read_at_all or number in made:
            raise model.table.damaged(
                f"names input {number} twice or reads it nowhere", "inputs that operators read"
            )
        made.add(number)
    for index, node in enumerate(nodes):
        read = activations(node)
        for number in read:
            if number not in made:
                raise model.table.damaged(
                    f"reads tensor {number} in operator {index} before it is made",
                    "operators in the order of execution",
                )
        for number in node.outputs:
            if number in made:
                raise model.table.damaged(
                    f"makes tensor {number} again in operator {index}", "each tensor made once"
                )
            made.add(number)
    for number in model.outputs:
        if number not in made:
            raise model.table.damaged(f"has output {number}, which nothing makes", "a made tensor")
