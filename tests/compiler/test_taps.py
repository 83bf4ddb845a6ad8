"""Lists of taps: equal to the dense kernel, in cycles that follow the taps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.compiler.compile import compile_graph
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import Net, draw
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Opcode, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import ConfigError
from intaglio.spec.presets import PRESETS

TINY = replace(PRESETS["tiny"], name="tiny-taps", tap_list=64)
SINGLE = replace(PRESETS["ulx3s-25f"], name="ulx3s-taps", tap_list=128)


def sparse(
    size: tuple[int, int, int], kernel: tuple[int, int], taps: int, seed: int, **settings: Any
) -> Any:
    """Return a depthwise layer each of whose channels has `taps` weights, other ones of each."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((1, *kernel, size[2]), np.int8)
    for channel in range(size[2]):
        places = rng.choice(kernel[0] * kernel[1], taps, replace=False)
        own = rng.integers(1, 128, taps) * rng.choice((-1, 1), taps)
        weights[0, places // kernel[1], places % kernel[1], channel] = own
    net = Net("taps", seed)
    y = net.conv(net.input(*size, 7), weights, depthwise=True, zero=-5, **settings)
    return net.graph(y)


def drawn(pick: Any) -> Any:
    """Return a random layer of few taps; `pick` draws from a strategy."""
    size = pick(st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 14)))
    kernel = pick(st.integers(1, 9)), pick(st.integers(1, 9))
    return sparse(
        size,
        kernel,
        pick(st.integers(1, min(kernel[0] * kernel[1], 4))),
        pick(st.integers(0, 99)),
        stride=(pick(st.integers(1, 3)), pick(st.integers(1, 3))),
        dilation=(pick(st.integers(1, 3)), pick(st.integers(1, 3))),
        padding="same",
    )


def commands(program: Any) -> list[dict[str, int]]:
    return [f for opcode, f in decode(program.commands) if opcode is Opcode.COMPUTE]


def equal(graph: Any, config: ArrayConfig) -> Any:
    program = compile_graph(graph, config)
    given_codes = draw(graph)
    found = run_program(program, GoldenDevice(config), given_codes).outputs
    for number, codes in run_graph(graph, given_codes).items():
        if number in graph.outputs:
            np.testing.assert_array_equal(found[number], codes)
    return program


@pytest.mark.parametrize("config", [TINY, SINGLE])
@pytest.mark.parametrize("padding", ["same", "valid", (4, 0, 1, 8)])
def test_a_list_is_the_dense_kernel(config: ArrayConfig, padding: Any) -> None:
    graph = sparse((14, 12, 11), (9, 9), 2, 3, padding=padding)
    program = equal(graph, config)
    found = commands(program)
    assert all(fields["listed"] for fields in found)
    assert all(fields["kernel_w"] <= 2 * config.channels for fields in found)


@given(st.data())
def test_random_kernels(data: st.DataObject) -> None:
    equal(drawn(data.draw), data.draw(st.sampled_from([TINY, SINGLE])))


def test_dense_kernels_stay_dense() -> None:
    graph = sparse((10, 10, 8), (3, 3), 9, 1, padding="same")
    assert not any(fields["listed"] for fields in commands(equal(graph, SINGLE)))


def test_taps_of_different_rows_are_pairs() -> None:
    """Nine taps are five pairs; rows of three were six."""
    graph = sparse((10, 10, 8), (3, 3), 9, 1, padding="same")
    found = commands(equal(graph, TINY))
    assert {(fields["listed"], fields["kernel_w"]) for fields in found} == {(1, 9)}


def test_a_list_that_is_too_long_stays_dense() -> None:
    graph = sparse((20, 20, 4), (17, 17), 30, 1, padding="same")
    short = replace(TINY, tap_list=16)
    assert not any(fields["listed"] for fields in commands(equal(graph, short)))
    assert all(fields["listed"] for fields in commands(equal(graph, replace(TINY, tap_list=256))))


@pytest.mark.parametrize(
    "wrong", [{"tap_list": 3}, {"tap_list": 1024}, {"depth": 4, "tap_list": 64}]
)
def test_lists_that_no_gates_have(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="tap_list"):
        replace(TINY, **wrong)  # type: ignore[arg-type]
