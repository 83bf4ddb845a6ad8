"""Runs one operator of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from intaglio.golden.conv import add_bias, conv_acc, dense_acc, depthwise_acc
from intaglio.golden.elementwise import add
from intaglio.golden.output import Codes, Output
from intaglio.golden.pool import average_pool, max_pool, mean_hw
from intaglio.golden.softmax import softmax
from intaglio.golden.softmax16 import softmax16
from intaglio.golden.windows import Array
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import INT8, INT16
from intaglio.spec.graph import Graph, Node, Op, Quantisation, pads_of
from intaglio.spec.quant import ADD_LEFT_SHIFT, ADD_LEFT_SHIFT_16, mean_scale, rounding_of
from intaglio.spec.requant import clamp_of, format_of, weighted_requant

SOFTMAX_SCALE, SOFTMAX_ZERO_POINT = 2.0**-8, -128
SOFTMAX_SCALE_16 = 2.0**-15


def run_node(
    graph: Graph, node: Node, values: Mapping[int, Codes], reference: str = "litert"
) -> Codes:
    """Return the output codes of one operator, in the shape that the operator gives them.

    Parameters
    ----------
    values : mapping of tensor number to int8 array
        At least the operator's activations; constants come from the graph.
    reference : str
        See :func:`intaglio.spec.quant.rounding_of`.

    Raises
    ------
    ModelError
        E303, E304: the operator has a form that is not defined here.
    """
    return _OPERATORS[node.op](_Step(graph, node, values, reference))


@dataclass(frozen=True)
class _Step:
    """An operator with its operands."""

    graph: Graph
    node: Node
    values: Mapping[int, Codes]
    reference: str

    def value(self, operand: int) -> Array:
        number = self.node.inputs[operand]
        data = self.graph.tensors[number].data
        return self.values[number] if data is None else data

    def quant(self, number: int) -> Quantisation:
        tensor = self.graph.tensors[number]
        if tensor.quant is None:
            raise self.unsupported("E304", f"{tensor.name} without quantisation", "int8 tensors")
        return tensor.quant

    @property
    def qx(self) -> Quantisation:
        return self.quant(self.node.inputs[0])

    @property
    def qy(self) -> Quantisation:
        return self.quant(self.node.outputs[0])

    def clamp(self) -> tuple[int, int]:
        return clamp_of(self.graph, self.node)

    def window(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int]]:
        """Return kernel, stride and pads of a pool."""
        x, attributes = self.value(0), self.node.attributes
        pads = pads_of(attributes, (x.shape[1], x.shape[2]), attributes.kernel)
        return attributes.kernel, attributes.stride, pads

    @property
    def bits(self) -> int:
        return format_of(self.graph.tensors[self.node.inputs[0]]).bits

    def unsupported(self, code: str, have: str, need: str) -> ModelError:
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


def _weighted(step: _Step) -> Codes:
    """Run CONV, DEPTHWISE or DENSE."""
    node, attributes = step.node, step.node.attributes
    x, weights = step.value(0), step.value(1)
    bias = None if node.inputs[2] < 0 else step.value(2)
    zero_point = step.qx.zero_point
    if node.op is Op.DENSE:
        acc = dense_acc(x.reshape(-1, weights.shape[1]), zero_point, weights)
    else:
        size, kernel = (x.shape[1], x.shape[2]), (weights.shape[1], weights.shape[2])
        pads = pads_of(attributes, size, kernel)
        geometry = (attributes.stride, attributes.dilation, pads)
        if node.op is Op.DEPTHWISE:
            acc = depthwise_acc(x, zero_point, weights, *geometry)
        else:
            groups = x.shape[3] // weights.shape[3]
            acc = conv_acc(x, zero_point, weights, *geometry, groups)
    return add_bias(acc, bias, Output.of(weighted_requant(step.graph, node, step.reference)))


def _add(step: _Step) -> Codes:
    quants = (step.qx, step.quant(step.node.inputs[1]), step.qy)
    left = ADD_LEFT_SHIFT if step.bits == INT8.bits else ADD_LEFT_SHIFT_16
    sign = 1 if step.node.op is Op.ADD else -1
    return add(step.value(0), step.value(1), *quants, *step.clamp(), left, sign)


def _max(step: _Step) -> Codes:
    return max_pool(step.value(0), *step.window(), *step.clamp())


def _average(step: _Step) -> Codes:
    unsigned = step.graph.tensors[step.node.inputs[0]].offset != 0
    return average_pool(step.value(0), *step.window(), *step.clamp(), ties_up=unsigned)


def _mean(step: _Step) -> Codes:
    x, axes = step.value(0), step.node.attributes.axes
    if axes != (1, 2) or x.ndim != 4:
        raise step.unsupported("E303", f"axes {axes} of {x.ndim}", "axes (1, 2) of N,H,W,C")
    scale = mean_scale(step.qx.scale, step.qy.scale, x.shape[1] * x.shape[2])
    rounding = rounding_of(Op.MEAN, step.reference, step.bits)
    out = Output((scale,), rounding, step.qy.zero_point, *step.clamp())
    return mean_hw(x, step.qx.zero_point, out)


def _softmax(step: _Step) -> Codes:
    qy = step.qy
    if step.bits == INT16.bits and (qy.scale, qy.zero_point) == (SOFTMAX_SCALE_16, 0):
        return softmax16(step.value(0), step.qx.scale, step.node.attributes.beta)
    if (qy.scale, qy.zero_point) != (SOFTMAX_SCALE, SOFTMAX_ZERO_POINT):
        have = f"output scale {qy.scale} and zero point {qy.zero_point}"
        raise step.unsupported("E304", have, f"{SOFTMAX_SCALE} and {SOFTMAX_ZERO_POINT}")
    return softmax(step.value(0), step.qx.scale, step.node.attributes.beta)


_OPERATORS: dict[Op, Callable[[_Step], Codes]] = {
    Op.CONV: _weighted,
    Op.DEPTHWISE: _weighted,
    Op.DENSE: _weighted,
    Op.ADD: _add,
    Op.SUB: _add,
    Op.MAX_POOL: _max,
    Op.AVERAGE_POOL: _average,
    Op.MEAN: _mean,
    Op.RESHAPE: lambda step: step.value(0),
    Op.SOFTMAX: _softmax,
}
