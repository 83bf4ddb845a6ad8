"""Pools and means of a graph."""

from __future__ import annotations

import numpy as np

from intaglio.golden.output import Codes, Output
from intaglio.golden.pool import average_pool, max_pool, mean_hw, pool_sums
from intaglio.golden.step import Step
from intaglio.spec.graph import Op
from intaglio.spec.quant import rounding_of
from intaglio.spec.requant import divided_scale, divides_codes


def maximum(step: Step) -> Codes:
    """Run MAX_POOL."""
    dilation = step.node.attributes.dilation
    return max_pool(step.value(0), *step.window(), *step.clamp(), dilation=dilation)


def average(step: Step) -> Codes:
    """Run AVERAGE_POOL: an integer division of the codes, or a requantisation for each count."""
    dilation = step.node.attributes.dilation
    if divides_codes(step.graph, step.node, step.reference):
        unsigned = step.graph.tensors[step.node.inputs[0]].offset != 0
        return average_pool(
            step.value(0), *step.window(), *step.clamp(), ties_up=unsigned, dilation=dilation
        )
    kernel, stride, pads = step.window()
    sums, taps = pool_sums(step.value(0), step.qx.zero_point, kernel, stride, pads, dilation)
    counts = taps
    if step.node.attributes.function == "count_pads":
        counts = np.full_like(taps, kernel[0] * kernel[1])
    rounding = rounding_of(Op.AVERAGE_POOL, step.reference, step.bits)
    low, high = step.clamp()
    result = np.zeros(sums.shape, np.int64)
    for count in np.unique(counts):
        scale = divided_scale(step.qx.scale, step.qy.scale, int(count), rounding)
        codes = Output((scale,), rounding, step.qy.zero_point, low, high).codes(sums)
        result = np.where(counts == count, codes, result)
    return result.astype(step.value(0).dtype)


def mean(step: Step) -> Codes:
    """Run MEAN."""
    x, axes = step.value(0), step.node.attributes.axes
    if axes != (1, 2) or x.ndim != 4:
        raise step.unsupported("E303", f"axes {axes} of {x.ndim}", "axes (1, 2) of N,H,W,C")
    rounding = rounding_of(Op.MEAN, step.reference, step.bits)
    scale = divided_scale(step.qx.scale, step.qy.scale, x.shape[1] * x.shape[2], rounding)
    out = Output((scale,), rounding, step.qy.zero_point, *step.clamp())
    return mean_hw(x, step.qx.zero_point, out)
