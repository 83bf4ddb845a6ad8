"""ConvInteger and MatMulInteger with what follows them: factors, biases, bounds, a quantiser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.compiler import onnx_models as make

from intaglio.api.suites_ort import run_ort
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Op


def chain(rng: np.random.Generator, kind: str, groups: int = 1) -> Any:
    """Return a sum of codes, converted, scaled, with a bias and a ReLU, quantised."""
    convolves = kind == "ConvInteger"
    shape = (6, 6 // groups, 3, 3) if convolves else (24, 5)
    along = (1, -1, 1, 1) if convolves else (-1,)
    out = shape[0] if convolves else shape[1]
    constants: dict[str, Any] = {
        "w": rng.integers(0, 256, shape).astype(np.uint8),
        "w_z": np.array(121, np.uint8),
        "f": rng.uniform(1e-4, 3e-4, out).astype(np.float32).reshape(along),
        "b": rng.uniform(-0.5, 0.5, out).astype(np.float32).reshape(along),
        **make.scales(x=(1.0, 133, "uint8"), y=(0.04, 30, "uint8")),
    }
    form: dict[str, Any] = {"pads": [1, 1, 1, 1], "group": groups} if convolves else {}
    nodes = [
        make.node(kind, ["x", "w", "x_z", "w_z"], "i", **form),
        make.node("Cast", ["i"], "c", to=1),
        make.node("Mul", ["c", "f"], "m"),
        make.node("Add", ["m", "b"], "a"),
        make.node("Relu", ["a"], "r"),
        make.node("QuantizeLinear", ["r", "y_s", "y_z"], "y"),
    ]
    size = (1, 6, 7, 8) if convolves else (1, 24)
    return make.model(nodes, {"x": ("uint8", size)}, ["y"], constants, rank=len(size))


@pytest.mark.parametrize(
    ("kind", "groups", "op"),
    [
        ("ConvInteger", 1, Op.CONV),
        ("ConvInteger", 6, Op.DEPTHWISE),
        ("MatMulInteger", 1, Op.DENSE),
    ],
)
def test_sums_of_codes_are_scaled_and_quantised(
    rng: np.random.Generator, kind: str, groups: int, op: Op
) -> None:
    """The runtime rounds product and bias one after the other: codes may be off by one."""
    pytest.importorskip("onnxruntime")
    data = chain(rng, kind, groups).SerializeToString()
    graph = parse_onnx(data, "sums.onnx")
    assert [node.op for node in graph.nodes] == [op]
    (number,) = graph.inputs
    shape = (1, 6, 7, 8) if kind == "ConvInteger" else (1, 24)
    x = rng.integers(0, 256, shape).astype(np.uint8)
    codes = (np.moveaxis(x, 1, -1) if x.ndim == 4 else x).astype(np.int64) - 128
    found = run_graph(graph, {number: codes.astype(np.int8)}, "onnxruntime")[graph.outputs[0]]
    wanted = run_ort(data, {"x": x}).astype(np.int64) - 128
    wanted = np.moveaxis(wanted, 1, -1) if wanted.ndim == 4 else wanted
    wrong = np.abs(found - wanted)
    assert wrong.max() <= 1
    assert (wrong != 0).mean() <= 0.02
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize("case", ["negative factor", "factor too late", "to integers"])
def test_what_is_refused(rng: np.random.Generator, case: str) -> None:
    from onnx import numpy_helper

    model = chain(rng, "ConvInteger")
    if case == "negative factor":
        factor = next(t for t in model.graph.initializer if t.name == "f")
        factor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(factor), "f"))
    elif case == "factor too late":
        model.graph.node[2].op_type, model.graph.node[3].op_type = "Add", "Mul"
    else:
        model.graph.node[1].attribute[0].i = 6
    with pytest.raises(ModelError, match="E304"):
        parse_onnx(model.SerializeToString(), "sums.onnx")
