"""System 3: UniRepLKNet journal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.compiler.passes.widths import Held, held
from intaglio.golden.conv import depthwise_acc
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.layers import TINY, Net, Ran, draw, run
from intaglio.ledger.merges import merged
from intaglio.spec.formats import INT8, IntArray

SIZE, CHANNELS = 13, 4
LEAST_DB = 35.0  # what eight bits of even weights keep
BRANCHES = ((5, 1), (7, 2), (3, 3), (3, 4), (3, 5))


def _branches(limit: int, rng: np.random.Generator) -> list[tuple[IntArray, int]]:
    """Return the kernels of the large branch and of the dilated ones."""
    sizes = ((SIZE, 1), *BRANCHES)
    return [(rng.integers(-limit, limit + 1, (1, k, k, CHANNELS)), r) for k, r in sizes]


def equal() -> Verdict:
    """Sum six branches in 32 bits; compare with the merged kernel, in numpy and in gates."""
    rng = np.random.default_rng(3)
    branches = _branches(1, rng)
    kernel = merged(branches, SIZE)
    net = Net("merged", 3)
    source = net.input(9, 8, CHANNELS)
    pads = (SIZE // 2,) * 4
    number = net.conv(source, kernel, depthwise=True, exact=True, padding=pads)
    graph = net.graph(number)
    inputs = draw(graph, low=-2, high=2)
    parts = []
    for own, dilation in branches:
        reach = (own.shape[1] - 1) * dilation // 2
        edges = (reach, reach, reach, reach)
        turns = (dilation, dilation)
        parts.append(depthwise_acc(inputs[source], 0, own, dilation=turns, pads=edges))
    total = sum(parts)
    whole = depthwise_acc(inputs[source], 0, kernel, pads=pads)
    ran = run(graph, TINY, inputs)
    same = np.array_equal(whole, total)
    gates = np.array_equal(ran.outputs[number], np.clip(whole[0], INT8.min, INT8.max))
    return judge(same and gates, f"sum of {len(branches)} branches: {whole.size} sums, 0 differ")


def _in_gates(form: Held) -> Ran:
    """Run a merged kernel in gates; its sums may be clamped, and equal golden."""
    net = Net("held", 3)
    source = net.input(9, 8, CHANNELS)
    pads = (SIZE // 2,) * 4
    number = net.conv(source, np.clip(form.codes, -128, 127), depthwise=True, padding=pads)
    graph = net.graph(number)
    weights = graph.nodes[0].inputs[1]
    tensor = replace(
        graph.tensors[weights],
        data=form.codes.astype(form.dtype),
        dtype=form.dtype,
        offset=form.offset,
    )
    graph = replace(graph, tensors={**graph.tensors, weights: tensor})
    return run(graph, TINY, draw(graph))


def wide() -> Verdict:
    """Merge kernels that leave INT8: in two passes where nine bits hold them, else rounded."""
    rng = np.random.default_rng(3)
    texts, good = [], True
    for limit, wanted in ((60, "widened to two passes"), (INT8.max, "requantised")):
        kernel = merged(_branches(limit, rng), SIZE)
        form = held(kernel, -1)
        greatest = int(np.abs(kernel).max())
        ran = _in_gates(form)
        done = form.certificate
        good &= greatest > INT8.max and done.name == wanted
        good &= done.exact == np.array_equal(form.codes, kernel)
        good &= done.exact or (done.sqnr_db or 0) >= LEAST_DB
        texts.append(f"{greatest}: {done.name}, {done.text}, {ran.compared} codes in gates")
    return judge(good, "; ".join(texts))


def macs() -> Verdict:
    """Count products of a pixel before and after."""
    apart = SIZE**2 + sum(k**2 for k, _ in BRANCHES)
    return judge((SIZE**2, apart) == (169, 270), f"{SIZE**2} merged, {apart} apart")


def shapes() -> Verdict:
    """Run a time series and a spectrogram through large kernels in gates."""
    net = Net("series", 3)
    series = net.input(1, 60, CHANNELS)
    line = net.conv(series, depthwise=True, kernel=(1, SIZE), padding="same")
    image = net.input(20, 12, CHANNELS)
    plane = net.conv(image, depthwise=True, kernel=(SIZE, SIZE), padding="same")
    ran = run(net.graph(line, plane), TINY)
    return passed(f"1x60 series and 20x12 spectrogram: {ran.compared} codes in gates, 0 differ")


ENTRY = Entry(
    number=3,
    name="UniRepLKNet journal",
    kind="C/B",
    claim=(
        '"Scaling Up Your Kernels": Large-kernel guidelines + Dilated Reparam Block, many '
        "modalities. 88.0 % IN-1k, 55.6 mIoU, 56.4 AP"
    ),
    operator=(
        "compile-time merge of {large k, 4 to 5 dilated small kernels, BNs} into one KxK depthwise"
    ),
    clauses=(
        Clause(
            (
                "K=13 with (k,r)=(5,1)(7,2)(3,3)(3,4)(3,5): merged conv bit-exact to the sum of 6 "
                "branches in INT32 (checked)"
            ),
            equal,
        ),
        Clause(
            (
                "pass detects that merged integer weights exceed INT8 (210 seen on random int8 "
                "kernels) and either widens to INT16 or requantises"
            ),
            wide,
        ),
        Clause("merged MACs 169 vs 270 unmerged", macs),
        Clause("a 1-D (time series) and a 2-D (audio spectrogram) tensor both go through", shapes),
    ),
)
