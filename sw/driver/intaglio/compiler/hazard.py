"""Which words a command touches, and which earlier commands must be complete before it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.commands import Memory, Opcode, Operation, Region
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.lane import Precision
from intaglio.spec.tensor import pixel_words

TENSORS = "tensors"
Place = Memory | str
ENGINES = len(Opcode)
ROWS = {opcode: row for row, opcode in enumerate(Opcode)}
NAMES = tuple(f"wait_{opcode.name.lower()}" for opcode in Opcode)


@dataclass(frozen=True)
class Span:
    """Words that a command reads or writes: `rows` rows of `length`, `stride` words apart.

    Parameters
    ----------
    place : Memory or ``"tensors"``
        An on-chip memory, counted in its words, or the tensor region, counted in bus beats.
    """

    place: Place
    start: int
    length: int
    rows: int = 1
    stride: int = 0
    writes: bool = False


def spans_of(opcode: Opcode, fields: Mapping[str, int], config: ArrayConfig) -> list[Span]:
    """Return every word that a command touches, from its fields.

    Of an image, the rectangle of all taps counts as read. The constant region is never written,
    so it has no spans.
    """
    if opcode is Opcode.COMPUTE:
        pair = fields["operation"] == Operation.ADD
        reads = _pair_reads(fields) if pair else _image_reads(fields)
        return [*reads, *_constant_reads(fields, config), *_writes(fields)]
    spans = []
    place = Memory(fields["memory"]) if opcode is Opcode.LOAD else Memory.ACTS
    beats = {
        Memory.ACTS: 1,
        Memory.WEIGHTS: config.weight_bytes // config.bus_bytes,
        Memory.PARAMS: config.param_bytes // config.bus_bytes,
        Memory.TABLE: config.table_bytes // config.bus_bytes,
    }[place]
    loads = opcode is Opcode.LOAD
    rows, length = fields["rows"], fields["row_beats"]
    spans.append(
        Span(place, fields["address"], length // beats, rows, fields["address_stride"], loads)
    )
    if fields["region"] != Region.CONSTANTS:
        start, stride = (fields[k] // config.bus_bytes for k in ("offset", "row_stride"))
        spans.append(Span(TENSORS, start, length, rows, stride, not loads))
    return spans


def _pair_reads(fields: Mapping[str, int]) -> list[Span]:
    starts = (fields["start"], fields["start"] + fields["tap_x"])
    blocks = _in_planes(fields)
    return [
        Span(Memory.ACTS, start, fields["pixels"], blocks, fields["in_block"]) for start in starts
    ]


def _in_planes(fields: Mapping[str, int]) -> int:
    """Return the planes of words that channels which are kept apart are read from."""
    blocks = fields["out_blocks"]
    return -(-blocks // 2) if fields["precision"] == Precision.BITS4 else blocks


def _image_reads(fields: Mapping[str, int]) -> list[Span]:
    # Rows of taps that lie apart and read the same words: those outside the image read none.
    if fields["kernel_h"] > 1 and not fields["tap_y"] and fields["dilation_y"]:
        fields = {**fields, "kernel_h": 1, "y0": 0}
    rows = -(-fields["pixels"] // fields["out_w"])
    edges = []
    for first, size, places, axis in (
        (fields["y0"], fields["in_h"], rows, "y"),
        (fields["x0"], fields["in_w"], fields["out_w"], "x"),
    ):
        kernel = fields["kernel_h" if axis == "y" else "kernel_w"]
        own = fields[f"dilation_{axis}"] * (1 if fields["listed"] else kernel - 1)
        reach = (places - 1) * fields[f"stride_{axis}"] + own
        edges.append((max(first, 0), min(first + reach, size - 1)))
    (top, bottom), (left, right) = edges
    if top > bottom or left > right:
        return []
    sums = fields["operation"] == Operation.CONV and not fields["local"]
    base = fields["start"] - fields["y0"] * fields["in_w"] - fields["x0"]
    blocks = fields["in_blocks"] if sums else _in_planes(fields)
    first = base + top * fields["in_w"] + left
    rows, length = bottom - top + 1, right - left + 1
    if blocks > 1 and (rows == 1 or length == fields["in_w"]):  # a block has words in a row
        return [Span(Memory.ACTS, first, rows * length, blocks, fields["in_block"])]
    return [
        Span(Memory.ACTS, first + block * fields["in_block"], length, rows, fields["in_w"])
        for block in range(blocks)
    ]


def _constant_reads(fields: Mapping[str, int], config: ArrayConfig) -> list[Span]:
    spans = []
    blocks = fields["out_blocks"]
    if fields["operation"] in (Operation.CONV, Operation.DEPTHWISE):
        words = _tile_words(fields, config) if fields["weight_step"] else 1
        start, stride = fields["weight_start"], fields["weight_block"]
        spans.append(Span(Memory.WEIGHTS, start, words, blocks, stride))
    if fields["listed"]:
        words = -(-fields["kernel_w"] // config.depth)
        spans.append(Span(Memory.TABLE, CODES + fields["list_start"], words))
    if fields["operation"] == Operation.ADD:
        spans.append(Span(Memory.TABLE, 0, CODES))
    if not fields["hold"]:
        start, stride = fields["param_start"], fields["param_block"]
        spans.append(Span(Memory.PARAMS, start, config.drain_steps, blocks, stride))
    return spans


def _tile_words(fields: Mapping[str, int], config: ArrayConfig) -> int:
    """Return the weight words of one output block: one for each array step of a tile."""
    wide = fields["paired"] or fields["operation"] == Operation.DEPTHWISE
    requests = -(-fields["kernel_w"] // config.depth) if wide else fields["kernel_w"]
    full, last = fields["steps"], fields["last_steps"]
    row = (requests if fields["paired"] else fields["in_blocks"]) - 1
    return fields["kernel_h"] * (row * full + last) * (1 if fields["paired"] else requests)


def _writes(fields: Mapping[str, int]) -> list[Span]:
    if fields["hold"]:
        return []
    whole, rest = divmod(fields["pixels"], fields["out_w"])
    bits = Precision(fields["out_precision"]).bits
    words, spans = pixel_words(bits), []
    for block in range(-(-fields["out_blocks"] // (2 if bits == 4 else 1))):
        start = fields["out_start"] + block * fields["out_block"]
        step = words + fields["out_skip"]
        if whole:
            row = fields["out_row"]
            width = (fields["out_w"] - 1) * step + words
            spans.append(Span(Memory.ACTS, start, width, whole, row, writes=True))
        if rest:
            start += whole * fields["out_row"]
            spans.append(Span(Memory.ACTS, start, (rest - 1) * step + words, writes=True))
    return spans


class Tracker:
    """Derives the wait counts of each command from all commands before it.

    A read waits for every earlier write of the same words, a write for every earlier read and
    write. Commands of one engine are waited for too, though they run in order.

    Parameters
    ----------
    config : ArrayConfig
        Sizes of the on-chip memories.
    tensor_beats : int
        Size of the tensor region in bus beats.
    """

    def __init__(self, config: ArrayConfig, tensor_beats: int) -> None:
        self.config = config
        sizes: dict[Place, int] = {
            Memory.ACTS: config.act_words,
            Memory.WEIGHTS: config.weight_words,
            Memory.PARAMS: config.param_words,
            Memory.TABLE: config.table_words,
            TENSORS: tensor_beats,
        }
        # Word to the number of the last command, counted from 1, of each engine that wrote it;
        # behind them, of each that read it.
        rows = 2 * ENGINES
        self._seen = {place: np.zeros((rows, n), np.int32) for place, n in sizes.items()}
        self._counts = dict.fromkeys(Opcode, 0)

    def waits(self, opcode: Opcode, fields: Mapping[str, int]) -> dict[str, int]:
        """Return the ``wait_*`` fields of the next command and remember what it touches."""
        spans = spans_of(opcode, fields, self.config)
        waits = [0] * ENGINES
        for span in spans:
            seen = self._seen[span.place]
            for view in _views(seen if span.writes else seen[:ENGINES], span):
                last = np.maximum.reduce(view, axis=(1, 2) if view.ndim > 2 else 1).tolist()
                for row, number in enumerate(last):
                    waits[row % ENGINES] = max(waits[row % ENGINES], number)
        self._counts[opcode] += 1
        row = ROWS[opcode]
        for span in spans:
            seen = self._seen[span.place]
            for view in _views(seen[:ENGINES] if span.writes else seen[ENGINES:], span):
                view[row] = self._counts[opcode]
        return dict(zip(NAMES, waits, strict=True))


def _views(words: npt.NDArray[np.int32], span: Span) -> Iterable[npt.NDArray[np.int32]]:
    """Return views of the rows of a span, as few as there can be."""
    end = span.start + span.rows * span.stride
    if span.rows == 1 or span.stride == span.length:
        return [words[:, span.start : span.start + span.rows * span.length]]
    if span.length < span.stride and end <= words.shape[1]:
        rows = words[:, span.start : end].reshape(len(words), span.rows, span.stride)
        return [rows[:, :, : span.length]]
    starts = (span.start + row * span.stride for row in range(span.rows))
    return [words[:, start : start + span.length] for start in starts]
