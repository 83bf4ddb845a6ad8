"""Networks that ONNX Runtime quantised dynamically become static ones."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.quantise import float_models as make

from intaglio.compiler.load_onnx import parse_onnx
from intaglio.quantise.forward import forward
from intaglio.quantise.network import read_float
from intaglio.quantise.passes import simplified
from intaglio.quantise.run import quantise
from intaglio.quantise.scheme import Scheme
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Op


@pytest.fixture
def dynamic(tmp_path: Path, rng: np.random.Generator) -> bytes:
    pytest.importorskip("onnxruntime")
    source, made = tmp_path / "float.onnx", tmp_path / "dynamic.onnx"
    source.write_bytes(make.mixed_net(rng))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(
            str(source),
            str(made),
            weight_type=QuantType.QUInt8,
            extra_options={"EnableSubgraph": 0},
        )
    return made.read_bytes()


def test_dynamic_scales_are_taken_out(dynamic: bytes, rng: np.random.Generator) -> None:
    assert b"ConvInteger" in dynamic
    assert b"MatMulInteger" in dynamic
    model = read_float(dynamic, "dynamic.onnx")
    (name,) = model.inputs
    x = rng.standard_normal(model.inputs[name][1]).astype(np.float32)
    after, certificates = simplified(model, {name: x})
    assert not {"Cast", "Mul", "DynamicQuantizeLinear"} & {node.op for node in after.nodes}
    assert {"bias and factors", "constant folding"} <= {entry.name for entry in certificates}
    found = forward(after, {name: x})[model.outputs[0]]
    (expected,) = make.by_runtime(dynamic, {name: x})
    assert np.abs(found - expected).max() < 0.05  # of probabilities: rounded inputs against real


def test_a_dynamic_network_is_quantised(dynamic: bytes, rng: np.random.Generator) -> None:
    x = rng.standard_normal((8, 1, 3, 10, 10)).astype(np.float32)
    (name,) = read_float(dynamic, "dynamic.onnx").inputs
    made = quantise(dynamic, "dynamic.onnx", {name: x}, Scheme())
    assert min(made.outputs.values()) > 20  # dB below the real outputs
    graph = parse_onnx(made.data, "static.onnx")
    assert {Op.CONV, Op.DEPTHWISE, Op.DENSE} <= {node.op for node in graph.nodes}


def test_dynamic_networks_are_refused_where_no_data_calibrate_them(dynamic: bytes) -> None:
    with pytest.raises(ModelError, match="DynamicQuantizeLinear"):
        parse_onnx(dynamic, "dynamic.onnx")
