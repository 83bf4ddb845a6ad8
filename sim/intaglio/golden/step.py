"""One operator of a graph with its operands, as the golden operators read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intaglio.golden.output import Codes
from intaglio.golden.windows import Array
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.graph import Graph, Node, Quantisation, pads_of
from intaglio.spec.requant import clamp_of, format_of


@dataclass(frozen=True)
class Step:
    """An operator with its operands; see :func:`intaglio.golden.node.run_node`."""

    graph: Graph
    node: Node
    values: Mapping[int, Codes]
    reference: str

    def value(self, operand: int) -> Array:
        """Return an operand: an activation's codes or a constant."""
        number = self.node.inputs[operand]
        data = self.graph.tensors[number].data
        return self.values[number] if data is None else data

    def quant(self, number: int) -> Quantisation:
        """Return the quantisation of a tensor."""
        tensor = self.graph.tensors[number]
        if tensor.quant is None:
            raise self.unsupported("E304", f"{tensor.name} without quantisation", "int8 tensors")
        return tensor.quant

    @property
    def qx(self) -> Quantisation:
        """Quantisation of the first input."""
        return self.quant(self.node.inputs[0])

    @property
    def qy(self) -> Quantisation:
        """Quantisation of the output."""
        return self.quant(self.node.outputs[0])

    def clamp(self) -> tuple[int, int]:
        """Return the least and the greatest output code."""
        return clamp_of(self.graph, self.node)

    def window(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int]]:
        """Return kernel, stride and pads of a pool."""
        x, attributes = self.value(0), self.node.attributes
        pads = pads_of(attributes, (x.shape[1], x.shape[2]), attributes.kernel)
        return attributes.kernel, attributes.stride, pads

    @property
    def bits(self) -> int:
        """Bits of the activations."""
        return format_of(self.graph.tensors[self.node.inputs[0]]).bits

    def unsupported(self, code: str, have: str, need: str) -> ModelError:
        """Return the error of a form that is not defined here."""
        return ModelError(
            Finding(
                code,
                f"{self.node.op.value} has {have}",
                where=self.node.name,
                have=have,
                need=need,
                help="export the network with quantised int8 operators",
            )
        )
