"""Factors of channels that were expanded to a whole image before they multiply one."""

from __future__ import annotations

from dataclasses import replace

from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_values import Coded
from intaglio.spec.graph import Node, Op


def narrowed(builder: Builder, value: Coded) -> Coded | None:
    """Return the codes of one pixel that an image repeats, None if it does not.

    Functions of one code behind the expansion are applied to the pixel; what nothing reads any more
    is left out when the graph is complete.
    """
    maker = next((node for node in builder.nodes if value.number in node.outputs), None)
    if maker is None or not value.image or len(value.shape) != 4:
        return None
    pixel = (*value.shape[:2], 1, 1)
    source = replace(value, number=maker.inputs[0], shape=pixel)
    if maker.op is Op.RESIZE:
        return source if builder.tensors[source.number].shape[1:3] == (1, 1) else None
    if maker.op is not Op.TABLE:
        return None
    before = narrowed(builder, replace(value, number=maker.inputs[0]))
    return None if before is None else _again(builder, maker, before, value)


def _again(builder: Builder, maker: Node, before: Coded, value: Coded) -> Coded | None:
    """Return a function of one code of the pixel that is repeated."""
    tensor = builder.tensors[value.number]
    if tensor.quant is None:
        return None
    form = (tensor.dtype, tensor.offset)
    like = (before.shape, True)
    name = f"{maker.name}/pixel"
    made = builder.emit(
        maker.op, name, (before.number,), like, tensor.quant, form, maker.attributes
    )
    return replace(made, real=value.real)
