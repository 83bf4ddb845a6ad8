"""Products by channel factors in the residual sum: the definition, the pass, and the array."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from intaglio.api.layer_cycles import model_cycles
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.passes.run import optimised
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import Net, draw, run
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Activation, Graph, Op
from intaglio.spec.presets import PRESETS
from intaglio.spec.requant import clamp_of, quant_of
from intaglio.spec.scale import multiplier
from intaglio.spec.scale_add import addend_taps
from intaglio.spec.timing import predict

FORMS = {
    "whole steps": (0, 0, -128, 1.0, 16),
    "zero points": (5, -3, -128, 0.83, 20),
    "far zero points": (-128, -128, -128, 1.9, 12),
    "small addend": (-100, 0, 0, 0.01, 8),
    "odd channels": (-70, -100, 60, 0.5, 33),
}


def residual(
    zero: int, addend: int, gate: int, ratio: float, channels: int, size: int = 5, **settings: bool
) -> Graph:
    """Return relu(x * f + r), which an exporter writes as two operators."""
    net = Net("residual")
    x = net.input(size, size, channels, zero, 0.1)
    r = net.input(size, size, channels, addend, 0.1 * ratio)
    f = net.input(1, 1, channels, gate, 1 / 256)
    product = net.multiply(x, f, 3)
    total = net.add(product, r, activation=Activation.RELU)
    return net.graph(*((total, product) if settings.get("shown") else (total,)))


def fused(form: str) -> Graph:
    graph, certificates = optimised(residual(*FORMS[form]), "own", run_graph)
    assert [node.op for node in graph.nodes] == [Op.SCALE_ADD]
    (certificate,) = certificates
    assert not certificate.exact
    assert certificate.sqnr_db is not None
    assert certificate.before_db is not None
    assert certificate.sqnr_db >= certificate.before_db > 20
    assert "dB before" in certificate.text
    return graph


@pytest.mark.parametrize("form", FORMS)
def test_definition_in_fractions(form: str) -> None:
    graph = fused(form)
    (node,) = graph.nodes
    codes = draw(graph)
    qx, qf, qr, qy = (quant_of(graph.tensors[n]) for n in (*node.inputs, *node.outputs))
    x, f, r = (np.asarray(codes[n]).astype(int) for n in node.inputs)
    weight = round(qr.scale / (qx.scale * qf.scale))
    scale = multiplier(qx.scale * qf.scale / qy.scale)
    factor = Fraction(scale.multiplier, 1 << 31) * Fraction(2) ** scale.shift
    low, high = clamp_of(graph, node)
    assert low == qy.zero_point
    got = run_graph(graph, codes, "own")[graph.outputs[0]]
    for place in np.ndindex(x.shape):
        channel = place[-1]
        product = (int(x[place]) - qx.zero_point) * (int(f[0, 0, 0, channel]) - qf.zero_point)
        acc = product + weight * (int(r[place]) - qr.zero_point)
        want = qy.zero_point + floor(acc * factor + Fraction(1, 2))
        assert int(got[place]) == min(max(want, low), high)


@pytest.mark.parametrize("config", ["tiny", "ulx3s-25f", "bench256", "default"])
@pytest.mark.parametrize("form", FORMS)
def test_machine(form: str, config: str) -> None:
    graph, device = fused(form), PRESETS[config]
    codes = draw(graph)
    expected = run_graph(graph, codes, "own")[graph.outputs[0]]
    for inside in (False, True):
        program = compile_graph(graph, device, reference="own", resident_io=inside)
        assert {layer.where for layer in program.layers} == {"array"}
        result = run_program(program, GoldenDevice(device), codes)
        found = result.outputs[graph.outputs[0]].reshape(expected.shape)
        np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) > 20


def test_gates_and_the_cycle_model() -> None:
    graph, device = fused("zero points"), PRESETS["tiny"]
    ran = run(graph, device, reference="own")
    assert ran.compared == 5 * 5 * 20
    expected = predict(ran.program.commands, device, constants=ran.program.constants)
    assert ran.counters["COMPUTE_CYCLES"] == expected.counters["COMPUTE_CYCLES"] > 0


def test_strips_of_a_large_image() -> None:
    graph, _ = optimised(residual(6, 3, -128, 1.2, 64, size=40), "own", run_graph)
    codes, device = draw(graph), PRESETS["ulx3s-25f"]
    program = compile_graph(graph, device, reference="own")
    result = run_program(program, GoldenDevice(device), codes)
    expected = run_graph(graph, codes, "own")[graph.outputs[0]]
    found = result.outputs[graph.outputs[0]].reshape(expected.shape)
    np.testing.assert_array_equal(found, expected)


def test_a_pass_over_the_image_is_saved() -> None:
    device = PRESETS["ulx3s-25f"]
    cycles = []
    for passes in (False, True):
        graph = residual(6, 3, -128, 1.2, 64, size=40)
        if passes:
            graph, _ = optimised(graph, "own", run_graph)
        program = compile_graph(graph, device, reference="own")
        cycles.append(sum(model_cycles(program, device).values()))
    assert cycles[1] < 0.55 * cycles[0]


@pytest.mark.parametrize("reference", ["litert", "tflm", "onnxruntime"])
def test_other_references_round_twice(reference: str) -> None:
    graph, certificates = optimised(residual(*FORMS["zero points"]), reference, run_graph)
    assert [node.op for node in graph.nodes] == [Op.MUL, Op.ADD]
    assert certificates == ()


def test_what_stays_two_operators() -> None:
    shown = residual(*FORMS["zero points"], shown=True)
    heavy = residual(0, 0, -128, 2.0, 8)
    for graph in (shown, heavy):
        after, _ = optimised(graph, "own", run_graph)
        assert [node.op for node in after.nodes] == [Op.MUL, Op.ADD]


@pytest.mark.parametrize("weight", [1, 127, 128, 300, 508])
def test_taps_add_up(weight: int) -> None:
    taps = addend_taps(weight)
    assert sum(taps) == weight
    assert len(taps) == -(-weight // 127)
    assert max(taps) <= 127


def test_too_many_taps() -> None:
    assert addend_taps(0) == addend_taps(509) == ()
