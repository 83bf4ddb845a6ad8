"""A face detector exported by PyTorch, quantised by ONNX Runtime: every tensor bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio.compiler.load import load_model
from intaglio.golden.network import run_graph
from intaglio.spec.graph import Graph, Op

OPSET = 17
PHOTOS = ("cat.bmp", "bird.bmp")


def photo(shared: Path, name: str) -> np.ndarray:
    from PIL import Image

    with Image.open(shared / "models/inputs" / name) as image:
        small = np.asarray(image.convert("RGB").resize((320, 240)), np.float32)
    return ((small.transpose(2, 0, 1) - 127) / 128)[None]


def quantised(shared: Path, folder: Path, form: str) -> Path:
    onnx = pytest.importorskip("onnx")
    tools = pytest.importorskip("onnxruntime.quantization")

    base: Any = tools.CalibrationDataReader

    class Photos(base):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = list(PHOTOS)

        def get_next(self) -> dict[str, np.ndarray] | None:
            return {"input": photo(shared, self.left.pop())} if self.left else None

    model = onnx.load(shared / "models/ultraface/version-slim-320_simplified.onnx")
    lifted = folder / "lifted.onnx"
    onnx.save(onnx.version_converter.convert_version(model, OPSET), lifted)
    path = folder / f"{form}.onnx"
    tools.quantize_static(
        lifted,
        path,
        Photos(),
        quant_format=tools.QuantFormat[form],
        per_channel=True,
        activation_type=tools.QuantType.QUInt8,
        weight_type=tools.QuantType.QInt8,
    )
    return path


def reference(path: Path, graph: Graph, x: np.ndarray) -> dict[int, np.ndarray]:
    """Return what ONNX Runtime gives for each tensor that has a name in the file."""
    import onnx
    import onnxruntime

    model: Any = onnx.load(path)
    made = {name for node in model.graph.node for name in node.output}
    numbers = {t.name: n for n, t in graph.tensors.items() if t.name in made}
    for name in numbers:
        if name not in {o.name for o in model.graph.output}:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, 2, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [output.name for output in session.get_outputs()]
    values = dict(zip(names, session.run(None, {"input": x}), strict=True))
    return {number: values[name] for name, number in numbers.items()}


def convolutions_that_are_equal(path: Path, x: np.ndarray) -> int:
    """Compare every tensor that ONNX Runtime gives with golden; return the convolutions among."""
    graph = load_model(path)
    (number,) = graph.inputs
    image = graph.tensors[number]
    assert image.quant is not None
    steps = np.rint(x / np.float32(image.quant.scale)) + image.quant.zero_point
    codes = np.clip(steps, -128, 127).astype(np.int8).transpose(0, 2, 3, 1)
    found = run_graph(graph, {number: codes}, "onnxruntime")
    expected = reference(path, graph, x)
    convolutions = 0
    for node in graph.nodes:
        out = node.outputs[0]
        if out not in expected:
            continue
        wanted = expected[out]
        if node.op in (Op.CONV, Op.DEPTHWISE):
            wanted, convolutions = wanted.transpose(0, 2, 3, 1), convolutions + 1
        stored = found[out].astype(np.int64) + graph.tensors[out].offset
        np.testing.assert_array_equal(stored.reshape(wanted.shape), wanted, node.name)
    return convolutions


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the quantiser
@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
def test_every_quantised_tensor_equals_onnx_runtime(
    shared: Path, tmp_path: Path, form: str
) -> None:
    path = quantised(shared, tmp_path, form)
    assert convolutions_that_are_equal(path, photo(shared, "cat.bmp")) == 42


@pytest.mark.slow
def test_our_quantiser_writes_what_onnx_runtime_computes_in_integers(
    shared: Path, tmp_path: Path
) -> None:
    from intaglio import api

    samples = np.concatenate([photo(shared, name) for name in PHOTOS])
    model = shared / "models/ultraface/version-slim-320_simplified.onnx"
    made = api.quantise(model, {"input": samples})
    assert made.outputs["scores"] > 35
    path = api.write_file(tmp_path / "ours.onnx", made.data)
    assert convolutions_that_are_equal(path, photo(shared, "cat.bmp")) == 42
    assert api.compile(api.load(path), "bench256", reference="onnxruntime").macs > 80_000_000
