"""Lists of taps in simulated gates: outputs of the dense kernel, cycles of the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as start_from
from hypothesis import strategies as st
from tests.compiler.test_taps import commands, sparse

from intaglio.api.devices import open_device
from intaglio.compiler.compile import compile_graph
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import draw
from intaglio.runtime.run import run_program
from intaglio.spec.device import Device
from intaglio.spec.presets import PRESETS
from intaglio.spec.timing import predict

SHAPES, SLOW_SHAPES = 40, 500
CONFIG = replace(PRESETS["tiny"], name="tiny-taps", tap_list=64)


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    opened = open_device("sim", CONFIG)
    yield opened
    opened.close()


def test_random_lists_in_gates(device: Device, seed: int, request: pytest.FixtureRequest) -> None:
    count = SLOW_SHAPES if request.config.getoption("--slow") else SHAPES
    listed = 0

    @start_from(seed)
    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        nonlocal listed
        pick = data.draw
        size = pick(st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 14)))
        kernel = pick(st.integers(1, 9)), pick(st.integers(1, 9))
        graph = sparse(
            size,
            kernel,
            pick(st.integers(1, min(kernel[0] * kernel[1], 4))),
            pick(st.integers(0, 99)),
            stride=(pick(st.integers(1, 3)), pick(st.integers(1, 3))),
            dilation=(pick(st.integers(1, 3)), pick(st.integers(1, 3))),
            padding="same",
        )
        program = compile_graph(graph, CONFIG)
        codes = draw(graph)
        result = run_program(program, device, codes)
        expected = run_graph(graph, codes)
        for number in graph.outputs:
            np.testing.assert_array_equal(result.outputs[number], expected[number])
        model = predict(program.commands, CONFIG, constants=program.constants)
        assert result.stats.counters["COMPUTE_CYCLES"] == model.counters["COMPUTE_CYCLES"]
        listed += any(fields["listed"] for fields in commands(program))

    check()
    assert listed > count // 4
