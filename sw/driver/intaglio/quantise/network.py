"""A float ONNX network as the quantiser sees it: operators in order, constants as arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel, not_onnx, read_onnx
from intaglio.quantise.dynamic import without_dynamic
from intaglio.spec.errors import Finding, ModelError

OPSET = 21
"""The first operator set whose quantisers take 4 and 16 bits, and blocks."""
QUANTISED = ("Quant", "Quantize", "Dequantize", "QLinear", "QGemm", "Integer")


def read_float(data: bytes, file: str, folder: Path | None = None) -> OnnxModel:
    """Return a float network, lifted to :data:`OPSET`; dynamic scales are taken out.

    Parameters
    ----------
    data, file, folder
        See :func:`intaglio.compiler.load_onnx_read.read_onnx`.

    Raises
    ------
    ModelError
        E301, E302: not an ONNX file, or damaged. E304: it is quantised already, or a size of its
        inputs is open.
    """
    lifted = _lifted(data, file, folder)
    model = without_dynamic(read_onnx(lifted, file, folder))
    for node in model.nodes:
        if any(word in node.op for word in QUANTISED):
            raise _refused(
                file,
                f"operator {node.index} {node.op} {node.name!r}: the model is quantised already",
                "a network of real numbers",
                "give the model that it was made of, or run it as it is",
            )
    for name, (dtype, shape) in model.inputs.items():
        if 0 in shape or dtype not in {"float32", "float64", "float16"}:
            raise _refused(
                file,
                f"input {name!r} is {dtype} of shape {shape}",
                "float32 inputs whose sizes are all given",
                "export the model with fixed sizes",
            )
    constants = {n: _single(a) for n, a in model.constants.items()}
    return replace(model, constants=constants, opset=OPSET)


def _single(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _lifted(data: bytes, file: str, folder: Path | None) -> bytes:
    """Return the model in :data:`OPSET`; errors of the file are those of the importer."""
    from onnx import ModelProto, TensorProto, numpy_helper, version_converter

    known = read_onnx(data, file, folder).constants
    proto = ModelProto.FromString(data)
    versions = [entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions or versions[0] >= OPSET:
        return data
    for tensor in proto.graph.initializer:  # the converter sees the file alone
        if tensor.data_location == TensorProto.EXTERNAL:
            tensor.CopyFrom(numpy_helper.from_array(known[tensor.name], tensor.name))
    try:
        return bytes(version_converter.convert_version(proto, OPSET).SerializeToString())
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise not_onnx(file, f"operator set {versions[0]} cannot be lifted to {OPSET}") from error


def _refused(file: str, what: str, need: str, help_text: str) -> ModelError:
    return ModelError(
        Finding("E304", f"{file}: {what}", where=file, have=what, need=need, help=help_text)
    )


def readers(model: OnnxModel) -> dict[str, list[OnnxNode]]:
    """Return the operators that read each name; outputs of the network count none."""
    found: dict[str, list[OnnxNode]] = {}
    for node in model.nodes:
        for name in node.inputs:
            found.setdefault(name, []).append(node)
    return found


def makers(model: OnnxModel) -> dict[str, OnnxNode]:
    """Return the operator that makes each name."""
    return {name: node for node in model.nodes for name in node.outputs if name}
