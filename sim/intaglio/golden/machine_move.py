"""LOAD and STORE of the golden machine, and the on-chip memories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from intaglio.spec.commands import Memory
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import ByteArray


class Buffers:
    """The on-chip memories as arrays of words of bytes, cleared.

    Parameters
    ----------
    config : ArrayConfig
        Their sizes.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.acts = np.zeros((config.act_words, config.act_bytes), np.uint8)
        self.weights = np.zeros((config.weight_words, config.weight_bytes), np.uint8)
        self.params = np.zeros((config.param_words, config.param_bytes), np.uint8)
        self.table = np.zeros((config.table_words, config.table_bytes), np.uint8)

    def of(self, memory: Memory) -> ByteArray:
        """Return the words of `memory`."""
        return {
            Memory.ACTS: self.acts,
            Memory.WEIGHTS: self.weights,
            Memory.PARAMS: self.params,
            Memory.TABLE: self.table,
        }[memory]


def load(
    fields: Mapping[str, int], config: ArrayConfig, buffers: Buffers, source: ByteArray
) -> None:
    """Execute a LOAD from the region `source`.

    Raises
    ------
    ValueError
        If a field is illegal or a range does not exist.
    """
    words = buffers.of(Memory(fields["memory"]))
    for memory, chip in zip(*_rows(fields, config, words, source), strict=True):
        words[chip] = source[memory].reshape(-1, words.shape[1])


def store(
    fields: Mapping[str, int], config: ArrayConfig, buffers: Buffers, target: ByteArray
) -> None:
    """Execute a STORE to the region `target`.

    Raises
    ------
    ValueError
        If a field is illegal or a range does not exist.
    """
    for memory, chip in zip(*_rows(fields, config, buffers.acts, target), strict=True):
        target[memory] = buffers.acts[chip].reshape(-1)


def _rows(
    fields: Mapping[str, int], config: ArrayConfig, words: ByteArray, memory: ByteArray
) -> tuple[list[slice], list[slice]]:
    """Return the bytes of memory and the on-chip words of each row."""
    beat, word = config.bus_bytes, words.shape[1]
    size = fields["row_beats"] * beat
    if size % word:
        raise ValueError(
            f"{fields['rows']} rows of {fields['row_beats']} beats of {beat} bytes are not"
            f" whole words of {word} bytes"
        )
    if fields["offset"] % beat or fields["row_stride"] % beat:
        raise ValueError(
            f"offset {fields['offset']} or row_stride {fields['row_stride']} is no multiple of"
            f" {beat} bytes"
        )
    row = np.arange(fields["rows"])
    starts = fields["offset"] + row * fields["row_stride"]
    addresses = fields["address"] + row * fields["address_stride"]
    return (
        _slices(starts, size, memory.size, "byte"),
        _slices(addresses, size // word, words.shape[0], "word"),
    )


def _slices(starts: npt.NDArray[np.int64], size: int, limit: int, unit: str) -> list[slice]:
    if starts[-1] + size > limit:
        raise ValueError(f"{unit} {starts[-1] + size - 1} does not exist: there are {limit}")
    return [slice(int(start), int(start) + size) for start in starts]
