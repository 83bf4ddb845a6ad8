"""A product by channel factors goes into the addition behind it: one pass over the image, not two.

The sum is then rounded once, where the two operators rounded twice: other codes, nearer to the real
sum. Only reference ``own`` takes that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.passes.rewrite import Rewrite, makers, read_once, readers
from intaglio.compiler.scale import factors_place, is_channel_scale
from intaglio.spec.formats import INT8
from intaglio.spec.graph import Graph, Node, Op
from intaglio.spec.requant import clamp_of, quant_of
from intaglio.spec.scale_add import addend_taps, addend_weight

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ResidualScale:
    """MUL by channel factors, then ADD -> SCALE_ADD."""

    name: str = "residual scale fusion"
    reference: str = "own"

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites."""
        made, reads = makers(graph), readers(graph)
        for node in graph.nodes:
            if node.op is not Op.ADD or node.inputs[0] == node.inputs[1]:
                continue
            for place in (0, 1):
                product, addend = node.inputs[place], node.inputs[1 - place]
                before = made.get(product)
                if before is None or not read_once(graph, product, reads):
                    continue
                found = _fused(graph, before, node, addend)
                if found is not None:
                    yield found
                    break

    def real(self, graph: Graph, rewrite: Rewrite, codes: Mapping[int, Any]) -> Reals:
        """Return what both operators give in real numbers, clamped to the codes of the output."""
        (node,) = rewrite.after
        x, factors, addend = (
            (codes[n].astype(np.float64) - quant.zero_point) * quant.scale
            for n, quant in ((n, quant_of(graph.tensors[n])) for n in node.inputs)
        )
        y = quant_of(graph.tensors[rewrite.result])
        low, high = ((code - y.zero_point) * y.scale for code in clamp_of(graph, node))
        return np.asarray(np.clip(x * factors + addend, low, high), np.float64)


def _fused(graph: Graph, before: Node, node: Node, addend: int) -> Rewrite | None:
    """Return both operators as one, None if the array has no such sum."""
    read = {*before.inputs, *node.inputs, *node.outputs}
    eight = all(graph.tensors[n].dtype == "int8" and graph.tensors[n].quant for n in read)
    if not eight or not is_channel_scale(graph, before) or node.attributes.requant is not None:
        return None
    if clamp_of(graph, before) != (INT8.min, INT8.max):
        return None
    place = factors_place(graph, before)
    numbers = (before.inputs[1 - place], before.inputs[place], addend)
    constant = any(graph.tensors[n].data is not None for n in numbers)
    weight = addend_weight(*(quant_of(graph.tensors[n]) for n in numbers))
    if constant or graph.tensors[addend].shape != graph.tensors[node.outputs[0]].shape:
        return None
    if not addend_taps(weight):
        return None
    after = replace(node, op=Op.SCALE_ADD, inputs=numbers)
    return Rewrite((before, node), (after,), numbers[0], node.outputs[0])
