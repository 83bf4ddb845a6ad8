"""Constants of an ONNX file, its external data kept within their folder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import shortened
from intaglio.spec.errors import Finding, ModelError

Array = npt.NDArray[Any]

MAX_BYTES = 1 << 29
# Bits of one element, by the name of ONNX's type; all others are refused.
BITS = {
    "FLOAT": 32,
    "DOUBLE": 64,
    "FLOAT16": 16,
    "INT4": 4,
    "UINT4": 4,
    "INT8": 8,
    "UINT8": 8,
    "INT16": 16,
    "UINT16": 16,
    "INT32": 32,
    "INT64": 64,
    "BOOL": 8,
}


def constant_of(tensor: Any, file: str, folder: Path | None) -> Array:
    """Return the values of a TensorProto; 4-bit types become int8.

    Raises
    ------
    ModelError
        E302: type, shape and number of bytes do not go together, or the data lie outside `folder`.
    """
    from onnx import TensorProto, numpy_helper

    names = {number: name for name, number in TensorProto.DataType.items()}
    kind = names.get(tensor.data_type, str(tensor.data_type))
    shape = tuple(tensor.dims)
    if kind not in BITS or any(size < 0 for size in shape):
        raise _damaged(file, tensor, f"type {kind} and shape {shape}", f"one of {', '.join(BITS)}")
    need = (math.prod(shape) * BITS[kind] + 7) // 8
    if need > MAX_BYTES:
        raise _damaged(file, tensor, f"{need} bytes", f"at most {MAX_BYTES} bytes")
    if tensor.data_location == TensorProto.EXTERNAL:
        raw = _external(tensor, file, folder, need)
        plain = TensorProto(dims=shape, data_type=tensor.data_type, raw_data=raw)
    else:
        plain = tensor
        raw = tensor.raw_data
    if plain.HasField("raw_data") and len(raw) != need:
        raise _damaged(file, tensor, f"{len(raw)} bytes of data", f"{need} bytes")
    try:
        array = np.asarray(numpy_helper.to_array(plain))
    except (ValueError, TypeError, OverflowError) as error:
        raise _damaged(
            file, tensor, f"data that cannot be read: {error}", "data as declared"
        ) from error
    if array.shape != shape:
        raise _damaged(file, tensor, f"{array.size} elements", f"shape {shape}")
    return array.astype(np.int8) if BITS[kind] == 4 else array


def _external(tensor: Any, file: str, folder: Path | None, need: int) -> bytes:
    """Return the bytes of a tensor that lie in another file of the model's folder."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    if folder is None or not location or "\x00" in location:
        raise _damaged(file, tensor, "data in another file", "data in the model's file")
    root = folder.resolve()
    path = Path(location)
    target = (root / path).resolve()
    if path.is_absolute() or not target.is_relative_to(root):
        raise _damaged(
            file, tensor, f"data in {location!r}, outside the model's folder", "a file beside it"
        )
    try:
        offset, length = int(entries.get("offset", 0)), int(entries.get("length", need))
        if offset < 0 or length != need:
            raise _damaged(file, tensor, f"{length} bytes at {offset}", f"{need} bytes")
        with target.open("rb") as stream:
            stream.seek(offset)
            return stream.read(need)
    except (OSError, ValueError) as error:
        raise _damaged(file, tensor, f"data in {location!r}: {error}", "a readable file") from error


def _damaged(file: str, tensor: Any, have: str, need: str) -> ModelError:
    name = shortened(tensor.name)
    have = shortened(have)
    return ModelError(
        Finding(
            "E302",
            f"{file} is damaged: constant {name!r} has {have}",
            where=f"{file}: {name}",
            have=have,
            need=need,
            help="export the model again, with its weights in one file or beside it",
        )
    )
