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
    """One axis: stride, what is cut off before and after, and places of the output."""

    stride: int
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
        codes, axes = codes[:, :, None, :], [_Axis(1, 0, 0, 1), *axes]
    rows, columns = axes
    attributes = Attributes(
        stride=(rows.stride, columns.stride),
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
    stride = node.ints("strides", (1,) * rank)
    pads = node.ints("pads", (0,) * (2 * rank))
    more = node.ints("output_padding", (0,) * rank)
    wanted = node.ints("output_shape", ())[-rank:]
    if {len(stride), len(more), len(pads) // 2} != {rank} or len(wanted) not in {0, rank}:
        raise RefusedError(f"strides {stride}, pads {pads} and output_padding {more}")
    if any(n != 1 for n in node.ints("dilations", (1,) * rank)):
        raise RefusedError(f"dilations {node.ints('dilations')} of a transposed convolution")
    if min(stride) < 1 or max(*stride, *more, *pads) > MOST or min(*more, *pads) < 0:
        raise RefusedError(f"strides {stride}, pads {pads} and output_padding {more}")
    auto = node.text("auto_pad", "NOTSET") or "NOTSET"
    if auto not in {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}:
        raise RefusedError(f"auto_pad {auto}")
    found = []
    for i in range(rank):
        whole = (size[i] - 1) * stride[i] + kernel[i] + more[i]
        before, after = (0, 0) if auto == "VALID" else (pads[i], pads[i + rank])
        if wanted or auto.startswith("SAME"):
            cut = whole - (wanted[i] if wanted else size[i] * stride[i])
            if cut < 0:
                raise RefusedError(f"an output of {whole - cut} places, of which {whole} are made")
            before = cut // 2 if auto == "SAME_UPPER" else cut - cut // 2
            after = cut - before
        if whole - before - after < 1:
            raise RefusedError(f"pads {before} and {after} of {whole} places")
        found.append(_Axis(stride[i], before, after, whole - before - after))
    return found
