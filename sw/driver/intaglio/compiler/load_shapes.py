"""Whether the shapes of an operator's tensors follow from each other."""

from __future__ import annotations

import math

from intaglio.compiler.load_operands import Operands
from intaglio.compiler.load_records import RawOperator
from intaglio.spec.graph import Attributes, Op, pads_of, window_places

Shape = tuple[int, ...]
SPATIAL = {Op.CONV, Op.DEPTHWISE, Op.MAX_POOL, Op.AVERAGE_POOL}


def check_shapes(raw: RawOperator, op: Op, attributes: Attributes, operands: Operands) -> None:
    """Check a supported operator.

    Raises
    ------
    ModelError
        E302: a shape in the file is not the one that the operator makes or needs.
    """
    before = operands.activations[0].tensor.shape
    after = operands.output.tensor.shape
    weights = operands.weights.tensor.shape if operands.weights is not None else ()
    if 0 in before + after + weights:
        raise raw.table.damaged(f"has shapes {before}, {weights}, {after}", "sizes of 1 or more")
    if op in SPATIAL and len(before) != 4:
        raise raw.table.damaged(f"has an input of shape {before}", "N, H, W, C")
    need = _weights_needed(op, attributes, before, weights, after)
    if weights != need:
        raise raw.table.damaged(f"has weights of shape {weights}", f"{need}")
    if operands.bias is not None and operands.bias.tensor.shape != after[-1:]:
        have = operands.bias.tensor.shape
        raise raw.table.damaged(f"has a bias of shape {have}", f"{after[-1:]}")
    made = _outputs(op, attributes, before, weights, after)
    if after not in made:
        raise raw.table.damaged(f"has an output of shape {after}", f"{made[0]}")


def _weights_needed(
    op: Op, attributes: Attributes, before: Shape, weights: Shape, after: Shape
) -> Shape:
    """Return the shape of the weights that fits the activations; the kernel is free."""
    kernel = weights[1:3] if len(weights) == 4 else (1, 1)
    if op is Op.CONV:
        inner = weights[3] if len(weights) == 4 and weights[3] else before[-1]
        groups = before[-1] // inner
        fits = groups * inner == before[-1] and after[-1] % max(groups, 1) == 0
        return after[-1], *kernel, inner if fits else before[-1]
    if op is Op.DEPTHWISE:
        return 1, *kernel, before[-1] * attributes.depth_multiplier
    if op is Op.DENSE:
        return after[-1], math.prod(before)
    return ()


def _outputs(
    op: Op, attributes: Attributes, before: Shape, weights: Shape, after: Shape
) -> list[Shape]:
    """Return the output shapes that the operator may have, the usual one first."""
    if op in SPATIAL:
        kernel = (weights[1], weights[2]) if weights else attributes.kernel
        channels = {Op.CONV: weights[:1], Op.DEPTHWISE: weights[3:]}.get(op, before[3:])
        return [(1, *_places(attributes, before, kernel), *channels)]
    if op is Op.MEAN:
        return [(1, before[3]), (1, 1, 1, before[3])]
    if op is Op.DENSE:
        kept = [(*before[:-1], weights[0])] if math.prod(before[:-1]) == 1 else []
        return [(1, weights[0]), *kept]
    if op is Op.RESHAPE:
        return [after] if math.prod(after) == math.prod(before) else [(1, math.prod(before))]
    return [before]


def _places(attributes: Attributes, before: Shape, kernel: tuple[int, int]) -> Shape:
    top, bottom, left, right = pads_of(attributes, (before[1], before[2]), kernel)
    return tuple(
        window_places(before[1 + i], kernel[i], attributes.stride[i], attributes.dilation[i], pads)
        for i, pads in enumerate(((top, bottom), (left, right)))
    )
