"""Transposed convolution in phases, and multipliers on the lanes: no product with a zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.lane import layer_of
from intaglio.spec.commands import Opcode, Operation, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Op
from intaglio.spec.presets import PRESETS

CONFIG = replace(PRESETS["tiny"], acts_kib=1024, weights_kib=64)


def steps_of(shape: Shape, config: ArrayConfig = CONFIG) -> list[int]:
    """Return the array steps of each COMPUTE for one tile of one output block."""
    program = compile_graph(graph_of(shape, "steps", 1), config, resident_io=True)  # one strip
    found = []
    for opcode, fields in decode(program.commands):
        if opcode is Opcode.COMPUTE:
            wide = fields["operation"] == Operation.DEPTHWISE or fields["paired"]
            requests = -(-fields["kernel_w"] // config.depth) if wide else fields["kernel_w"]
            row = (fields["in_blocks"] - 1) * fields["steps"] + fields["last_steps"]
            found.append(fields["kernel_h"] * requests * row)
    return found


@pytest.mark.parametrize(
    ("kernel", "taps"), [(2, [1, 1, 1, 1]), (3, [4, 2, 2, 1]), (4, [4, 4, 4, 4])]
)
def test_each_phase_takes_the_steps_of_its_own_taps(kernel: int, taps: list[int]) -> None:
    shape = Shape(Op.TRANSPOSED_CONV, (6, 6, 8), 4, kernel=(kernel, kernel), stride=(2, 2))
    assert sorted(steps_of(shape)) == sorted(4 * n for n in taps)  # 8 channels, 2 a step


@given(st.data())
def test_useful_products_are_those_of_weights_that_meet_outputs(data: st.DataObject) -> None:
    def pick(low: int, high: int) -> int:
        return data.draw(st.integers(low, high))

    kernel, stride = (pick(1, 5), pick(1, 5)), (pick(1, 4), pick(1, 4))
    shape = Shape(Op.TRANSPOSED_CONV, (pick(2, 5), pick(2, 5), 3), 2, kernel=kernel, stride=stride)
    layer = layer_of(graph_of(shape, "macs", 1), 0, "litert", CONFIG)
    assert layer.macs == shape.macs
    assert sum(part.out_image[0] * part.out_image[1] for part in layer.parts) == (
        shape.places[0] * shape.places[1]
    )
    inside = np.prod([shape.image[i] * kernel[i] for i in range(2)])
    if all(k % s == 0 for k, s in zip(kernel, stride, strict=True)):
        assert shape.macs >= inside * 6  # every weight meets every pixel, and padding


def test_a_multiplier_takes_the_steps_of_a_depthwise_convolution() -> None:
    shape = Shape(Op.DEPTHWISE, (6, 6, 8), 16, kernel=(3, 4), padding="same")
    assert set(steps_of(shape)) == {6}  # 3 rows of 2 requests
    wide = steps_of(shape, replace(CONFIG, grouped=False))
    assert set(wide) == {3 * 4 * 4}  # widened with zeros: two steps for each of two input blocks


def test_a_long_row_whose_sum_could_overflow_is_refused() -> None:
    shape = Shape(Op.CONV, (1, 65536, 4), 1, kernel=(1, 65536))
    with pytest.raises(FitError, match="E402"):
        compile_graph(graph_of(shape, "long", 1), CONFIG)
