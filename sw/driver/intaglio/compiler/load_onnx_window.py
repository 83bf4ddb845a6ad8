"""Windows of convolutions and pools as ONNX writes them."""

from __future__ import annotations

from dataclasses import replace

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Coded, RefusedError, Shape
from intaglio.spec.graph import Attributes, same_padding, window_places


def window_of(node: OnnxNode, size: tuple[int, ...], kernel: tuple[int, ...]) -> Attributes:
    """Return kernel, stride, dilation and padding along H and W; one dimension has H = 1."""
    rank = len(kernel)
    if rank not in {1, 2}:
        raise RefusedError(f"a window of {rank} dimensions, not 1 or 2")
    stride = node.ints("strides", (1,) * rank)
    dilation = node.ints("dilations", (1,) * rank)
    given = node.ints("pads", (0,) * (2 * rank))
    if len(stride) != rank or len(dilation) != rank or len(given) != 2 * rank:
        raise RefusedError(f"strides {stride}, dilations {dilation} and pads {given}")
    if min(*kernel, *stride, *dilation) < 1 or max(*kernel, *stride, *dilation) > 1 << 15:
        raise RefusedError(f"kernel {kernel}, strides {stride} and dilations {dilation}")
    if min(given) < 0 or max(given) > 1 << 15:
        raise RefusedError(f"pads {given}")
    auto = node.text("auto_pad", "NOTSET") or "NOTSET"
    pads = [(given[i], given[i + rank]) for i in range(rank)]
    if auto == "VALID":
        pads = [(0, 0)] * rank
    elif auto in {"SAME_UPPER", "SAME_LOWER"}:
        pads = [
            same_padding(n, k, s, d)
            for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
        ]
        if auto == "SAME_LOWER":
            pads = [(after, before) for before, after in pads]
    elif auto != "NOTSET":
        raise RefusedError(f"auto_pad {auto}")
    if rank == 1:
        pads = [(0, 0), *pads]
        kernel, stride, dilation = ((1, *part) for part in (kernel, stride, dilation))
    return Attributes(
        kernel=(kernel[0], kernel[1]),
        stride=(stride[0], stride[1]),
        dilation=(dilation[0], dilation[1]),
        padding=(*pads[0], *pads[1]),
    )


def image_size(value: Coded) -> tuple[int, int]:
    """Return H and W of an image."""
    return (1, value.shape[2]) if len(value.shape) == 3 else (value.shape[2], value.shape[3])


def windowed(value: Coded, attributes: Attributes, channels: int) -> Shape:
    """Return the ONNX shape of a window operator's output."""
    if not isinstance(attributes.padding, tuple):
        raise RefusedError(f"padding {attributes.padding}")
    pads = (attributes.padding[:2], attributes.padding[2:])
    places = [
        window_places(
            size, attributes.kernel[i], attributes.stride[i], attributes.dilation[i], pads[i]
        )
        for i, size in enumerate(image_size(value))
    ]
    if min(places) < 1:
        raise RefusedError(f"a window of {attributes.kernel} in an image of {image_size(value)}")
    return (1, channels, *places[2 - len(value.shape[2:]) :])


def pool_window(node: OnnxNode, x: Coded) -> tuple[Attributes, Shape]:
    """Return window and output shape of a pool; ceil_mode is more padding at the end."""
    attributes = window_of(node, x.shape[2:], node.ints("kernel_shape"))
    if node.integer("ceil_mode") and isinstance(attributes.padding, tuple):
        if node.integer("count_include_pad"):
            raise RefusedError("ceil_mode together with count_include_pad")
        pads = list(attributes.padding)
        for i, size in enumerate(image_size(x)):
            reach = (attributes.kernel[i] - 1) * attributes.dilation[i] + 1
            span = size + sum(pads[2 * i : 2 * i + 2]) - reach
            extra = -span % attributes.stride[i]
            last = span + extra - pads[2 * i]  # where the last window starts
            pads[2 * i + 1] += extra if last < size else 0
        attributes = replace(attributes, padding=(pads[0], pads[1], pads[2], pads[3]))
    return attributes, windowed(x, attributes, x.shape[1])
