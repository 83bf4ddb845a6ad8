"""Layers as matrix products, which is how systolic arrays take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from intaglio.compiler.layer import Layer
from intaglio.compiler.outline import Outline
from intaglio.spec.commands import Operation


@dataclass(frozen=True)
class Gemm:
    """`count` products of an M x K and a K x N matrix.

    Parameters
    ----------
    index : int
        Node of the network.
    name : str
        Its layer.
    m, n, k : int
        Output places, output channels, terms of a sum.
    count : int
        Groups: each multiplies its own matrices.
    """

    index: int
    name: str
    m: int
    n: int
    k: int
    count: int = 1

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates."""
        return self.count * self.m * self.n * self.k


def gemms(outline: Outline) -> Iterator[Gemm]:
    """Yield the products of every layer with weights; a depthwise one has a group a channel."""
    for index, layer in outline.layers.items():
        if layer.weights is not None and layer.operation in (Operation.CONV, Operation.DEPTHWISE):
            yield _gemm(index, layer)


def _gemm(index: int, layer: Layer) -> Gemm:
    height, width, channels = layer.out_image
    shape = layer.weights.shape if layer.weights is not None else ()
    if layer.operation is Operation.DEPTHWISE:
        return Gemm(index, layer.name, height * width, 1, shape[0] * shape[1], channels)
    groups = layer.groups
    terms = shape[1] * shape[2] * shape[3]
    return Gemm(index, layer.name, height * width, channels // groups, terms, groups)
