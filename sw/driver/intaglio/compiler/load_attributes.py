"""Settings of an operator of a TFLite file, and the settings that Intaglio does not run."""

from __future__ import annotations

import math

import numpy as np

from intaglio.compiler import load_schema as schema
from intaglio.compiler.load_flatbuffer import Table
from intaglio.compiler.load_operands import Operands
from intaglio.compiler.load_records import RawModel, RawOperator
from intaglio.spec.graph import Activation, Attributes, Op

MAX_WINDOW = 1 << 15
# Operators whose defaults mean something, so that converters may leave the options out.
OPTIONAL = {Op.RESHAPE, Op.ADD, Op.MEAN, Op.DENSE}


def attributes_of(
    raw: RawOperator, kind: schema.Kind, operands: Operands, model: RawModel
) -> tuple[Attributes, list[str]]:
    """Return the attributes and every reason why the operator's form is not supported.

    Raises
    ------
    ModelError
        E302: the options are of another operator or hold impossible numbers.
    """
    options = _options(raw, kind)
    limits = _shape_limits(kind.op, operands)
    axes: tuple[int, ...] = ()
    if kind.op is Op.MEAN:
        axes = _axes(raw, model)
        rank = len(operands.activations[0].tensor.shape)
        if rank != 4 or axes != (1, 2):
            limits.append(f"mean over axes {axes or '?'} of {rank} is not supported, only (1, 2)")
    if options is None:
        return Attributes(axes=axes), limits

    def number(name: str, default: int = 0) -> int:
        field = kind.options.get(name)
        return default if field is None else options.integer(field)

    if number("weights_format"):
        limits.append("shuffled weights are not supported")
    if number("activation") not in schema.ACTIVATIONS:
        limits.append(f"fused activation {number('activation')} is not supported")
    pairs = [
        (number(f"{name}_h", 1), number(f"{name}_w", 1))
        for name in ("filter", "stride", "dilation")
    ]
    if not all(1 <= size <= MAX_WINDOW for pair in pairs for size in pair):
        raise options.damaged(
            f"has window, stride and dilation {pairs}", f"numbers from 1 to {MAX_WINDOW}"
        )
    if number("padding", 1) not in schema.PADDINGS:
        raise options.damaged(f"has padding {number('padding')}", "0 (SAME) or 1 (VALID)")
    beta = float(options.real(kind.options["beta"])) if kind.op is Op.SOFTMAX else 1.0
    if not (math.isfinite(beta) and beta > 0):
        raise options.damaged(f"has beta {beta}", "a positive number")
    return Attributes(
        kernel=pairs[0],
        stride=pairs[1],
        dilation=pairs[2],
        padding=schema.PADDINGS[number("padding", 1)],
        activation=schema.ACTIVATIONS.get(number("activation"), Activation.NONE),
        depth_multiplier=_depth_multiplier(kind.op, operands),
        axes=axes,
        beta=beta,
    ), limits


def _options(raw: RawOperator, kind: schema.Kind) -> Table | None:
    if raw.options is not None and raw.options_type == kind.options_type:
        return raw.options
    if raw.options_type == 0 and kind.op in OPTIONAL:
        return None
    raise raw.table.damaged(f"has options of type {raw.options_type}", f"type {kind.options_type}")


def _shape_limits(op: Op, operands: Operands) -> list[str]:
    shapes = [activation.tensor.shape for activation in operands.activations]
    if op is Op.ADD and shapes[0] != shapes[1]:
        return [f"broadcast of shapes {shapes[0]} and {shapes[1]} is not supported"]
    if op is Op.DENSE and operands.weights is not None:
        terms = math.prod(operands.weights.tensor.shape[1:])
        if terms and math.prod(shapes[0]) > terms and math.prod(shapes[0]) % terms == 0:
            return [f"{math.prod(shapes[0]) // terms} rows are not supported, only one"]
    return []


def _axes(raw: RawOperator, model: RawModel) -> tuple[int, ...]:
    """Return the sorted non-negative axes of a MEAN; none when they are not constant."""
    data, axes = model.tensors[raw.inputs[0]].tensor, model.tensors[raw.inputs[1]].tensor
    if axes.data is None or axes.dtype != "int32" or axes.data.size > len(data.shape):
        return ()
    return tuple(sorted({int(a) + len(data.shape) * int(a < 0) for a in np.ravel(axes.data)}))


def _depth_multiplier(op: Op, operands: Operands) -> int:
    if op is not Op.DEPTHWISE or operands.weights is None:
        return 1
    # The field of the file is a hint that LiteRT ignores: the channel counts decide.
    inner = operands.activations[0].tensor.shape[-1:]
    outer = operands.weights.tensor.shape[-1:]
    return max(outer[0] // max(inner[0], 1), 1) if inner and outer else 1
