"""Convolutions of one input whose outputs are summed become one (reparameterisation)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.network import makers, readers

Array = npt.NDArray[Any]
Values = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Branch:
    """One summand as a convolution of the common input.

    Parameters
    ----------
    kernel : O, C / groups, KH, KW
        With the zeros of its dilation.
    bias : O
    groups : int
    pads : (top, left, bottom, right)
    stride : (int, int)
    macs : int
        Of one output pixel, before zeros were put in.
    """

    kernel: Array
    bias: Array
    groups: int
    pads: tuple[int, ...]
    stride: tuple[int, ...]
    macs: int


def merge_branches(model: OnnxModel, values: Values) -> tuple[OnnxModel, int]:
    """Return the network with sums of convolutions of one input merged, and how many sums.

    Kernels of other sizes and dilations are laid over one another, their centres as the padding
    has them; the input itself is a kernel of one tap. Sums stay that would need more products
    merged than apart. Covers RepVGG's blocks, large kernels with dilated ones, and fixed filters
    (Sobel, Laplacian) beside free ones.
    """
    count = 0
    while True:
        changed = _one(model, values)
        if changed is None:
            return model, count
        model, count = changed, count + 1


def _one(model: OnnxModel, values: Values) -> OnnxModel | None:
    made, read = makers(model), readers(model)
    for node in model.nodes:
        if node.op != "Add" or node.domain or len(node.inputs) != 2:
            continue
        parts = [_conv(model, made.get(name)) for name in node.inputs]
        convs = [part for part in parts if part is not None]
        # A summand that others read has to be computed all the same.
        alone = all(
            len(read.get(conv.outputs[0], ())) == 1 and conv.outputs[0] not in model.outputs
            for conv in convs
        )
        if not convs or not alone:
            continue
        sources = {conv.inputs[0] for conv in convs}
        sources |= {n for n, part in zip(node.inputs, parts, strict=True) if part is None}
        if len(sources) != 1:
            continue
        (source,) = sources
        branches = [
            _identity(values[source].shape, convs[0]) if part is None else _branch(model, part)
            for part in parts
        ]
        merged = merge(branches)
        if merged is not None:
            return _with(model, node, source, merged, convs)
    return None


def merge(branches: list[Branch]) -> Branch | None:
    """Return the convolution that gives the sum of several; None: it takes more products."""
    strides = {branch.stride for branch in branches}
    if len(strides) != 1:
        return None
    groups = min(branch.groups for branch in branches)
    kernels = [_grouped(branch, groups) for branch in branches]
    pads, size = [], []
    for axis in range(len(branches[0].stride)):
        before = max(branch.pads[axis] for branch in branches)
        ends = [
            before - branch.pads[axis] + kernel.shape[2 + axis]
            for branch, kernel in zip(branches, kernels, strict=True)
        ]
        rank = len(branches[0].stride)
        # Inputs that a window may still start at: equal for all, or their outputs have other sizes.
        reach = {
            branch.pads[axis] + branch.pads[rank + axis] - kernel.shape[2 + axis]
            for branch, kernel in zip(branches, kernels, strict=True)
        }
        if len(reach) != 1:
            return None
        pads.append((before, reach.pop() + max(ends) - before))
        size.append(max(ends))
    whole = np.zeros((*kernels[0].shape[:2], *size))
    for branch, kernel in zip(branches, kernels, strict=True):
        at = [pads[axis][0] - branch.pads[axis] for axis in range(len(size))]
        places = tuple(slice(a, a + n) for a, n in zip(at, kernel.shape[2:], strict=True))
        whole[(slice(None), slice(None), *places)] += kernel
    if whole.size > sum(branch.macs for branch in branches) or min(b for _, b in pads) < 0:
        return None
    bias = np.sum([branch.bias for branch in branches], axis=0)
    both = (*(a for a, _ in pads), *(b for _, b in pads))
    return Branch(whole, bias, groups, both, strides.pop(), whole.size)


def _grouped(branch: Branch, groups: int) -> Array:
    """Return a kernel for fewer groups: zeros where it read nothing."""
    if branch.groups == groups:
        return branch.kernel
    out, inner, *size = branch.kernel.shape
    wide = inner * branch.groups // groups
    found = np.zeros((out, wide, *size))
    for o in range(out):
        first = (o * branch.groups // out) * inner % wide
        found[o, first : first + inner] = branch.kernel[o]
    return found


def _conv(model: OnnxModel, node: OnnxNode | None) -> OnnxNode | None:
    """Return a node that is a convolution of constant weights with stated padding."""
    if node is None or node.op != "Conv" or node.text("auto_pad", "NOTSET") not in {"", "NOTSET"}:
        return None
    return node if all(name in model.constants for name in node.inputs[1:] if name) else None


def _branch(model: OnnxModel, node: OnnxNode) -> Branch:
    weights = model.constants[node.inputs[1]].astype(np.float64)
    rank = weights.ndim - 2
    turns = node.ints("dilations") or (1,) * rank
    size = [(n - 1) * d + 1 for n, d in zip(weights.shape[2:], turns, strict=True)]
    kernel = np.zeros((*weights.shape[:2], *size))
    kernel[(slice(None), slice(None), *(slice(None, None, d) for d in turns))] = weights
    bias = np.zeros(weights.shape[0])
    if len(node.inputs) > 2 and node.inputs[2]:
        bias = model.constants[node.inputs[2]].astype(np.float64).reshape(-1)
    return Branch(
        kernel,
        bias,
        node.integer("group", 1),
        node.ints("pads") or (0,) * (2 * rank),
        node.ints("strides") or (1,) * rank,
        weights.size,
    )


def _identity(shape: tuple[int, ...], like: OnnxNode) -> Branch:
    """Return the input itself as a depthwise kernel of one tap."""
    channels, rank = shape[1], len(shape) - 2
    stride = like.ints("strides") or (1,) * rank
    kernel = np.ones((channels, 1, *(1,) * rank))
    # A stride that skips pixels gives another size, which `merge` then refuses.
    fitting = (1,) * rank if set(stride) == {1} else (0,) * rank
    return Branch(kernel, np.zeros(channels), channels, (0,) * (2 * rank), fitting, 0)


def _with(
    model: OnnxModel, node: OnnxNode, source: str, merged: Branch, convs: list[OnnxNode]
) -> OnnxModel:
    """Return the network with one convolution in place of a sum."""
    names = (f"{node.name}/weights", f"{node.name}/bias")
    constants = {
        **model.constants,
        names[0]: merged.kernel.astype(np.float32),
        names[1]: merged.bias.astype(np.float32),
    }
    attributes = {
        "group": merged.groups,
        "kernel_shape": list(merged.kernel.shape[2:]),
        "pads": list(merged.pads),
        "strides": list(merged.stride),
    }
    made = replace(node, op="Conv", inputs=(source, *names), attributes=attributes)
    gone = {conv.outputs[0] for conv in convs}
    nodes = [
        made if other is node else other for other in model.nodes if not gone & set(other.outputs)
    ]
    return replace(model, nodes=tuple(nodes), constants=constants)
