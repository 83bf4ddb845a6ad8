"""Lists of taps: which taps of a depthwise window are read, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from intaglio.spec.commands import TAP, Memory, Opcode, Region
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.formats import ByteArray

Tap = tuple[int, int, int]  # jump, y, x
Commands = Iterable[tuple[Opcode, Mapping[str, Any]]]


def pack_list(taps: Sequence[Tap], config: ArrayConfig) -> ByteArray:
    """Return the bytes of a list: words of D taps, each of whole beats.

    Raises
    ------
    ValueError
        A place is outside the fields of TAP.
    """
    depth = config.depth
    words = np.zeros((-(-len(taps) // depth), config.table_bytes), np.uint8)
    for at, tap in enumerate(taps):
        entry = TAP.to_bytes(dict(zip((f.name for f in TAP.fields), tap, strict=True)))
        word, place = divmod(at, depth)
        words[word, place * len(entry) : (place + 1) * len(entry)] = np.frombuffer(entry, np.uint8)
    return words.reshape(-1)


def unpack_list(words: ByteArray, count: int, config: ArrayConfig) -> tuple[Tap, ...]:
    """Return the first `count` taps of words of the list: (words, bytes)."""
    size, found = TAP.bits // 8, []
    for at in range(count):
        word, place = divmod(at, config.depth)
        tap = TAP.from_bytes(words[word, place * size : (place + 1) * size].tobytes())
        found.append((tap["jump"], tap["y"], tap["x"]))
    return tuple(found)


def with_lists(
    commands: Commands, config: ArrayConfig, constants: bytes
) -> Iterator[tuple[Opcode, Mapping[str, Any]]]:
    """Yield commands, those that read a list with its taps as field ``taps``.

    Parameters
    ----------
    constants : bytes
        The region that lists are loaded from.

    Raises
    ------
    ValueError
        A list lies behind the end of `constants`.
    """
    memory = np.zeros((max(config.list_words, 1), config.table_bytes), np.uint8)
    for opcode, fields in commands:
        listing = opcode is Opcode.LOAD and fields["memory"] == Memory.TABLE
        if listing and fields["address"] >= CODES and fields["region"] == Region.CONSTANTS:
            size = fields["row_beats"] * config.bus_bytes
            first = fields["address"] - CODES
            if fields["offset"] + size > len(constants):
                raise ValueError(f"a list of taps behind the {len(constants)} bytes of constants")
            data = np.frombuffer(constants, np.uint8, size, fields["offset"])
            words = data.reshape(-1, config.table_bytes)
            memory[first : first + len(words)] = words
        if opcode is Opcode.COMPUTE and fields["listed"]:
            taps = unpack_list(memory[fields["list_start"] :], fields["kernel_w"], config)
            yield opcode, {**fields, "taps": taps}
        else:
            yield opcode, fields
