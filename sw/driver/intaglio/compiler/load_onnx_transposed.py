"""ConvTranspose of ONNX."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_ops import optional
from intaglio.compiler.load_onnx_values import Pending, RefusedError, Value
from intaglio.compiler.load_onnx_weights import bias_of, coded_weights, weight_tensor
from intaglio.spec.graph import Attributes, Op

MOST = 1 << 10  # of a stride and of the rest of the output


@dataclass(frozen=True)
class _Axis:
    """One axis: stride, dilation, what is cut off before and after, and places of the output."""

    stride: int
    dilation: int
    before: int
    after: int
    places: int


def conv_transpose(builder: Builder, node: OnnxNode) -> Value:
    """Read ConvTranspose."""
    x = builder.as_image(builder.real(node.inputs[0], "input 0"))
    codes, quant = coded_weights(builder.constant(node.inputs[1], "weights"), "weights")
    rank = len(x.shape) - 2
    if codes.ndim != rank + 2 or rank not in {1, 2}:
        raise RefusedError(f"weights of shape {codes.shape} on {x.shape}")
    groups, channels, outer = node.integer("group", 1), codes.shape[0], codes.shape[1]
    if groups < 1 or channels != x.shape[1] or channels % groups:
        raise RefusedError(f"{groups} groups of {channels} channels on {x.shape[1]}")
    if quant.scales.size > 1 and (quant.axis != 1 or quant.scales.size != outer):
        raise RefusedError(f"weights with {quant.scales.size} scales along {quant.axis}, not 1")
    axes = _axes(node, x.shape[2:], codes.shape[2:])
    out = groups * outer
    shape = (1, out, *(axis.places for axis in axes))
    if rank == 1:
        codes, axes = codes[:, :, None, :], [_Axis(1, 1, 0, 0, 1), *axes]
    rows, columns = axes
    attributes = Attributes(
        stride=(rows.stride, columns.stride),
        dilation=(rows.dilation, columns.dilation),
        padding=(rows.before, rows.after, columns.before, columns.after),
    )
    by_group = codes.reshape(groups, channels // groups, outer, *codes.shape[2:])
    own = by_group.transpose(0, 2, 3, 4, 1).reshape(out, *codes.shape[2:], channels // groups)
    if quant.scales.size > 1:
        points = np.tile(quant.zero_points, groups)
        quant = replace(quant, scales=np.tile(quant.scales, groups), zero_points=points, axis=0)
    number = weight_tensor(builder, f"{node.name}/weights", own, quant, 0)
    at = bias_of(builder, node, optional(builder, node, 2), x, quant, out)
    return Pending(Op.TRANSPOSED_CONV, node.name, (x,), shape, True, attributes, number, at)


def _axes(node: OnnxNode, size: tuple[int, ...], kernel: tuple[int, ...]) -> list[_Axis]:
    rank = len(kernel)
    ones = (1,) * rank
    stride, dilation = node.ints("strides", ones), node.ints("dilations", ones)
    more = node.ints("output_padding", (0,) * rank)
    for values in (stride, dilation, more):
        if len(values) != rank:
            raise RefusedError(f"{len(values)} values {values} for {rank} dimensions")
    pads = node.ints("pads", (0,) * (2 * rank))
    wanted = node.ints("output_shape", ())[-rank:]
    if min(*stride, *dilation) < 1 or max(*stride, *dilation, *more, *pads) > MOST:
        raise RefusedError(f"strides {stride}, dilations {dilation} and pads {pads}")
    if len(pads) != 2 * rank or min(*more, *pads) < 0 or len(wanted) not in {0, rank}:
        raise RefusedError(f"pads {pads}, output_padding {more} and output_shape {wanted}")
    auto = node.text("auto_pad", "NOTSET") or "NOTSET"
    if auto not in {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}:
        raise RefusedError(f"auto_pad {auto}")
    found = []
    for i in range(rank):
        whole = (size[i] - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 + more[i]
        before, after = (0, 0) if auto == "VALID" else (pads[i], pads[i + rank])
        places = whole - before - after
        if wanted or auto.startswith("SAME"):
            places = wanted[i] if wanted else size[i] * stride[i]
            cut = max(whole - places, 0)
            before = cut // 2 if auto == "SAME_UPPER" else cut - cut // 2
        if not 1 <= places <= 2 * whole:
            raise RefusedError(f"pads {before} and {after} of {whole} places, which leaves nothing")
        found.append(_Axis(stride[i], dilation[i], before, max(whole - before - places, 0), places))
    return found
