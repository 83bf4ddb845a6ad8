"""All cuts of a layer to strips and panels, and what none of them can be cheaper than."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from intaglio.compiler.cost import block_cycles, weight_beats
from intaglio.compiler.layer import Layer
from intaglio.compiler.tiling import COMMAND_CYCLES, input_edges
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision
from intaglio.spec.tensor import blocks_of

Shape = tuple[int, int]


def strip_shapes(layer: Layer) -> Iterator[Shape]:
    """Yield rows and columns of strips: full rows, or parts of one row; those of like sizes first.

    The first of equally good ones is taken.
    """
    height, width, _ = layer.out_image
    for size, shape in ((height, lambda n: (n, width)), (width, lambda n: (1, n))):
        even = sorted({-(-size // n) for n in range(1, size + 1)}, reverse=True)
        others = [n for n in range(size, 0, -1) if n not in even]
        for n in (*even, *others):
            if size == height or n < width:
                yield shape(n)


def panel_sizes(layer: Layer, config: ArrayConfig, most: int) -> list[int]:
    """Return output blocks of a panel, from `most` down: the least for each number of panels.

    Where channels are summed, a smaller panel saves no input and no room for one.
    """
    total = blocks_of(layer.out_image[2], config.channels)
    if layer.sums_channels:
        return [most]
    if layer.spread > 1 or Precision.BITS4 in (layer.precision, layer.out_precision):
        sizes = [most]
        while sizes[-1] > 1:
            sizes.append(-(-sizes[-1] // 2))
        if layer.spread > 1:  # whole input blocks
            spread = layer.spread
            sizes = [n for n in sizes if n == most or 0 in (n % spread, spread % n)]
        return sizes
    fewest = -(-total // most)
    return list(dict.fromkeys(-(-total // panels) for panels in range(fewest, total + 1)))


@dataclass(frozen=True)
class LeastCost:
    """A bound on :func:`intaglio.compiler.cost.tiling_cost` that is quick to compute.

    Parameters
    ----------
    out_image : (int, int, int)
        Of the layer.
    compute : int
        Cycles of the sums, were they not cut.
    weights, others : int
        Beats that are moved at least: weights once, inputs and outputs once.
    blocks : int
        Output blocks.
    """

    out_image: tuple[int, int, int]
    compute: int
    weights: int
    others: int
    blocks: int

    @classmethod
    def of(cls, layer: Layer, config: ArrayConfig, resident: tuple[bool, ...]) -> LeastCost:
        """Return the bound of a layer."""
        height, width, channels = layer.out_image
        blocks = blocks_of(channels, config.channels)
        planes = layer.out_planes((0, blocks))[1] * layer.out_words
        outputs = 0 if resident[-1] else planes * height * width
        compute = blocks * block_cycles(layer, config, height * width)
        spilled = sum(not stays for stays in resident[:-1])
        inputs = spilled * _inputs(layer) * blocks_of(layer.image[2], config.channels)
        moved = (weight_beats(layer, config), inputs + outputs)
        return cls(layer.out_image, compute, *moved, blocks)

    def cycles(self, shape: Shape, size: int, copies: int) -> int:
        """Return what a cut takes at least: a command for each part costs time."""
        strips = -(-self.out_image[0] // shape[0]) * -(-self.out_image[1] // shape[1])
        compute = self.compute + COMMAND_CYCLES * strips * -(-self.blocks // size)
        if copies == 1:
            return self.others + max(self.weights, compute)
        return max(self.others + self.weights, compute)


def _inputs(layer: Layer) -> int:
    """Return the pixels of an input that strips read at least, 0 where they may leave some out."""
    sides = []
    for axis, size in enumerate(layer.out_image[:2]):
        reach = (layer.kernel[axis] - 1) * layer.dilation[axis] + 1
        if layer.phases or layer.stride[axis] > reach:
            return 0
        first, end = input_edges(layer, axis, 0, size)
        sides.append(end - first)
    return sides[0] * sides[1]
