"""Writes a graph as a TFLite file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler import load_schema as schema
from intaglio.compiler.save_options import CODES, OPTION_TYPES, TABLES, VERSIONS, options_of
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.graph import Graph, Node, Op, Quantisation, Tensor

DESCRIPTION = "Intaglio"
# LiteRT maps the file and reads weights in place with 128-bit loads.
DATA_ALIGNMENT = 16
# The schema reserves the first buffer for tensors without data.
EMPTY_BUFFER = 0


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
    if faults:
        raise ModelError(faults)
    return _Writer().model(graph, *_with_constants(graph))


def _with_constants(graph: Graph) -> tuple[list[Tensor], list[tuple[int, ...]]]:
    """Return all tensors in file order, and each node's inputs with its axes or shape."""
    tensors = dict(graph.tensors)
    operands = []
    free = 0
    for node in graph.nodes:
        values = _constant(node, graph)
        inputs = node.inputs
        if values is not None:
            while free in tensors:
                free += 1
            name = f"{node.name}/{node.op.value}"
            tensors[free] = Tensor(free, name, values.shape, "int32", None, values)
            inputs = (*inputs, free)
        operands.append(inputs)
    for number in range(max(tensors, default=0)):
        tensors.setdefault(number, Tensor(number, f"unused_{number}", (1,), "int32"))
    return [tensors[number] for number in sorted(tensors)], operands


def _constant(node: Node, graph: Graph) -> npt.NDArray[np.int32] | None:
    if node.op is Op.MEAN:
        return np.array(node.attributes.axes, np.int32)
    if node.op is Op.RESHAPE:
        return np.array(graph.tensors[node.outputs[0]].shape, np.int32)
    return None


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
                buffers.append(self.table("Buffer", {"Data": self.data(tensor.data)}))
            tables.append(self.tensor(tensor, place))
        ops = sorted({node.op for node in graph.nodes}, key=CODES.__getitem__)
        operators = [
            self.operator(node, ops.index(node.op), inputs, graph)
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
            "OperatorCodes": self.offsets([self.operator_code(op) for op in ops]),
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

    def operator_code(self, op: Op) -> int:
        fields = {
            "DeprecatedBuiltinCode": CODES[op],
            "Version": VERSIONS[op],
            "BuiltinCode": CODES[op],
        }
        return self.table("OperatorCode", fields)

    def operator(self, node: Node, code: int, inputs: tuple[int, ...], graph: Graph) -> int:
        fields = {
            "OpcodeIndex": code,
            "Inputs": self.numbers(inputs, "int32"),
            "Outputs": self.numbers(node.outputs, "int32"),
            "BuiltinOptionsType": OPTION_TYPES[node.op],
            "BuiltinOptions": self.table(TABLES[node.op], options_of(node, graph)),
        }
        return self.table("Operator", fields)


TYPE_CODES = {name: code for code, name in schema.TYPES.items()}
