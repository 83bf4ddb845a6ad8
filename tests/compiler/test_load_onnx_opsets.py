"""Each operator in each operator set from 9 to the newest: the same network, the same codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.compiler.opset_models import IMAGE, MAKERS, QUANTISERS, Net, network, opsets_of

from intaglio.compiler.load_onnx import parse_onnx
from intaglio.compiler.load_onnx_read import NATIVE, OLDEST
from intaglio.compiler.load_onnx_table import STANDARD
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import draw
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Op

INTEGERS = {"QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "Cast"}
LIFTED = 21


def codes_of(data: bytes) -> np.ndarray[Any, Any]:
    graph = parse_onnx(data, "test.onnx")
    found: np.ndarray[Any, Any] = run_graph(graph, draw(graph), "onnxruntime")[graph.outputs[0]]
    return found


def test_every_operator_is_swept() -> None:
    assert set(MAKERS) == set(STANDARD)


@pytest.mark.parametrize("kind", STANDARD)
def test_each_operator_set_gives_the_same_codes(kind: str) -> None:
    from onnx import checker, defs

    opsets = opsets_of(kind, QUANTISERS if kind in INTEGERS else OLDEST)
    wanted = None
    for opset in opsets:
        model = network(kind, opset)
        if opset >= QUANTISERS:
            checker.check_model(model)
        found = codes_of(model.SerializeToString())
        wanted = found if wanted is None else wanted
        np.testing.assert_array_equal(found, wanted, err_msg=f"{kind} in set {opset}")
    assert wanted is not None
    assert len(np.unique(wanted)) > 3
    assert opsets[-1] == defs.onnx_opset_version() or kind == "Upsample"


def test_an_old_softmax_sums_over_all_axes() -> None:
    for opset, taken in ((OLDEST, False), (NATIVE, True)):
        n = Net(opset)
        data = n.model(n.node("Softmax", n.real("x")), IMAGE, rank=4).SerializeToString()
        if taken:
            assert Op.SOFTMAX in {node.op for node in parse_onnx(data, "test.onnx").nodes}
            continue
        with pytest.raises(ModelError, match="over all of"):
            parse_onnx(data, "test.onnx")


@pytest.mark.parametrize("kind", STANDARD)
def test_the_version_converter_keeps_the_codes(kind: str) -> None:
    from onnx import defs, version_converter

    oldest = opsets_of(kind, QUANTISERS)[:1]
    for opset in oldest:
        model = network(kind, opset)
        for target in (NATIVE, LIFTED, defs.onnx_opset_version()):
            if target > opset:
                lifted = version_converter.convert_version(model, target)
                found = codes_of(lifted.SerializeToString())
                np.testing.assert_array_equal(found, codes_of(model.SerializeToString()))
    assert oldest or kind == "Upsample"
