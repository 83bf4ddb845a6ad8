"""Sums of a product by channel factors and an addend: one layer, one requantisation.

Each row of taps has two columns, the image and the addend, which are read at the same pixel. The
factors are weights of the image in one row, and in one or two more outside of it, which add what
the image's zero point takes away. Further rows have one weight for all channels, for the zero point
of the factors. The weights of the addend stand beside them, and beside the factors too where the
columns of a row are words of their own, as in lanes of one product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from intaglio.compiler.layer import Params, image_of, whole, widths_of
from intaglio.compiler.product import repeated
from intaglio.compiler.scale import ScaleLayer
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph, Node
from intaglio.spec.quant import multiplier, rounding_of
from intaglio.spec.requant import clamp_of, quant_of
from intaglio.spec.scale_add import addend_taps, addend_weight

COLUMNS = 2
FACTORS = None
"""A tap whose weights are the factors; the others are numbers."""
Taps = tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class ScaleAddLayer(ScaleLayer):
    """A sum of a product by channel factors and an addend.

    The inputs are the factors, the image and the addend, the last two one row of all their pixels.

    Parameters
    ----------
    addend : tuple of int
        Weights of the addend.
    """

    addend: tuple[int, ...] = ()

    def rows_outside(self, config: ArrayConfig) -> int:
        """Return how many rows of taps lie outside the image."""
        return min(self.outside[0], 1) if config.depth == 1 else self.outside[0]

    def rows(self, config: ArrayConfig) -> tuple[Taps, ...]:
        """Return the weights of image and addend in each row of taps, those outside first."""
        constants: Taps = (self.constant[1],) * self.constant[0]
        if config.depth == 1:
            around: Taps = (FACTORS,) * self.outside[0]
            outside = (_filled(around, COLUMNS),) * self.rows_outside(config)
            return outside + _pairs((FACTORS, *constants), self.addend)
        return ((FACTORS, 0),) * (self.outside[0] + 1) + _pairs(constants, self.addend)

    def words(self, config: ArrayConfig) -> int:
        """Return the weight words of an output block."""
        return len(self.rows(config)) * -(-COLUMNS // config.depth)


def _pairs(image: Taps, addend: Taps) -> tuple[Taps, ...]:
    count = max(len(image), len(addend))
    return tuple(zip(_filled(image, count), _filled(addend, count), strict=True))


def _filled(taps: Taps, count: int) -> Taps:
    return taps + (0,) * (count - len(taps))


def lower_scale_add(graph: Graph, node: Node, index: int, reference: str) -> ScaleAddLayer:
    """Return a SCALE_ADD as a layer."""
    image, factors, addend = node.inputs
    qx, qf, qr, qy = (quant_of(graph.tensors[n]) for n in (*node.inputs, *node.outputs))
    height, width, channels = image_of(graph.tensors[node.outputs[0]])
    weight = addend_weight(qx, qf, qr)
    low, high = clamp_of(graph, node)
    bias = qx.zero_point * qf.zero_point - weight * qr.zero_point
    row = (1, height * width, channels)
    return ScaleAddLayer(
        index=index,
        name=node.name,
        op=node.op,
        operation=Operation.DEPTHWISE,
        inputs=(factors, image, addend),
        output=node.outputs[0],
        image=row,
        out_image=row,
        params=(Params.of(np.array([bias]), (multiplier(qx.scale * qf.scale / qy.scale),)),),
        rounding=rounding_of(node.op, reference),
        zero_point=qy.zero_point,
        low=low,
        high=high,
        areas=(whole(row),),
        macs=COLUMNS * height * width * channels,
        own_images=True,
        terms=1,
        outside=repeated(-qx.zero_point),
        constant=repeated(-qf.zero_point),
        addend=addend_taps(weight),
        **widths_of(graph, node),
    )
