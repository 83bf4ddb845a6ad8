"""One operator of a TFLite file: judged against what Intaglio supports, then made a node."""

from __future__ import annotations

from intaglio.compiler import load_schema as schema
from intaglio.compiler.load_attributes import attributes_of
from intaglio.compiler.load_more import read_more
from intaglio.compiler.load_operands import CHANNEL_AXIS, operands_of, type_faults
from intaglio.compiler.load_records import RawModel, RawOperator
from intaglio.compiler.load_schema_more import MORE
from intaglio.compiler.load_shapes import check_shapes
from intaglio.spec.errors import Finding
from intaglio.spec.graph import Node

TYPES_NEEDED = (
    "int8, uint8 or int16 activations of batch 1 with one scale; constant int8, int4 or, with "
    "uint8, uint8 weights with one scale, or one for each output channel; constant int32 bias, "
    "int64 with int16"
)


def read_nodes(raw: RawOperator, model: RawModel, name: str) -> tuple[list[Node], list[Finding]]:
    """Return the nodes of an operator, and all the reasons why Intaglio cannot run it.

    A split is several nodes; all other operators are one, called `name`.

    Raises
    ------
    ModelError
        E302: the file contradicts the schema or itself.
    """
    kind = schema.KINDS.get(raw.code)
    title = f"CUSTOM {raw.custom!r}" if raw.custom else schema.operator_name(raw.code)
    if raw.code in MORE and not raw.custom:
        nodes, limits, faults = read_more(raw, MORE[raw.code], model, name)
        return nodes, _findings(raw, f"{title} {name!r}", limits, faults)
    if kind is None or raw.custom:
        unknown = [f"{title} is not supported"]
        return [], _findings(raw, f"{title} {name!r}", unknown, [])
    operands = operands_of(raw, kind, model)
    faults = type_faults(kind.op, operands)
    attributes, limits = attributes_of(raw, kind, operands, model)
    if limits or faults:
        return [], _findings(raw, f"{title} {name!r}", limits, faults)
    check_shapes(raw, kind.op, attributes, operands)
    inputs = [activation.tensor.number for activation in operands.activations]
    if kind.op in CHANNEL_AXIS:
        inputs += [
            -1 if part is None else part.tensor.number for part in (operands.weights, operands.bias)
        ]
    return [Node(kind.op, name, tuple(inputs), raw.outputs, attributes)], []


def _findings(raw: RawOperator, title: str, limits: list[str], faults: list[str]) -> list[Finding]:
    findings = [_unsupported(raw, title, limits)] if limits else []
    return [*findings, _untyped(raw, title, faults)] if faults else findings


def supported_operators() -> str:
    """Return the schema's names of all operators that the importer takes."""
    return ", ".join(sorted(schema.operator_name(code) for code in (*schema.KINDS, *MORE)))


def _unsupported(raw: RawOperator, title: str, reasons: list[str]) -> Finding:
    return Finding(
        "E303",
        f"operator {raw.index} {title}: {'; '.join(reasons)}",
        where=f"{raw.table.file}: operator {raw.index}",
        have="; ".join(reasons),
        need=supported_operators(),
        help="leave the layer out of the model, or replace it by supported ones",
    )


def _untyped(raw: RawOperator, title: str, reasons: list[str]) -> Finding:
    return Finding(
        "E304",
        f"operator {raw.index} {title}: {'; '.join(reasons)}",
        where=f"{raw.table.file}: operator {raw.index}",
        have="; ".join(reasons),
        need=TYPES_NEEDED,
        help="convert the model again with full-integer int8 quantisation and batch 1",
    )
