"""A residual sum whose two operands are rounded each by itself, in the gates of an accelerator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.ledger.entry import Verdict, judge
from intaglio.ledger.layers import TINY, Net, draw, run
from intaglio.spec.formats import INT8
from intaglio.spec.graph import Graph, Op, Quantisation, Requant
from intaglio.spec.rounding import Rounding
from intaglio.spec.scale import Scale

CONFIG = replace(
    TINY, name="tiny-even", roundings=(Rounding.DOUBLE, Rounding.SINGLE_UP, Rounding.SINGLE_RNE)
)
SIZE, CHANNELS = 24, 8
EXPONENTS = (40, 39)
MULTIPLIERS = (1_518_500_249, 1 << 30)  # an odd one, and a power of two, which ties often


def _graph() -> Graph:
    """Return two convolutions of one input, requantised to one scale, and their sum."""
    net = Net("residual", seed=28)
    x = net.input(SIZE, SIZE, CHANNELS)
    sides = [net.conv(x, outputs=CHANNELS, exact=True) for _ in MULTIPLIERS]
    graph = net.graph(net.add(*sides))
    tensors, nodes = dict(graph.tensors), []
    for number in (*sides, *graph.outputs):
        unit = Quantisation(np.ones(1, np.float32), np.zeros(1, np.int64))
        tensors[number] = replace(tensors[number], quant=unit)
    factors = iter(zip(MULTIPLIERS, EXPONENTS, strict=True))
    for node in graph.nodes:
        if node.op is Op.CONV:
            multiplier, exponent = next(factors)
            scales = (Scale(multiplier, 31 - exponent),) * CHANNELS
            form = Requant(scales, int(Rounding.SINGLE_RNE), 0, INT8.min, INT8.max)
            nodes.append(replace(node, attributes=replace(node.attributes, requant=form)))
        else:
            nodes.append(node)
    outputs = (*sides, *graph.outputs)
    return replace(graph, tensors=tensors, nodes=tuple(nodes), outputs=outputs)


def _even(value: int, exponent: int) -> int:
    """Return value / 2**exponent, half to even, in Python's integers."""
    whole, rest = divmod(value, 1 << exponent)
    half = 1 << (exponent - 1)
    return whole + (rest > half or (rest == half and whole & 1 == 1))


def residual() -> Verdict:
    """Compare gates with RNE(q1 * m1 / 2**e1) + RNE(q2 * m2 / 2**e2), in Python's integers."""
    graph = _graph()
    inputs = draw(graph, seed=28)
    ran = run(graph, CONFIG, inputs)
    (image,) = (array[0].astype(np.int64) for array in inputs.values())
    terms = []
    for node, factor, exponent in zip(graph.nodes, MULTIPLIERS, EXPONENTS, strict=False):
        weights, bias = (np.asarray(graph.tensors[n].data, np.int64) for n in node.inputs[1:3])
        sums = image.reshape(-1, CHANNELS) @ weights.reshape(CHANNELS, -1).T + bias
        terms.append([_even(q * factor, exponent) for q in sums.reshape(-1).tolist()])
    within = all(INT8.min <= term <= INT8.max for side in terms for term in side)
    found = ran.outputs[graph.outputs[-1]].reshape(-1).tolist()
    wanted = [min(max(a + b, INT8.min), INT8.max) for a, b in zip(*terms, strict=True)]
    tie, period = 1 << (EXPONENTS[1] - 1), 1 << EXPONENTS[1]
    ties = sum(q * MULTIPLIERS[1] % period == tie for q in _sums(graph, image))
    differ = sum(a != b for a, b in zip(found, wanted, strict=True))
    return judge(
        within and not differ and ties > 0,
        f"RNE(q1*m1/2^e1) + RNE(q2*m2/2^e2), both terms within 8 bits: {len(found)} sums in "
        f"gates, {ties} operands on a tie, {differ} differ from Python's integers",
    )


def _sums(graph: Graph, image: np.ndarray) -> list[int]:
    """Return the accumulators of the second convolution."""
    node = graph.nodes[1]
    weights = np.asarray(graph.tensors[node.inputs[1]].data, np.int64).reshape(CHANNELS, -1)
    found: list[int] = (image.reshape(-1, CHANNELS) @ weights.T).reshape(-1).tolist()
    return found
