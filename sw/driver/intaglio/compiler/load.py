"""Imports a model file of any format that is taken; the content decides, not the name."""

from __future__ import annotations

from pathlib import Path

from intaglio.compiler.load_schema import IDENTIFIER
from intaglio.compiler.load_tflite import parse_tflite
from intaglio.spec.errors import Finding, ModelError, UsageError
from intaglio.spec.graph import Graph

MAX_BYTES = 1 << 31
# First bytes of a protobuf message with ONNX's fields: version, producer, domain, graph, ...
_ONNX_STARTS = frozenset(b"\x08\x12\x1a\x22\x28\x32\x3a\x42")


def load_model(path: Path) -> Graph:
    """Import a ``.tflite`` or ``.onnx`` file.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E301: in no format that is taken. E302: damaged. E303, E304, all together: operators and
        types that are not supported.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise UsageError(
            Finding(
                "E103",
                f"{path} cannot be read: {error.strerror}",
                where=str(path),
                have=str(error.strerror),
                need="a readable .tflite or .onnx file",
                help="check the path and its permissions",
            )
        ) from error
    if size > MAX_BYTES:
        raise ModelError(
            Finding(
                "E301",
                f"{path} is {size} bytes",
                where=str(path),
                have=f"{size} bytes",
                need=f"at most {MAX_BYTES} bytes, the limit of both formats",
                help="keep large weights in external data",
            )
        )
    named = path.suffix.lower() == ".onnx"
    if data[4:8] != IDENTIFIER and (named or (data and data[0] in _ONNX_STARTS)):
        from intaglio.compiler.load_onnx import parse_onnx

        return parse_onnx(data, str(path), path.parent)
    return parse_tflite(data, str(path), path.stem)
