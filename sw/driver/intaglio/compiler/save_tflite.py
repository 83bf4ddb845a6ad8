"""Writes a graph as a TFLite file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler import load_schema as schema
from intaglio.compiler.load_settings import MIRRORS
from intaglio.compiler.save_more import written
from intaglio.compiler.save_options import CODES, TABLES, VERSIONS, options_of
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.graph import Graph, Node, Op, Quantisation, Tensor

DESCRIPTION = "Intaglio"
# LiteRT maps the file and reads weights in place with 128-bit loads.
DATA_ALIGNMENT = 16
# The schema reserves the first buffer for tensors without data.
EMPTY_BUFFER = 0
OLD_CODES = 127  # codes beyond do not fit the old 8-bit field, which then holds this
# The first version of each operator for codes of 16 bits, and for weights of 4 bits.
VERSIONS_16 = {
    Op.CONV: 4,
    Op.DEPTHWISE: 5,
    Op.DENSE: 7,
    Op.ADD: 3,
    Op.MAX_POOL: 3,
    Op.AVERAGE_POOL: 3,
    Op.SOFTMAX: 3,
}
VERSIONS_4 = {Op.CONV: 7, Op.DEPTHWISE: 6, Op.DENSE: 10}


def save_tflite(graph: Graph) -> bytes:
    """Return the graph as the bytes of a TFLite file; the same graph gives the same bytes.

    Tensor numbers are kept. Axes of MEAN and shapes of RESHAPE, which are tensors in a file but
    not in a graph, take free numbers. Node names are not stored: a reader takes the outputs' names.

    Raises
    ------
    ModelError
        E303: the file format has no word for a setting (explicit padding).
    """
    faults = [
        Finding(
            "E303",
            f"node {node.name!r} has explicit padding {node.attributes.padding}",
            where=node.name,
            have=str(node.attributes.padding),
            need="'same' or 'valid'",
            help="TFLite pads by a PAD operator, which Intaglio does not write",
        )
        for node in graph.nodes
        if not isinstance(node.attributes.padding, str)
    ]
    faults += [
        Finding(
            "E303",
            f"node {node.name!r} pads with {node.attributes.edge}",
            where=node.name,
            have=node.attributes.edge,
            need=", ".join(MIRRORS.values()),
            help="TFLite pads with zeros, or by mirroring",
        )
        for node in graph.nodes
        if node.op is Op.PAD and node.attributes.edge not in ("zero", *MIRRORS.values())
    ]
    if faults:
        raise ModelError(faults)
    return _Writer().model(graph, *_with_constants(graph))


def _with_constants(graph: Graph) -> tuple[list[Tensor], list[tuple[int, ...]]]:
    """Return all tensors in file order, and each node's inputs with its axes or shape."""
    tensors = dict(graph.tensors)
    operands = []
    free = 0
    for node in graph.nodes:
        inputs = list(_order(node))
        values, before = _constants(node, graph)
        for place, array in enumerate(values, before):
            while free in tensors:
                free += 1
            name = f"{node.name}/{node.op.value}" + (f"/{place}" if len(values) > 1 else "")
            tensors[free] = Tensor(free, name, array.shape, "int32", None, array)
            inputs.insert(place, free)
        operands.append(tuple(inputs))
    for number in range(max(tensors, default=0)):
        tensors.setdefault(number, Tensor(number, f"unused_{number}", (1,), "int32"))
    return [tensors[number] for number in sorted(tensors)], operands


def _order(node: Node) -> tuple[int, ...]:
    """Return the operands of a node as a file orders them."""
    if node.op is Op.TRANSPOSED_CONV:
        x, weights, bias = node.inputs
        return (weights, x) if bias < 0 else (weights, x, bias)
    return node.inputs


def _constants(node: Node, graph: Graph) -> tuple[tuple[npt.NDArray[np.int32], ...], int]:
    """Return operands that are attributes in a graph, and where they stand."""
    more = written(node, graph)
    if more is not None:
        return more.constants, more.before
    if node.op is Op.MEAN:
        return (np.array(node.attributes.axes, np.int32),), 1
    if node.op is Op.RESHAPE:
        return (np.array(graph.tensors[node.outputs[0]].shape, np.int32),), 1
    return (), len(node.inputs)


def _stored(tensor: Tensor) -> npt.NDArray[np.generic]:
    """Return the data of a tensor as a file holds them: two 4-bit values a byte, low first."""
    data = np.asarray(tensor.data)
    if tensor.dtype != "int4":
        return data
    flat = data.reshape(-1).astype(np.uint8) & 15
    flat = np.concatenate([flat, np.zeros(flat.size % 2, np.uint8)])
    return flat[0::2] | (flat[1::2] << 4)


def _code(node: Node, graph: Graph) -> tuple[int, int]:
    """Return the builtin code of a node and its version."""
    more = written(node, graph)
    if more is not None:
        return more.code, more.version
    if graph.tensors[node.inputs[0]].dtype == "int16":
        return CODES[node.op], VERSIONS_16.get(node.op, VERSIONS[node.op])
    narrow = len(node.inputs) > 1 and graph.tensors[node.inputs[1]].dtype == "int4"
    return CODES[node.op], VERSIONS_4[node.op] if narrow else VERSIONS[node.op]


class _Writer:
    """Builds the tables, parts before wholes, as flatbuffers are written back to front."""

    def __init__(self) -> None:
        import flatbuffers
        import tflite

        self.builder: Any = flatbuffers.Builder(1 << 16)
        self.schema: Any = tflite

    def model(self, graph: Graph, tensors: list[Tensor], operands: list[tuple[int, ...]]) -> bytes:
        buffers = [self.table("Buffer", {})]
        tables = []
        for tensor in tensors:
            place = EMPTY_BUFFER
            if tensor.data is not None:
                place = len(buffers)
                buffers.append(self.table("Buffer", {"Data": self.data(_stored(tensor))}))
            tables.append(self.tensor(tensor, place))
        codes = sorted({_code(node, graph) for node in graph.nodes})
        operators = [
            self.operator(node, codes.index(_code(node, graph)), inputs, graph)
            for node, inputs in zip(graph.nodes, operands, strict=True)
        ]
        subgraph = {
            "Tensors": self.offsets(tables),
            "Inputs": self.numbers(graph.inputs, "int32"),
            "Outputs": self.numbers(graph.outputs, "int32"),
            "Operators": self.offsets(operators),
            "Name": self.builder.CreateString(graph.name),
        }
        model = {
            "Version": schema.VERSION,
            "OperatorCodes": self.offsets([self.operator_code(*code) for code in codes]),
            "Subgraphs": self.offsets([self.table("SubGraph", subgraph)]),
            "Description": self.builder.CreateString(DESCRIPTION),
            "Buffers": self.offsets(buffers),
        }
        self.builder.Finish(self.table("Model", model), schema.IDENTIFIER)
        return bytes(self.builder.Output())

    def table(self, name: str, fields: Mapping[str, float]) -> int:
        getattr(self.schema, f"{name}Start")(self.builder)
        for field, value in fields.items():
            getattr(self.schema, f"{name}Add{field}")(self.builder, value)
        return int(getattr(self.schema, f"{name}End")(self.builder))

    def offsets(self, places: list[int]) -> int:
        self.builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self.builder.PrependUOffsetTRelative(place)
        return int(self.builder.EndVector())

    def numbers(self, values: Iterable[float], dtype: str) -> int:
        kind = np.dtype(dtype).newbyteorder("<")
        return int(self.builder.CreateNumpyVector(np.array(list(values), kind)))

    def data(self, data: npt.NDArray[np.generic]) -> int:
        raw = data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
        # The builder's own CreateByteVector aligns to 4 bytes only.
        self.builder.StartVector(1, len(raw), DATA_ALIGNMENT)
        self.builder.head -= len(raw)
        self.builder.Bytes[self.builder.head : self.builder.head + len(raw)] = raw
        return int(self.builder.EndVector())

    def tensor(self, tensor: Tensor, place: int) -> int:
        fields = {
            "Shape": self.numbers(tensor.shape, "int32"),
            "Type": TYPE_CODES[tensor.dtype],
            "Buffer": place,
            "Name": self.builder.CreateString(tensor.name),
        }
        if tensor.quant is not None:
            fields["Quantization"] = self.quantisation(tensor.quant)
        return self.table("Tensor", fields)

    def quantisation(self, quant: Quantisation) -> int:
        fields = {
            "Scale": self.numbers(quant.scales, "float32"),
            "ZeroPoint": self.numbers(quant.zero_points, "int64"),
            "QuantizedDimension": quant.axis or 0,
        }
        return self.table("QuantizationParameters", fields)

    def operator_code(self, code: int, version: int) -> int:
        fields = {
            "DeprecatedBuiltinCode": min(code, OLD_CODES),
            "Version": version,
            "BuiltinCode": code,
        }
        return self.table("OperatorCode", fields)

    def operator(self, node: Node, code: int, inputs: tuple[int, ...], graph: Graph) -> int:
        fields = {
            "OpcodeIndex": code,
            "Inputs": self.numbers(inputs, "int32"),
            "Outputs": self.numbers(node.outputs, "int32"),
        }
        more = written(node, graph)
        name = TABLES[node.op] if more is None else more.table
        if name:
            options = options_of(node, graph) if more is None else more.options
            kind = getattr(self.schema.BuiltinOptions, name)
            fields |= {"BuiltinOptionsType": kind, "BuiltinOptions": self.table(name, options)}
        return self.table("Operator", fields)


TYPE_CODES = {name: code for code, name in schema.TYPES.items()}
