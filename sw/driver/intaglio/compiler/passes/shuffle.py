"""A pixel shuffle behind a convolution becomes the place at which each output is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from intaglio.compiler.passes.rewrite import Rewrite, makers, read_once, readers
from intaglio.spec.graph import Graph, Op


@dataclass(frozen=True)
class ShuffleFusion:
    """CONV without groups, then DEPTH_TO_SPACE -> a convolution that writes blocks of pixels."""

    name: str = "pixel shuffle"

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites."""
        made, reads = makers(graph), readers(graph)
        for node in graph.nodes:
            conv = made.get(node.inputs[0])
            if node.op is not Op.DEPTH_TO_SPACE or conv is None or conv.op is not Op.CONV:
                continue
            x, weights = (graph.tensors[n].shape for n in conv.inputs[:2])
            plain = x[3] == weights[3] and not conv.attributes.function
            if not plain or not read_once(graph, node.inputs[0], reads):
                continue
            attributes = replace(
                conv.attributes,
                kernel=node.attributes.kernel,
                function=node.attributes.function or "dcr",
            )
            after = replace(conv, outputs=node.outputs, attributes=attributes)
            yield Rewrite((conv, node), (after,), conv.inputs[0], node.outputs[0])
