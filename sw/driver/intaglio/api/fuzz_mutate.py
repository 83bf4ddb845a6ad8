"""Model files that are damaged on purpose: bytes of both formats, and fields of ONNX."""

from __future__ import annotations

import random
import struct
from typing import Any

WORDS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
REALS = (0.0, -1.0, 1e-45, 3e38, float("inf"), float("nan"))
MOST_CHANGES = 4
NUMBERS = (-(1 << 62), -(1 << 31), -2, -1, 0, 1, 2, 3, 255, 1 << 20, 1 << 31, 1 << 40, 1 << 62)


def damaged_bytes(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Return a file with a few changes: bytes, words, cuts, copies, parts of another file."""
    body = bytearray(data)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        if not body:
            break
        _change(body, others, rng)
    return bytes(body)


def _change(body: bytearray, others: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(body))
    length = rng.choice((1, 2, 4, 8, 16, 64))
    kind = rng.randrange(7)
    if kind == 0:
        body[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        body[at] = rng.randrange(256)
    elif kind == 2:
        body[at : at + 4] = struct.pack("<I", rng.choice(WORDS))
    elif kind == 3:
        body[at : at + 4] = struct.pack("<f", rng.choice(REALS))
    elif kind == 4:
        del body[at : at + length]
    elif kind == 5:
        other = rng.choice(others)
        start = rng.randrange(max(len(other), 1))
        body[at : at + length] = other[start : start + length]
    else:
        del body[at:]


def damaged_message(data: bytes, rng: random.Random) -> bytes:
    """Return an ONNX file of which a few fields hold other values of their types.

    A file that is no message any more is returned as it is.
    """
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    try:
        model: Any = ModelProto.FromString(data)
    except DecodeError:
        return data
    for _ in range(rng.randint(1, MOST_CHANGES)):
        try:
            _change_field(model, rng)
        except ValueError:  # text that is no UTF-8 can be read and copied, not written
            continue
    return bytes(model.SerializeToString())


def _change_field(message: Any, rng: random.Random) -> None:
    """Change a field somewhere below `message`, chosen level by level."""
    fields = message.ListFields()
    if not fields:
        return
    descriptor, value = rng.choice(fields)
    name = descriptor.name
    several = not hasattr(value, "ListFields") and hasattr(value, "MergeFrom")
    if descriptor.message_type is not None:
        if several and rng.random() < 0.1:
            _reorder(value, rng)
            return
        _change_field(rng.choice(value) if several else value, rng)
    elif several:
        place = rng.randrange(len(value))
        if rng.random() < 0.2:
            del value[place]
        else:
            value[place] = _other(value[place], rng)
    elif rng.random() < 0.1:
        message.ClearField(name)
    else:
        setattr(message, name, _within(descriptor, _other(value, rng)))


def _reorder(values: Any, rng: random.Random) -> None:
    """Leave out a message, or double it."""
    place = rng.randrange(len(values))
    if rng.random() < 0.5:
        del values[place]
    else:
        values.add().CopyFrom(values[place])


def _other(value: Any, rng: random.Random) -> Any:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((*NUMBERS, value + 1, value - 1))
    if isinstance(value, float):
        return rng.choice(REALS)
    if isinstance(value, bytes):
        return damaged_bytes(value, [value or b"\0"], rng)
    return rng.choice(("", "x", f"{value}\n", "é" * 9, str(value)[::-1], "../../secret"))


def _within(descriptor: Any, value: Any) -> Any:
    """Return an integer that the field can hold."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if descriptor.enum_type is not None:
        return abs(value) % (max(descriptor.enum_type.values_by_number) + 1)
    if descriptor.cpp_type == descriptor.CPPTYPE_INT32:
        return max(min(value, (1 << 31) - 1), -(1 << 31))
    return value
