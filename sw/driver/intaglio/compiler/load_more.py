"""Operators of a TFLite file that move codes, or work on codes one by one or two by two."""

from __future__ import annotations

import math

from intaglio.compiler.load_form import Form, UntakenError
from intaglio.compiler.load_operands import activation_faults, weight_faults
from intaglio.compiler.load_parts import parts_of
from intaglio.compiler.load_records import RawModel, RawOperator, RawTensor
from intaglio.compiler.load_schema_more import More
from intaglio.compiler.load_settings import settings_of, shape_of
from intaglio.spec.graph import Node, Op

_EIGHT = (Op.TABLE, Op.PRELU, Op.ARGMAX, Op.RESIZE)  # defined for 8 bits only


def read_more(
    raw: RawOperator, kind: More, model: RawModel, name: str
) -> tuple[list[Node], list[str], list[str]]:
    """Return the nodes of an operator, limits of its form and faults of its types.

    Raises
    ------
    ModelError
        E302: the file contradicts the schema or itself.
    """
    least, most = kind.inputs
    if not least <= len(raw.inputs) <= most or not raw.outputs or min(raw.inputs[:least]) < 0:
        raise raw.table.damaged(
            f"has inputs {raw.inputs} and outputs {raw.outputs}", f"{least} to {most} inputs"
        )
    form = Form(raw, kind, model)
    faults = _type_faults(form)
    if faults:
        return [], [], faults
    try:
        nodes = _nodes(form, name)
        shapes = [shape_of(form, node.op, node.attributes) for node in nodes]
    except UntakenError as limit:
        return [], [str(limit)], []
    for node, made in zip(nodes, shapes, strict=True):
        after = model.tensors[node.outputs[0]].tensor.shape
        if made is not None and after != made:
            raise raw.table.damaged(f"has an output of shape {after}", f"{made}")
    return nodes, [], []


def _type_faults(form: Form) -> list[str]:
    first = form.activations[0].tensor
    dtype = first.dtype if first.dtype in {"int8", "uint8", "int16"} else "int8"
    faults = []
    for place, activation in enumerate(form.activations):
        faults += activation_faults(activation, f"input {place}", dtype)
    changes = form.kind.function == "requantise" and dtype != "int16"
    for output in form.outputs:
        if form.kind.op is Op.ARGMAX:
            continue
        kinds = {"int8", "uint8"} if changes else {dtype}
        wanted = output.tensor.dtype if output.tensor.dtype in kinds else dtype
        faults += activation_faults(output, "output", wanted)
    if faults:
        return faults
    if dtype == "int16" and form.kind.op in _EIGHT:
        faults.append("input 0 of type int16, not int8")
    if (
        dtype == "uint8"
        and form.kind.op in {Op.RESIZE, Op.PRELU}
        and form.kind.function != "nearest"
    ):
        faults.append("input 0 of type uint8, not int8")
    codes = {_code(part) for part in (*form.activations, *form.outputs)}
    if form.kind.same and len(codes) > 1:
        faults.append(f"scales and zero points {sorted(codes)}, which are not one")
    if form.kind.op is Op.TRANSPOSED_CONV:
        faults += weight_faults(form.model.tensors[form.raw.inputs[1]], 0, dtype)
    if form.kind.op is Op.PRELU:
        slopes = form.model.tensors[form.raw.inputs[1]].tensor
        if slopes.data is None or slopes.dtype != "int8" or slopes.quant is None:
            faults.append("slopes that are no constant int8 codes")
    return faults


def _code(part: RawTensor) -> tuple[float, int]:
    quant = part.tensor.quant
    return (0.0, 0) if quant is None else (quant.scale, quant.zero_point)


def _nodes(form: Form, name: str) -> list[Node]:
    op, raw = form.kind.op, form.raw
    numbers = tuple(part.tensor.number for part in form.activations)
    if op is Op.SLICE:
        return [
            Node(op, name if place == 0 else f"{name}_{place}", numbers, (number,), attributes)
            for place, (number, attributes) in enumerate(parts_of(form))
        ]
    if len(raw.outputs) != 1:
        raise UntakenError(f"{len(raw.outputs)} outputs, not one")
    if op is Op.PRELU:
        numbers = (*numbers, raw.inputs[1])
    if op is Op.TRANSPOSED_CONV:
        bias = raw.inputs[3] if len(raw.inputs) > 3 else -1
        numbers = (*numbers, raw.inputs[1], bias)
    shapes = [part.tensor.shape for part in form.activations]
    pairs = op in {Op.ADD, Op.SUB, Op.MUL} and len(set(shapes)) > 1
    if pairs and not (op is Op.MUL and _by_channels(*shapes)):
        raise UntakenError(f"broadcast of shapes {shapes[0]} and {shapes[1]} is not supported")
    return [Node(op, name, numbers, raw.outputs, settings_of(form))]


def _by_channels(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Tell whether one operand has the channels of the other and no more."""
    small, large = sorted((first, second), key=math.prod)
    return small[-1:] == large[-1:] and math.prod(small) == large[-1]
