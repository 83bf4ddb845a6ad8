"""System 42: CFSR (ConvFormer SR)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.api.rewriting import rewritten
from intaglio.golden.network import run_graph
from intaglio.golden.windows import windows
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, Net, draw, run
from intaglio.spec.graph import Attributes, Graph, Node, Op

SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float64)
LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float64)
CHANNELS, CLOSE = 6, 1e-12


def merge() -> Verdict:
    """Sum a 3x3, both Sobel filters and the Laplacian; compare with one merged 3x3."""
    rng = np.random.default_rng(42)
    x = rng.standard_normal((1, 12, 11, CHANNELS))
    free = rng.standard_normal((3, 3, CHANNELS))
    scales, biases = rng.standard_normal((3, CHANNELS)), rng.standard_normal((4, CHANNELS))
    fixed = (SOBEL, SOBEL.T, LAPLACE)
    branches = [free, *(s * f[..., None] for s, f in zip(scales, fixed, strict=True))]
    taps = windows(x, (3, 3), pads=(1, 1, 1, 1))
    apart = sum(
        np.einsum("nijrsc,rsc->nijc", taps, kernel) + bias
        for kernel, bias in zip(branches, biases, strict=True)
    )
    whole = np.einsum("nijrsc,rsc->nijc", taps, sum(branches)) + biases.sum(axis=0)
    error = float(np.abs(apart - whole).max() / np.abs(whole).max())
    return judge(error < CLOSE, f"3x3, Sobel-x, Sobel-y and Laplacian in one 3x3: {error:.0e}")


def _shuffled(graph: Graph, size: int) -> Graph:
    """Return `graph` with a pixel shuffle of its output, channels first."""
    (number,) = graph.outputs
    before = graph.tensors[number]
    _, height, width, channels = before.shape
    shape = (1, height * size, width * size, channels // size**2)
    after = replace(before, number=len(graph.tensors), name="shuffled", shape=shape)
    attributes = Attributes(kernel=(size, size), function="crd")
    node = Node(Op.DEPTH_TO_SPACE, "shuffle", (number,), (after.number,), attributes)
    tensors = {**graph.tensors, after.number: after}
    return replace(graph, tensors=tensors, nodes=(*graph.nodes, node), outputs=(after.number,))


def _conv(outputs: int, kernel: int) -> Graph:
    net = Net("upsampler", 42)
    source = net.input(12, 10, 16)
    return net.graph(net.conv(source, outputs=outputs, kernel=(kernel, kernel), padding="same"))


def shuffle() -> Verdict:
    """Run a convolution alone and with a shuffle behind it; compare products and array cycles."""
    size, colours = 4, 3
    plain = _conv(colours * size**2, 3)
    whole, _ = rewritten(_shuffled(plain, size), TINY, "litert")
    runs = [run(graph, TINY, draw(plain)) for graph in (plain, whole)]
    macs = [sum(layer.macs for layer in ran.program.layers) for ran in runs]
    where = {layer.where for layer in runs[1].program.layers}
    text = f"{macs[0]} products before, {macs[1]} with the shuffle, {runs[1].compared} codes equal"
    return judge(macs[0] == macs[1] and where == {"array"}, text)


def tail() -> Verdict:
    """Merged 3x3 with fixed filters, pointwise, upsampling convolution and shuffle, in gates."""
    size, colours = 2, 3
    rng = np.random.default_rng(42)
    net = Net("tail", 42)
    source = net.input(12, 10, 16)
    fixed = sum(rng.integers(-9, 10, 16) * f[..., None] for f in (SOBEL, SOBEL.T, LAPLACE))
    kernel = np.asarray(rng.integers(-40, 41, (3, 3, 16)) + fixed, np.int64)[None]
    edges = net.conv(source, np.clip(kernel, -127, 127), depthwise=True, padding="same")
    mixed = net.add(source, net.conv(edges, outputs=16))
    last = net.conv(mixed, outputs=colours * size**2, kernel=(3, 3), padding="same")
    graph = _shuffled(net.graph(last), size)
    after, _ = rewritten(graph, TINY, "litert")
    inputs = draw(graph)
    ran = run(after, TINY, inputs)
    (number,) = graph.outputs
    apart = run_graph(graph, inputs)[number][0]
    where = {layer.where for layer in ran.program.layers}
    same = np.array_equal(ran.outputs[number], apart)
    text = f"{len(ran.program.layers)} layers on the array, {ran.compared} codes in gates, 0 differ"
    return judge(same and where == {"array"}, text)


ENTRY = Entry(
    number=42,
    name="CFSR (ConvFormer SR)",
    kind="B/C",
    claim=(
        "Large-kernel conv mixer + edge-preserving FFN. +0.39 dB Urban100x2, -26 % params, -31 % "
        "FLOPs"
    ),
    operator=(
        "DW large k, elementwise gate, reparam of Sobel-x/y + Laplacian into one 3x3, PixelShuffle"
    ),
    clauses=(
        Clause("Merge exact before quantisation", merge),
        Clause("PixelShuffle is a pure address map (0 MACs)", shuffle),
        Clause("full SR tail bit-exact", tail),
    ),
)
