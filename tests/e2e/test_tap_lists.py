"""Lists of taps in simulated gates: outputs of the dense kernel, cycles of the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as start_from
from hypothesis import strategies as st
from tests.compiler.test_taps import TINY, commands, drawn

from intaglio.api.devices import open_device
from intaglio.compiler.compile import compile_graph
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import draw
from intaglio.runtime.run import run_program
from intaglio.spec.device import Device
from intaglio.spec.timing import predict

SHAPES, SLOW_SHAPES = 40, 500


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    opened = open_device("sim", TINY)
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
        graph = drawn(data.draw)
        program = compile_graph(graph, TINY)
        codes = draw(graph)
        result = run_program(program, device, codes)
        expected = run_graph(graph, codes)
        for number in graph.outputs:
            np.testing.assert_array_equal(result.outputs[number], expected[number])
        model = predict(program.commands, TINY, constants=program.constants)
        assert result.stats.counters["COMPUTE_CYCLES"] == model.counters["COMPUTE_CYCLES"]
        listed += any(fields["listed"] for fields in commands(program))

    check()
    assert listed > count // 4
