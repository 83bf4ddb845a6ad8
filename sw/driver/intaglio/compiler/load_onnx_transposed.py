"""Transposed convolutions of ONNX: zeros between the pixels, then a convolution.

A transposed convolution of stride s, kernel k and padding p equals the convolution by the kernel
turned by half a circle of the image with s - 1 zeros behind each pixel, padded by
(k - 1) * dilation - p. Zeros are codes of the input's zero point; the sums are the same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_ops import optional
from intaglio.compiler.load_onnx_values import Coded, Constant, RefusedError, Value
from intaglio.compiler.load_onnx_weights import convolution
from intaglio.spec.graph import Attributes, Op

Pair = tuple[int, int]


def conv_transpose(builder: Builder, node: OnnxNode) -> Value:
    """Read ConvTranspose of one or two dimensions."""
    x = builder.as_image(builder.real(node.inputs[0], "input 0"))
    rank = len(x.shape) - 2
    weights = _turned(builder.constant(node.inputs[1], "weights"), node, rank)
    kernel = (weights.values.shape[2], weights.values.shape[3])
    stride, dilation = (_pair(node.ints(n), rank, 1) for n in ("strides", "dilations"))
    image = replace(x, shape=(*x.shape[:2], 1, x.shape[2])) if rank == 1 else x
    size = (image.shape[2], image.shape[3])
    if min(*stride, *dilation) < 1 or max(*stride, *dilation, *kernel) > 1 << 15:
        raise RefusedError(f"strides {stride}, dilations {dilation} of a kernel {kernel}")
    cuts, more = _padding(node, rank, size, kernel, stride, dilation)
    pads = []
    for axis in range(2):
        reach = (kernel[axis] - 1) * dilation[axis]
        begin, end = cuts[axis]
        pads.append((reach - begin, reach - end + more[axis] - (stride[axis] - 1)))
    spread = _cropped(builder, _spread(builder, image, stride), pads, node.name)
    top, bottom, left, right = (max(p, 0) for pair in pads for p in pair)
    attributes = {
        "kernel_shape": kernel,
        "dilations": dilation,
        "pads": (top, left, bottom, right),
        "group": node.integer("group", 1),
    }
    plain = replace(node, attributes=attributes)
    found = convolution(builder, plain, spread, weights, optional(builder, node, 2))
    if rank == 1:
        return replace(found, shape=(*found.shape[:2], found.shape[3]))
    return found


def _pair(values: tuple[int, ...], rank: int, default: int) -> Pair:
    """Return values along height and width; one dimension has a height of 1."""
    if not values:
        return default, default
    if len(values) != rank or rank not in {1, 2}:
        raise RefusedError(f"{len(values)} values for {rank} dimensions")
    return (default, values[0]) if rank == 1 else (values[0], values[1])


def _turned(weights: Constant, node: OnnxNode, rank: int) -> Constant:
    """Return weights as those of a convolution: output channels first, taps in reverse."""
    codes, quant, groups = weights.codes, weights.quant, node.integer("group", 1)
    if codes is None or quant is None:
        raise RefusedError("weights of real numbers, not dequantised from codes")
    if codes.ndim != rank + 2 or rank not in {1, 2} or groups < 1 or codes.shape[0] % groups:
        raise RefusedError(f"weights of shape {codes.shape} in {groups} groups")
    if quant.scales.size > 1 and (quant.axis != 1 or groups > 1):
        raise RefusedError(f"weights with scales along dimension {quant.axis} in {groups} groups")
    image = codes[:, :, None, :] if rank == 1 else codes
    parts = image.reshape(groups, -1, *image.shape[1:]).swapaxes(1, 2)
    first = parts.reshape(-1, parts.shape[2], *image.shape[2:])[:, :, ::-1, ::-1]
    turned = np.ascontiguousarray(first)
    own = replace(quant, axis=0 if quant.scales.size > 1 else None)
    return Constant(turned, turned, own)


def _padding(
    node: OnnxNode, rank: int, size: Pair, kernel: Pair, stride: Pair, dilation: Pair
) -> tuple[list[Pair], Pair]:
    """Return what is cut off before and after each axis, and the rows and columns added behind."""
    more = _pair(node.ints("output_padding"), rank, 0)
    given = node.ints("pads", (0,) * (2 * rank))
    auto = node.text("auto_pad", "NOTSET") or "NOTSET"
    wanted = node.ints("output_shape")
    if len(given) != 2 * rank or min(*given, *more) < 0 or max(*given, *more) > 1 << 15:
        raise RefusedError(f"pads {given} and output_padding {more}")
    if auto not in {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}:
        raise RefusedError(f"auto_pad {auto}")
    if wanted or auto.startswith("SAME"):
        out = (
            _pair(wanted[-rank:], rank, 1) if wanted else (size[0] * stride[0], size[1] * stride[1])
        )
        cuts = []
        for i in range(2):
            total = stride[i] * (size[i] - 1) + more[i] + (kernel[i] - 1) * dilation[i] + 1 - out[i]
            least = total // 2
            cuts.append((least, total - least) if auto == "SAME_UPPER" else (total - least, least))
        return cuts, more
    if rank == 1:
        return [(0, 0), (given[0], given[1])], more
    return [(given[0], given[2]), (given[1], given[3])], more


def _spread(builder: Builder, image: Coded, stride: Pair) -> Coded:
    """Return an image with stride - 1 zeros behind each pixel, along both axes."""
    _, channels, height, width = image.shape
    found = image
    if stride[1] > 1:
        found = _apart(builder, found, (1, channels, height * width, 1), stride[1])
        width *= stride[1]
        found = builder.relaid(found, (1, channels, height, width))
    if stride[0] > 1:
        found = _apart(builder, found, (1, width * channels, height, 1), stride[0])
        found = builder.relaid(found, (1, channels, height * stride[0], width))
    return found


def _apart(builder: Builder, image: Coded, shape: tuple[int, ...], stride: int) -> Coded:
    """Return rows of one pixel each, lengthened to `stride` pixels."""
    rows = builder.relaid(image, shape)
    attributes = Attributes(begin=(0, 0, 0, 0), end=(0, 0, stride - 1, 0))
    return builder.moved(Op.PAD, rows, (*shape[:3], stride), image=True, attributes=attributes)


def _cropped(builder: Builder, image: Coded, pads: list[Pair], name: str) -> Coded:
    """Return an image without what padding of less than nothing takes away."""
    cuts = [(max(-begin, 0), max(-end, 0)) for begin, end in pads]
    if not any(map(any, cuts)):
        return image
    sizes = [image.shape[2 + i] - sum(cuts[i]) for i in range(2)]
    if min(sizes) < 1:
        raise RefusedError(f"padding of {cuts} that leaves nothing of the image")
    ends = [cuts[i][0] + sizes[i] for i in range(2)]
    attributes = Attributes(
        begin=(0, cuts[0][0], cuts[1][0], 0),
        end=(1, ends[0], ends[1], image.shape[1]),
        step=(1, 1, 1, 1),
    )
    shape = (*image.shape[:2], sizes[0], sizes[1])
    return builder.moved(
        Op.SLICE, image, shape, image=True, attributes=attributes, name=f"{name}/cut"
    )
