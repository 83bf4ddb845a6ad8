"""Expand: codes repeated along axes of one."""

from __future__ import annotations

from dataclasses import replace

from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_move import axis_place, codes_of, numbers_of
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Coded, RefusedError, Shape, Value
from intaglio.spec.graph import Attributes, Op

MOST_COPIES = 256


def expand(builder: Builder, node: OnnxNode) -> Value:
    """Read Expand; see also :mod:`intaglio.compiler.load_onnx_narrow`."""
    value = codes_of(builder, node)
    wanted = numbers_of(builder, node, 1, "shape") or ()
    rank = max(len(wanted), len(value.shape))
    if rank > len(value.shape):
        value = builder.reshaped(value, (1,) * (rank - len(value.shape)) + value.shape)
    sizes = (1,) * (rank - len(wanted)) + wanted
    pairs = list(zip(value.shape, sizes, strict=True))
    if any((1 not in {have, want} and have != want) or want < 1 for have, want in pairs):
        raise RefusedError(f"a shape {wanted} for {value.shape}")
    shape = tuple(max(have, want) for have, want in pairs)
    if shape[:1] != (1,):
        raise RefusedError(f"a shape {shape}, not batch 1")
    if shape == value.shape:
        return value
    return _repeated(builder, value, shape, node.name)


def _repeated(builder: Builder, value: Coded, shape: Shape, name: str) -> Coded:
    """Return codes repeated: an image by its nearest pixels, other axes part by part."""
    spatial = len(shape) == 4 and value.shape[:2] == shape[:2]
    if spatial and value.shape[2:] == (1, 1):
        value = builder.as_image(value)
    if spatial and value.image:
        form = Attributes(function="nearest")
        return builder.moved(Op.RESIZE, value, shape, image=True, attributes=form, name=name)
    for axis, (have, want) in enumerate(zip(value.shape, shape, strict=True)):
        if have == want:
            continue
        if want > MOST_COPIES:
            raise RefusedError(f"{want} copies along axis {axis}, more than {MOST_COPIES}")
        place = axis_place(axis, len(shape), image=value.image)
        longer = (*value.shape[:axis], want, *value.shape[axis + 1 :])
        tensor = builder.tensors[value.number]
        if tensor.quant is None:
            raise RefusedError("codes without a scale")
        like, kind = (longer, value.image), (tensor.dtype, tensor.offset)
        numbers, order = (value.number,) * want, Attributes(order=(place,))
        made = builder.emit(Op.CONCAT, name, numbers, like, tensor.quant, kind, order)
        value = replace(made, real=value.real)
    return value
