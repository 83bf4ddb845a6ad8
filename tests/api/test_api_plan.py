"""The public names: load, compile, run, compare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio import api
from intaglio.api.accumulator import accumulator_at
from intaglio.api.comparison import Mismatch, compare
from intaglio.api.inputs import as_codes, to_codes
from intaglio.golden.conv import conv_acc
from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError, UsageError
from intaglio.spec.graph import pads_of
from intaglio.spec.program import TensorPlan


@pytest.fixture(scope="module")
def plan() -> api.Plan:
    return api.compile(api.load(api.demo_digits().model), "tiny", keep_all=True)


@pytest.fixture(scope="module")
def images() -> Any:
    return api.demo_digits().images


def test_every_public_name_exists_and_is_documented() -> None:
    for name in api.__all__:
        assert getattr(api, name).__doc__, name
    assert dir(api) == api.__all__
    with pytest.raises(AttributeError, match="no attribute bogus"):
        _ = api.bogus


def test_importing_the_api_loads_nothing() -> None:
    code = "import sys, intaglio.api; print({'numpy', 'amaranth', 'typer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_model_tells_what_it_is() -> None:
    model = api.load(api.demo_digits().model)
    assert model.name == "digits"
    assert model.inputs == {"image": (1, 8, 8, 1)}
    assert list(model.outputs.values()) == [(1, 10)]
    assert ("conv", "conv") in model.layers


def test_run_gives_what_the_operators_give(plan: api.Plan, images: Any) -> None:
    assert plan.model is not None
    graph = plan.model.graph
    expected = run_graph(graph, {graph.inputs[0]: images[:3]})
    run = plan.run(images[:3], keep=True)
    for node in graph.nodes:
        np.testing.assert_array_equal(run.tensors[node.outputs[0]], expected[node.outputs[0]])
    assert run.batch == 3
    assert run.macs == 3 * plan.macs
    assert (run.cycles, run.utilisation) == (None, None)
    (name,) = run.outputs
    scale, zero_point = run.scales[name]
    np.testing.assert_array_equal(
        run.real[name], scale * (run.outputs[name].astype(float) - zero_point)
    )
    assert run.top(1)[name][0][0][0] == api.demo_digits().labels[0]


def test_one_input_needs_no_batch_and_a_mapping_is_taken(plan: api.Plan, images: Any) -> None:
    one = plan.run(images[0]).outputs
    for other in (plan.run(images[:1]).outputs, plan.run({"image": images[:1]}).outputs):
        assert {k: v.tolist() for k, v in other.items()} == {k: v.tolist() for k, v in one.items()}
    with pytest.raises(ModelError, match="E305"):
        plan.run({"picture": images})


def test_a_saved_plan_is_the_same_plan(plan: api.Plan, images: Any, tmp_path: Path) -> None:
    path = plan.save(tmp_path / "a.program")
    again = api.open_plan(path, "tiny")
    assert again.program == plan.program
    assert again.model is None
    with pytest.raises(ModelError, match="E313"):
        api.open_plan(path)
    with pytest.raises(UsageError, match="E102"):
        api.check(again, {"image": images[:1]}, api.Settings("golden"))


def test_the_first_mismatch_is_found_with_its_accumulator(plan: api.Plan, images: Any) -> None:
    assert plan.model is not None
    graph = plan.model.graph
    x = {graph.inputs[0]: images[:2]}
    right = run_graph(graph, x)
    wrong = {number: codes.copy() for number, codes in right.items()}
    node = graph.nodes[2]  # a convolution without clamp
    number = node.outputs[0]
    wrong[number][1, 4, 5, 6] ^= 1
    wrong[graph.nodes[4].outputs[0]][0] ^= 1
    found = compare(plan.program, right, wrong, "test")
    assert found.tensors == len(graph.nodes)
    assert found.mismatches == 1 + wrong[graph.nodes[4].outputs[0]][0].size
    assert found.wrong_inputs == {0, 1}
    first = found.first
    assert first is not None
    assert (first.layer, first.batch, first.y, first.x, first.channel) == (node.name, 1, 4, 5, 6)
    assert (first.expected, first.got) == (
        wrong[number][1, 4, 5, 6],
        right[number][1, 4, 5, 6],
    )
    source, weights, bias = (graph.tensors[n] for n in node.inputs)
    assert weights.data is not None
    assert bias.data is not None
    assert source.quant is not None
    attributes = node.attributes
    acc = conv_acc(
        right[node.inputs[0]],
        source.quant.zero_point,
        weights.data,
        attributes.stride,
        attributes.dilation,
        pads_of(attributes, (8, 8), (weights.shape[1], weights.shape[2])),
    )
    expected = acc[1, 4, 5, 6] + int(bias.data[6])
    # The array adds products of codes; zero points are folded into the bias.
    assert accumulator_at(plan, x, first) == expected


@pytest.mark.parametrize(("op", "where"), [("dense", "array"), ("softmax", "host")])
def test_accumulators_of_flat_tensors(plan: api.Plan, images: Any, op: str, where: str) -> None:
    index = [layer.op for layer in plan.program.layers].index(op)
    assert plan.program.layers[index].where == where
    at = Mismatch("", op, index, "", 0, 0, 0, 3, 0, 0)
    value = accumulator_at(plan, as_codes(plan.program, images[:1]), at)
    assert (value is None) == (where == "host")


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([-128, 0, 127], np.int8), [-128, 0, 127]),
        (np.array([0, 128, 255], np.uint8), [-128, 0, 127]),
        (np.array([0.25, 0.75, -0.25]), [10, 12, 10]),  # ties go to even
        (np.array([1e9, -1e9], np.float32), [127, -128]),
    ],
)
def test_arrays_become_codes(array: Any, expected: list[int]) -> None:
    tensor = TensorPlan(0, "x", (1, 3), (1, 1, 3), 0, 0.5, 10)
    assert to_codes(array, tensor).tolist() == expected


def test_memory_is_read_strictly() -> None:
    memory = api.parse_memory("latency=7, width=8,bytes_per_cycle=1.5")
    assert (memory.width, memory.latency, memory.bytes_per_cycle) == (8, 7, 1.5)
    with pytest.raises(UsageError) as caught:
        api.parse_memory("latncy=7,width=x,speed")
    assert [finding.code for finding in caught.value.findings] == ["E101"] * 3
    assert caught.value.findings[0].help == "did you mean latency?"
