"""Command words: what a program is made of.

A program is a sequence of 128-byte commands in memory. The reader hands each to one of three
engines (load, compute, store); every engine works through its own commands in order, and a command
starts once each engine has completed at least the number of commands that its ``wait_*`` fields
name. Counts run from the start of the program, so a wait can only name an earlier command: the
order of the stream is free of deadlock (decision 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from intaglio.spec.formats import INT8, INT16, signed, unsigned
from intaglio.spec.record import Field, Record

COMMAND_BYTES = 128
COMMAND_BITS = 8 * COMMAND_BYTES


class Opcode(IntEnum):
    """First field of every command; 0 is illegal, so that cleared memory is no program."""

    LOAD = 1
    COMPUTE = 2
    STORE = 3


class Memory(IntEnum):
    """On-chip memories that LOAD can fill."""

    ACTS = 0
    WEIGHTS = 1
    PARAMS = 2
    TABLE = 3


class Region(IntEnum):
    """Base registers that memory offsets are relative to."""

    CONSTANTS = 0
    TENSORS = 1


class Operation(IntEnum):
    """What COMPUTE does with the words of a window."""

    CONV = 0
    DEPTHWISE = 1
    MAX = 2
    ADD = 3


WORDS = unsigned(20)  # an address or count of on-chip words: buffers up to 2**20 words
ADDRESS = unsigned(32)  # a byte offset in memory
COUNT = unsigned(24)  # commands or pixels
LIST_WORD = unsigned(8)  # a word of the list of taps
PLACE = signed(16)  # a coordinate in an image, which padding makes negative
JUMP = signed(24)  # a signed difference of word addresses

HEADER = (
    Field("opcode", unsigned(4), "an Opcode"),
    Field("wait_load", COUNT, "load commands that must be complete"),
    Field("wait_compute", COUNT, "compute commands that must be complete"),
    Field("wait_store", COUNT, "store commands that must be complete"),
    Field("mark", unsigned(1), "on completion, write the cycle counter to the trace"),
    Field("layer", unsigned(8), "trace entry that a mark writes"),
)

_TRANSFER = (
    Field("memory", unsigned(2), "a Memory; STORE: ACTS"),
    Field("region", unsigned(2), "base register that the offset adds to"),
    Field("offset", ADDRESS, "byte offset of the first row, a multiple of the bus width"),
    Field("row_beats", WORDS, "bus beats in a row, 1 or more"),
    Field("rows", unsigned(16), "rows, 1 or more"),
    Field("row_stride", ADDRESS, "bytes from one row to the next in memory"),
    Field("address", WORDS, "first on-chip word"),
    Field("address_stride", WORDS, "on-chip words from one row to the next"),
)

LOAD = Record(
    "LOAD",
    COMMAND_BITS,
    (*HEADER, *_TRANSFER),
    "Copy rows from memory to an on-chip memory. A word of on-chip memory takes several beats "
    "where it is wider than the bus; row_beats is then a multiple of that number.",
)

STORE = Record(
    "STORE",
    COMMAND_BITS,
    (*HEADER, *_TRANSFER),
    "Copy rows from the activation buffer to memory.",
)

COMPUTE = Record(
    "COMPUTE",
    COMMAND_BITS,
    (
        *HEADER,
        Field("operation", unsigned(2), "an Operation"),
        Field("precision", unsigned(2), "a Precision: width of the activations"),
        Field("out_precision", unsigned(2), "a Precision: width of the outputs"),
        Field("scaled", unsigned(1), "1: CONV, sums of groups are scaled; with group scales only"),
        Field("local", unsigned(1), "1: CONV reads the input block of its output block"),
        Field("group", unsigned(8), "CONV: lane k reads channels (k & -group) + 0 .. group - 1"),
        Field("fold", unsigned(1), "1: add lanes k and k + K/2 of CONV, output K/2 channels"),
        Field("paired", unsigned(1), "1: CONV reads D taps at once, as one run of channels"),
        Field("channels", unsigned(8), "paired: channels of a tap"),
        Field("pair_taps", unsigned(4), "paired: D // channels"),
        Field("pair_channels", unsigned(8), "paired: D % channels"),
        Field("rounding", unsigned(3), "a Rounding"),
        Field("accumulate", unsigned(1), "1: go on from the accumulators of the last command"),
        Field("hold", unsigned(1), "1: keep the accumulators for the next command, no output"),
        Field("in_h", unsigned(16), "rows of the image; taps outside take pad_value"),
        Field("in_w", unsigned(16), "columns of the image"),
        Field("y0", PLACE, "row of the first tap of the first window"),
        Field("x0", PLACE, "column of the first tap of the first window"),
        Field("stride_y", unsigned(8), "rows from one window to the next"),
        Field("stride_x", unsigned(8), "columns from one window to the next"),
        Field("kernel_h", unsigned(16), "taps along y"),
        Field("kernel_w", unsigned(16), "taps along x"),
        Field("dilation_y", unsigned(8), "rows from one tap to the next"),
        Field("dilation_x", unsigned(8), "columns from one tap to the next"),
        Field("pad_value", INT8, "what a tap outside the image reads"),
        Field("start", JUMP, "word address of the first tap of the first window, block 0"),
        Field("tap_y", JUMP, "words from one tap row to the next"),
        Field("tap_x", JUMP, "words from one tap to the next"),
        Field("window_y", JUMP, "words from one window row to the next"),
        Field("window_x", JUMP, "words from one window to the next"),
        Field("in_block", WORDS, "words from one input channel block to the next"),
        Field("in_blocks", unsigned(12), "input channel blocks that CONV sums over; else 1"),
        Field("steps", unsigned(8), "array steps of the words of a request, each of K*D weights"),
        Field("last_steps", unsigned(8), "the same of the last block; paired: of the last taps"),
        Field("out_w", unsigned(16), "windows in a row"),
        Field("pixels", COUNT, "windows in all, row by row"),
        Field("wrap_x", unsigned(16), "out_w * stride_x"),
        Field("wrap_jump", JUMP, "window_y - out_w * window_x"),
        Field("tile_y", unsigned(16), "stride_y * (tile // out_w), tile = pixels of a tile"),
        Field("tile_x", unsigned(16), "stride_x * (tile % out_w)"),
        Field("tile_jump", JUMP, "window_y * (tile // out_w) + window_x * (tile % out_w)"),
        Field("out_start", WORDS, "word address of the first output, block 0"),
        Field("out_row", WORDS, "words from one output row to the next"),
        Field("out_block", WORDS, "words from one output channel block to the next"),
        Field("out_skip", unsigned(10), "words left out between neighbouring outputs of a row"),
        Field("out_blocks", unsigned(12), "output channel blocks, 1 or more"),
        Field("spread", unsigned(4), "DEPTHWISE: outputs of a channel: 2, 4 or 8; 0: one"),
        Field("listed", unsigned(1), "1: DEPTHWISE, taps are those of a list; with tap_list only"),
        Field("list_start", LIST_WORD, "listed: first word of the list"),
        Field("spread_channel", unsigned(8), "spread: first of the K / spread channels to be read"),
        Field("weight_start", WORDS, "first weight word"),
        Field("weight_step", unsigned(1), "weight words from one step to the next"),
        Field("weight_block", WORDS, "weight words from one output block to the next"),
        Field("param_start", WORDS, "first parameter word"),
        Field("param_block", unsigned(8), "parameter words from one output block to the next"),
        Field("zero_point", INT16, "added after scaling"),
        Field("low", INT16, "least output"),
        Field("high", INT16, "greatest output"),
    ),
    "Apply one operation to every window of an image in the activation buffer and write the "
    "requantised results back to it. DEPTHWISE, MAX, ADD and paired CONV take D taps of a row at "
    "once; a tap past the end of the row reads pad_value. Of 4 bits, a word holds the channels of "
    "two blocks, the second in the high halves of its bytes. Of 16 bits, two neighbouring words "
    "hold a block, the geometry counts words, and DEPTHWISE takes the halves of a row's taps. With "
    "spread = m, of 8 bits and with groups alone, lane k reads channel "
    "spread_channel + k % (K / m) of its block, and is output channel m * (k % (K / m)) + "
    "k // (K / m) of the word. Listed, kernel_w taps lie where the list says, D of them in a word; "
    "kernel_h is 1, and dilation_y and dilation_x are the most rows and columns of the list.",
)

RECORDS: dict[Opcode, Record] = {
    Opcode.LOAD: LOAD,
    Opcode.COMPUTE: COMPUTE,
    Opcode.STORE: STORE,
}

# A 0 in one of these fields is illegal: gates would count through the whole range of the field.
AT_LEAST_ONE: dict[Opcode, tuple[str, ...]] = {
    Opcode.LOAD: ("row_beats", "rows"),
    Opcode.COMPUTE: (
        *("kernel_h", "kernel_w", "in_blocks", "steps", "last_steps"),
        *("out_w", "pixels", "out_blocks"),
    ),
    Opcode.STORE: ("row_beats", "rows"),
}

PARAM = Record(
    "PARAM",
    72,
    (
        Field("bias", signed(32), "added to the accumulator"),
        Field("multiplier", unsigned(32), "see intaglio.spec.quant"),
        Field("shift", INT8, "see intaglio.spec.quant"),
    ),
    "Requantiser parameters of one output channel.",
)

TABLE = Record(
    "TABLE",
    64,
    (
        Field("a", signed(32), "rescaled value of this code of operand a"),
        Field("b", signed(32), "rescaled value of this code of operand b"),
    ),
    "ADD: one entry for each code + 128; the sum of both values is requantised.",
)

TAP = Record(
    "TAP",
    32,
    (
        Field("jump", unsigned(18), "words from the first tap of the window"),
        Field("y", unsigned(7), "rows from there"),
        Field("x", unsigned(7), "columns from there"),
    ),
    "A tap of a list. Lists are loaded as words of TABLE from word 256 on, D taps in each.",
)


def decode(data: bytes) -> Iterator[tuple[Opcode, dict[str, int]]]:
    """Yield (opcode, fields) of each command in `data`.

    Raises
    ------
    ValueError
        If the length is no multiple of 128 or an opcode is illegal.
    """
    if len(data) % COMMAND_BYTES:
        raise ValueError(f"{len(data)} bytes are no whole number of {COMMAND_BYTES}-byte commands")
    for at in range(0, len(data), COMMAND_BYTES):
        chunk = data[at : at + COMMAND_BYTES]
        opcode = Opcode(chunk[0] & 0xF)
        yield opcode, RECORDS[opcode].from_bytes(chunk)
