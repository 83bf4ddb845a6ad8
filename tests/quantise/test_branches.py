"""Branches that merge into one convolution: RepVGG, dilated, fixed filters, weighted kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import helper
from tests.quantise import float_models as make

from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.forward import forward
from intaglio.quantise.network import read_float
from intaglio.quantise.passes import simplified

CHANNELS = 6


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


def merged(data: bytes, rng: np.random.Generator) -> tuple[OnnxModel, dict[str, int]]:
    """Return the rewritten network, whose outputs are equal but for float32 rounding."""
    model = read_float(data, "net.onnx")
    (name,) = model.inputs
    x = normal(rng, *model.inputs[name][1])
    after, certificates = simplified(model, {name: x})
    before, found = forward(model, {name: x}), forward(after, {name: x})
    for output in model.outputs:
        np.testing.assert_allclose(found[output], before[output], rtol=1e-4, atol=1e-4)
    worst = [c.sqnr_db for c in certificates if c.sqnr_db is not None]
    assert min(worst, default=200.0) > 110
    return after, {c.name: c.changed for c in certificates}


def test_a_block_of_repvgg_is_one_convolution(rng: np.random.Generator) -> None:
    node = helper.make_node
    constants: dict[str, np.ndarray] = {}
    nodes = [
        node("Conv", ["x", "w3"], ["c3"], name="c3", pads=[1, 1, 1, 1]),
        node("Conv", ["x", "w1"], ["c1"], name="c1"),
    ]
    for at, source in enumerate(("c3", "c1", "x")):
        names = [f"{kind}{at}" for kind in "gbmv"]
        constants |= {name: normal(rng, CHANNELS) for name in names[:3]}
        constants[names[3]] = rng.uniform(0.5, 1.5, CHANNELS).astype(np.float32)
        nodes.append(node("BatchNormalization", [source, *names], [f"n{at}"], name=f"n{at}"))
    nodes += [
        node("Add", ["n0", "n1"], ["s"], name="s"),
        node("Add", ["s", "n2"], ["t"], name="t"),
        node("Relu", ["t"], ["y"], name="y"),
    ]
    constants |= {"w3": normal(rng, CHANNELS, CHANNELS, 3, 3)}
    constants |= {"w1": normal(rng, CHANNELS, CHANNELS, 1, 1)}
    after, done = merged(make.model(nodes, {"x": (1, CHANNELS, 9, 7)}, ["y"], constants), rng)
    assert [node.op for node in after.nodes] == ["Conv", "Relu"]
    assert done["branches"] == 2
    assert after.constants[after.nodes[0].inputs[1]].shape == (CHANNELS, CHANNELS, 3, 3)


@pytest.mark.parametrize("size", [(20, 18), (1, 60)], ids=["image", "series"])
def test_dilated_branches_of_a_large_kernel(
    rng: np.random.Generator, size: tuple[int, int]
) -> None:
    line = size[0] == 1
    nodes, constants, total = [], {}, ""
    for at, (k, r) in enumerate(((13, 1), (5, 1), (7, 2), (3, 3), (3, 4), (3, 5))):
        reach = (k - 1) * r // 2
        kernel, pads = ((1, k), [0, reach, 0, reach]) if line else ((k, k), [reach] * 4)
        constants[f"w{at}"] = normal(rng, CHANNELS, 1, *kernel)
        nodes.append(
            helper.make_node(
                "Conv",
                ["x", f"w{at}"],
                [f"c{at}"],
                name=f"c{at}",
                group=CHANNELS,
                pads=pads,
                dilations=[1 if line else r, r],
            )
        )
        if at:
            nodes.append(helper.make_node("Add", [total, f"c{at}"], [f"s{at}"], name=f"s{at}"))
        total = f"s{at}" if at else "c0"
    after, done = merged(make.model(nodes, {"x": (1, CHANNELS, *size)}, [total], constants), rng)
    (one,) = after.nodes
    assert done == {"branches": 5}
    whole = after.constants[one.inputs[1]].shape
    assert whole == (CHANNELS, 1, *((1, 13) if line else (13, 13)))
    apart = sum(array[0].size for array in constants.values())
    assert (whole[2] * whole[3], apart) == ((13, 34) if line else (169, 270))


def test_fixed_filters_and_weighted_kernels(rng: np.random.Generator) -> None:
    """A free kernel times a density, both Sobel filters, the Laplacian, and the input itself."""
    sobel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float32)
    laplace = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32)
    filters = {"sx": sobel, "sy": sobel.T, "lap": laplace}
    node = helper.make_node
    form: dict[str, Any] = {"group": CHANNELS, "pads": [1, 1, 1, 1]}
    nodes = [
        node("Mul", ["free", "density"], ["w"], name="w"),
        node("Conv", ["x", "w"], ["c"], name="c", **form),
    ]
    constants = {"free": normal(rng, CHANNELS, 1, 3, 3)}
    alpha = np.array([0.7, 1.0, 0.7], np.float32)
    constants["density"] = np.outer(alpha, alpha).reshape(1, 1, 3, 3)
    total = "c"
    for name, kernel in filters.items():
        constants[name] = np.tile(kernel, (CHANNELS, 1, 1, 1))
        constants[f"{name}_s"] = normal(rng, 1, CHANNELS, 1, 1)
        nodes += [
            node("Conv", ["x", name], [f"{name}_c"], name=f"{name}_c", **form),
            node("Mul", [f"{name}_c", f"{name}_s"], [f"{name}_m"], name=f"{name}_m"),
            node("Add", [total, f"{name}_m"], [f"{name}_a"], name=f"{name}_a"),
        ]
        total = f"{name}_a"
    nodes.append(node("Add", ["x", total], ["y"], name="y"))
    after, done = merged(make.model(nodes, {"x": (1, CHANNELS, 9, 8)}, ["y"], constants), rng)
    assert [node.op for node in after.nodes] == ["Conv"]
    assert done["branches"] == 4


@pytest.mark.parametrize("case", ["stride", "size", "read twice", "more products"])
def test_sums_that_stay(rng: np.random.Generator, case: str) -> None:
    forms: list[dict[str, Any]] = [{"pads": [1, 1, 1, 1]}, {"pads": [1, 1, 1, 1]}]
    kernels = [(3, 3), (3, 3)]
    outputs = ["y"]
    if case == "stride":
        forms[1] = {"pads": [0, 0, 0, 0], "strides": [2, 2]}
        kernels = [(3, 3), (1, 1)]
        forms[0] = {"pads": [1, 1, 1, 1], "strides": [2, 2]}
        outputs = ["y", "c1"]
    if case == "size":
        forms = [{"pads": [1, 1, 1, 1]}, {"pads": [2, 2, 2, 2], "dilations": [2, 2]}]
        outputs = ["y", "c0"]
    if case == "read twice":
        outputs = ["y", "c1"]
    if case == "more products":
        kernels = [(1, 7), (7, 1)]
        forms = [{"pads": [0, 3, 0, 3]}, {"pads": [3, 0, 3, 0]}]
    nodes = [
        helper.make_node("Conv", ["x", f"w{i}"], [f"c{i}"], name=f"c{i}", **forms[i])
        for i in range(2)
    ]
    nodes.append(helper.make_node("Add", ["c0", "c1"], ["y"], name="y"))
    constants = {f"w{i}": normal(rng, CHANNELS, CHANNELS, *kernels[i]) for i in range(2)}
    after, done = merged(make.model(nodes, {"x": (1, CHANNELS, 9, 8)}, outputs, constants), rng)
    assert done == {}
    assert len(after.nodes) == 3
