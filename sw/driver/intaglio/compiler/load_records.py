"""The parts of a TFLite file as plain records: in bounds and consistent, not yet judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.compiler import load_schema as schema
from intaglio.compiler.load_codes import unpacked_int4
from intaglio.compiler.load_flatbuffer import Table
from intaglio.spec.graph import Quantisation, Tensor

MAX_RANK = 8
MAX_OPERANDS = 1024
CONSTANTS = {"int4", "int8", "uint8", "int16", "int32", "int64"}


@dataclass(frozen=True, eq=False)
class RawTensor:
    """A tensor of the file, with what a :class:`~intaglio.spec.graph.Tensor` cannot say.

    `oddity` names a storage form that the importer does not take, or is empty.
    """

    tensor: Tensor
    table: Table
    oddity: str = ""


@dataclass(frozen=True)
class RawOperator:
    """An operator of the file; `options` is None when the file has none."""

    index: int
    code: int
    custom: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_type: int
    options: Table | None
    table: Table


@dataclass(frozen=True, eq=False)
class RawModel:
    """The only subgraph of the file."""

    name: str
    tensors: tuple[RawTensor, ...]
    operators: tuple[RawOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: Table
    subgraphs: int


def read_model(root: Table) -> RawModel:
    """Read the first subgraph.

    Raises
    ------
    ModelError
        E302: an offset, a length or an index leads outside the file, or sizes disagree.
    """
    buffers = root.tables(schema.MODEL["buffers"], "buffer")
    codes = root.tables(schema.MODEL["operator_codes"], "operator code")
    graphs = root.tables(schema.MODEL["subgraphs"], "subgraph")
    if not graphs:
        raise root.damaged("has no subgraph", "one subgraph")
    graph = graphs[0]
    tensors = tuple(
        _tensor(number, table, buffers)
        for number, table in enumerate(graph.tables(schema.SUBGRAPH["tensors"], "tensor"))
    )
    operators = tuple(
        _operator(index, table, codes, len(tensors))
        for index, table in enumerate(graph.tables(schema.SUBGRAPH["operators"], "operator"))
    )
    inputs, outputs = (
        _numbers(graph, schema.SUBGRAPH[field], len(tensors), least=0)
        for field in ("inputs", "outputs")
    )
    if not inputs or not outputs:
        raise graph.damaged(
            f"has {len(inputs)} inputs and {len(outputs)} outputs", "at least one of each"
        )
    name = graph.text(schema.SUBGRAPH["name"])
    return RawModel(name, tensors, operators, inputs, outputs, graph, len(graphs))


def _numbers(table: Table, field: schema.Field, tensors: int, least: int) -> tuple[int, ...]:
    numbers = table.integers(field, MAX_OPERANDS)
    wrong = [number for number in numbers if not least <= number < tensors]
    if wrong:
        raise table.damaged(f"names tensor {wrong[0]}", f"a number from {least} to {tensors - 1}")
    return numbers


def _operator(index: int, table: Table, codes: list[Table], tensors: int) -> RawOperator:
    place = table.integer(schema.OPERATOR["opcode_index"])
    if place >= len(codes):
        raise table.damaged(f"has operator code index {place}", f"less than {len(codes)}")
    code = codes[place]
    # Codes up to 127 stand in the old 8-bit field too; old files have that field alone.
    number = max(
        code.integer(schema.OPERATOR_CODE["deprecated_builtin_code"]),
        code.integer(schema.OPERATOR_CODE["builtin_code"]),
    )
    return RawOperator(
        index=index,
        code=number,
        custom=code.text(schema.OPERATOR_CODE["custom_code"]),
        inputs=_numbers(table, schema.OPERATOR["inputs"], tensors, least=-1),
        outputs=_numbers(table, schema.OPERATOR["outputs"], tensors, least=0),
        options_type=table.integer(schema.OPERATOR["builtin_options_type"]),
        options=table.table(schema.OPERATOR["builtin_options"], f"the options of {table.what}"),
        table=table,
    )


def _tensor(number: int, table: Table, buffers: list[Table]) -> RawTensor:
    shape = table.integers(schema.TENSOR["shape"], MAX_RANK)
    if any(size < 0 for size in shape):
        raise table.damaged(f"has shape {shape}", "sizes of 0 or more")
    code = table.integer(schema.TENSOR["type"])
    dtype = schema.TYPES.get(code, f"type {code}")
    oddity = ""
    if table.has(schema.TENSOR["sparsity"]):
        oddity = "is stored sparsely"
    elif table.integer(schema.TENSOR["is_variable"]):
        oddity = "keeps its value between runs"
    place = table.integer(schema.TENSOR["buffer"])
    if place >= len(buffers):
        raise table.damaged(f"has buffer index {place}", f"less than {len(buffers)}")
    if buffers[place].integer(schema.BUFFER["offset"]) > 1:
        oddity = oddity or "keeps its data behind the flatbuffer"
    data = None if oddity else _data(table, buffers[place], shape, dtype)
    quant, strange = _quantisation(table, shape)
    name = table.text(schema.TENSOR["name"])
    return RawTensor(Tensor(number, name, shape, dtype, quant, data), table, oddity or strange)


def _data(
    table: Table, buffer: Table, shape: tuple[int, ...], dtype: str
) -> npt.NDArray[np.generic] | None:
    raw = buffer.array(schema.BUFFER["data"], "uint8")
    if raw.size == 0 or dtype not in CONSTANTS:
        return None
    if dtype == "int4":
        count = math.prod(shape)
        if raw.size != (count + 1) // 2:
            raise table.damaged(
                f"of shape {shape} and type int4 has {raw.size} bytes of data",
                f"{(count + 1) // 2} bytes",
            )
        return unpacked_int4(raw.astype(np.int64), count).astype(np.int8).reshape(shape)
    need = math.prod(shape) * np.dtype(dtype).itemsize
    if raw.size != need:
        raise table.damaged(
            f"of shape {shape} and type {dtype} has {raw.size} bytes of data", f"{need} bytes"
        )
    return raw.view(np.dtype(dtype).newbyteorder("<")).astype(dtype, copy=False).reshape(shape)


def _quantisation(table: Table, shape: tuple[int, ...]) -> tuple[Quantisation | None, str]:
    """Return the quantisation, and the words for a form that cannot be one."""
    quant = table.table(schema.TENSOR["quantization"], f"the quantisation of {table.what}")
    if quant is None:
        return None, ""
    if quant.integer(schema.QUANTIZATION["details_type"]):
        return None, "has a custom quantisation"
    count = quant.count(schema.QUANTIZATION["scale"], 4)
    if count == 0:
        return None, ""
    axis = quant.integer(schema.QUANTIZATION["quantized_dimension"])
    if len(shape) == 1:
        # Some converters copy the weights' dimension to the bias, which has only one.
        axis = 0
    if count > 1 and not (0 <= axis < len(shape) and shape[axis] == count):
        raise quant.damaged(
            f"has {count} scales along dimension {axis} of shape {shape}",
            "one scale, or as many as the dimension has places",
        )
    zeros = quant.count(schema.QUANTIZATION["zero_point"], 8)
    if zeros not in {0, count}:
        raise quant.damaged(f"has {count} scales but {zeros} zero points", "as many of each")
    scales = quant.array(schema.QUANTIZATION["scale"], "float32").astype(np.float32)
    points = quant.array(schema.QUANTIZATION["zero_point"], "int64").astype(np.int64)
    return Quantisation(
        scales, points if zeros else np.zeros(count, np.int64), axis if count > 1 else None
    ), ""
