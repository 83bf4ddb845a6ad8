"""Cycles that the dimensions of a layer allow: a yardstick that knows nothing of the gates."""

from __future__ import annotations

from intaglio.api.bench_shapes import Shape
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Op

FILL = 32  # to fill and drain the pipeline once


def formula_cycles(shape: Shape, config: ArrayConfig, bytes_per_cycle: float) -> int:
    """Return the cycles of an operator with weights, with its activations in the buffer.

    tiles * max(steps, drain) + fill, or the weights through memory where that takes longer:

        tiles = ceil(M / P) * ceil(N / K)        M = OH * OW
        steps = kh * kw * ceil(C / D); one row of taps together where that is less
        steps = kh * max(ceil(kw / D), ceil((P * s + (kw - 1) * d) / P)), DEPTHWISE
        drain = P * ceil(min(K, N) / Q)

    Groups count their own channels; N / g below K shares lanes between groups. A transposed
    convolution is the sum of its phases.
    """
    if shape.op is Op.TRANSPOSED_CONV:
        return sum(
            formula_cycles(_phase(shape, down, across), config, bytes_per_cycle)
            for down in shape.phases(0)
            for across in shape.phases(1)
        )
    pixels, lanes, depth = config.pixels, config.channels, config.depth
    kh, kw = shape.kernel
    windows = shape.places[0] * shape.places[1]
    channels = shape.image[2] // shape.groups
    if shape.op is Op.DENSE:
        channels *= shape.image[0] * shape.image[1]
    blocks = _ceil(shape.outputs, lanes)
    if shape.op is Op.DEPTHWISE:
        reach = pixels * shape.stride[1] + (kw - 1) * shape.dilation[1]
        steps = kh * max(_ceil(kw, depth), _ceil(reach, pixels))
        weights = shape.outputs * kh * kw
    else:
        steps = kh * kw * _ceil(channels, depth)
        if shape.dilation[1] == 1:
            steps = min(steps, kh * _ceil(kw * channels, depth))
        weights = shape.outputs * kh * kw * channels
        own = shape.outputs // shape.groups
        if shape.groups > 1 and own >= lanes:
            blocks = shape.groups * _ceil(own, lanes)
    drain = pixels * _ceil(min(lanes, shape.outputs), config.requant_lanes)
    cycles = _ceil(windows, pixels) * blocks * max(steps, drain) + FILL
    return max(cycles, round(weights / bytes_per_cycle))


def _phase(shape: Shape, down: tuple[int, int], across: tuple[int, int]) -> Shape:
    """Return a phase, outputs and taps along both axes, as a convolution; at least one tap."""
    kernel = (max(down[1], 1), max(across[1], 1))
    image = (down[0] + kernel[0] - 1, across[0] + kernel[1] - 1, shape.image[2])
    return Shape(Op.CONV, image, shape.outputs, kernel=kernel, groups=shape.groups)


def _ceil(a: int, b: int) -> int:
    return -(-a // b)
