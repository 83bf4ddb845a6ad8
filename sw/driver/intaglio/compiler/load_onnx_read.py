"""Reads an untrusted ONNX file into plain records: nodes in order, constants as arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_data import constant_of
from intaglio.compiler.load_onnx_node import OnnxNode, damaged, ordered, shortened, text_of
from intaglio.spec.errors import Finding, ModelError

Array = npt.NDArray[Any]

STANDARD = ("", "ai.onnx")
NATIVE = 13
"""Opsets from this one on are read as they are; older ones go through the version converter."""
OLDEST = 9
MAX_NODES = 1 << 16
MAX_ELEMENTS = 1 << 31
MAX_NAME = 4096


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """What an importer needs of a file.

    Parameters
    ----------
    inputs : mapping
        Name to element type and shape; a size that the file leaves open is 1 for the batch, else 0.
    constants : mapping
        Name to array.
    """

    file: str
    name: str
    nodes: tuple[OnnxNode, ...]
    inputs: Mapping[str, tuple[str, tuple[int, ...]]]
    outputs: tuple[str, ...]
    constants: dict[str, Array] = field(repr=False)
    opset: int = NATIVE


def read_onnx(data: bytes, file: str, folder: Path | None) -> OnnxModel:
    """Read an ONNX file.

    Parameters
    ----------
    file : str
        What error messages call it.
    folder : Path or None
        Where external data may lie, and nowhere else; None: there may be none.

    Raises
    ------
    ModelError
        E301: no ONNX file. E302: damaged, or external data leave the folder. E303: an opset that
        is too old or too new.
    """
    proto = _parsed(data, file)
    version = _opset(proto, file)
    _check_size(proto.graph, file)
    if version < NATIVE:
        proto = _converted(proto, file, version)
    older = _opset(proto, file) < NATIVE
    graph = proto.graph
    constants: dict[str, Array] = {}
    for tensor in graph.initializer:
        constants[text_of(tensor.name)] = constant_of(tensor, file, folder)
    if graph.sparse_initializer:
        raise damaged(file, "holds sparse initialisers", "dense ones")
    records = [_record(index, node, file, folder) for index, node in enumerate(graph.node)]
    records = [_flattening(record) if older else record for record in records]
    nodes = ordered(records, {*constants, *(text_of(value.name) for value in graph.input)}, file)
    inputs = {
        text_of(value.name): _type_of(value, file)
        for value in graph.input
        if text_of(value.name) not in constants
    }
    outputs = tuple(text_of(value.name) for value in graph.output)
    made = {*constants, *inputs, *(name for node in nodes for name in node.outputs if name)}
    absent = [name for name in outputs if name not in made]
    if not outputs or not inputs or absent:
        have = f"output {absent[0]!r} is made nowhere" if absent else "no inputs or no outputs"
        raise damaged(file, have, "a network that makes its outputs of its inputs")
    title = shortened(graph.name) or Path(file).stem
    return OnnxModel(file, title, nodes, inputs, outputs, constants, version)


def _parsed(data: bytes, file: str) -> Any:
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    try:
        proto = ModelProto.FromString(data)
    except (DecodeError, RecursionError, ValueError) as error:
        raise not_onnx(
            file, f"the bytes are no protobuf message ({shortened(str(error))})"
        ) from error
    if not proto.opset_import or not proto.graph.node:
        raise not_onnx(file, "it has no operators or names no operator set")
    return proto


def not_onnx(file: str, have: str) -> ModelError:
    """Return the error of a file in another format."""
    return ModelError(
        Finding(
            "E301",
            f"{file} is not an ONNX model: {have}",
            where=file,
            have=have,
            need="an ONNX model with at least one operator",
            help="give a .tflite or .onnx file; other formats must be converted first",
        )
    )


def _opset(proto: Any, file: str) -> int:
    from onnx.defs import onnx_opset_version

    versions = [entry.version for entry in proto.opset_import if entry.domain in STANDARD]
    version = int(versions[0]) if versions else NATIVE
    newest = int(onnx_opset_version())
    if not OLDEST <= version <= newest:
        raise ModelError(
            Finding(
                "E303",
                f"{file} uses operator set {version}",
                where=file,
                have=f"operator set {version}",
                need=f"{OLDEST} to {newest}",
                help="export the model with a newer operator set"
                if version < OLDEST
                else "install a newer onnx package, or export with an older operator set",
            )
        )
    return version


def _check_size(graph: Any, file: str) -> None:
    if len(graph.node) > MAX_NODES:
        raise damaged(file, f"{len(graph.node)} operators", f"at most {MAX_NODES}")
    for node in graph.node:
        for name in (*node.input, *node.output, node.name):
            if len(name) > MAX_NAME:
                raise damaged(
                    file, f"a name of {len(name)} characters", f"at most {MAX_NAME} characters"
                )


def _converted(proto: Any, file: str, version: int) -> Any:
    """Return the model in opset :data:`NATIVE`, by the converter of the onnx package."""
    from onnx import checker, version_converter

    foreign = sorted({n.domain for n in proto.graph.node if n.domain not in STANDARD})
    if foreign:  # which the converter does not know; see _flattening
        return proto
    try:
        checker.check_model(proto)
        return version_converter.convert_version(proto, NATIVE)
    except (checker.ValidationError, RuntimeError, ValueError, IndexError, TypeError) as error:
        raise damaged(
            file,
            f"operator set {version} cannot be converted to {NATIVE}: {error}",
            "a model that onnx.checker accepts",
        ) from error


def _record(index: int, node: Any, file: str, folder: Path | None) -> OnnxNode:
    from onnx import AttributeProto, helper

    attributes: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.type == AttributeProto.TENSOR:
            attributes[text_of(attribute.name)] = constant_of(attribute.t, file, folder)
        elif attribute.type in {AttributeProto.GRAPH, AttributeProto.GRAPHS}:
            # Control flow is refused by the operator's name.
            attributes[text_of(attribute.name)] = None
        else:
            try:
                attributes[text_of(attribute.name)] = helper.get_attribute_value(attribute)
            except ValueError as error:
                raise damaged(
                    file, f"operator {index}: {error}", "an attribute with a type"
                ) from error
    first = next((name for name in node.output if name), "")
    return OnnxNode(
        index,
        shortened(node.name or first or f"{node.op_type}_{index}"),
        shortened(node.op_type),
        "" if node.domain in STANDARD else shortened(node.domain),
        tuple(map(text_of, node.input)),
        tuple(map(text_of, node.output)),
        attributes,
    )


def _flattening(node: OnnxNode) -> OnnxNode:
    """Return a node of an operator set before 13 with what a softmax meant there.

    It summed over all axes from `axis` on, which was 1 by default. Other operators that the
    importer takes mean the same, or differ in forms that it tells apart.
    """
    if node.op != "Softmax" or node.domain:
        return node
    return replace(node, attributes={"axis": 1, **node.attributes, "flattens": 1})


def _type_of(value: Any, file: str) -> tuple[str, tuple[int, ...]]:
    from onnx import helper

    tensor = value.type.tensor_type
    shape = []
    for place, dim in enumerate(tensor.shape.dim):
        size = int(dim.dim_value) if dim.HasField("dim_value") else int(place == 0)
        shape.append(size)
    if any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise damaged(file, f"input {value.name!r} has shape {shape}", "sizes of 1 or more")
    try:
        dtype = str(np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type)))
    except (KeyError, TypeError) as error:
        raise damaged(
            file, f"input {value.name!r} has element type {tensor.elem_type}", "a type of ONNX"
        ) from error
    return dtype, tuple(shape)
