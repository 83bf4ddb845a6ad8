"""Payloads that the blocks of the compute side exchange."""

from __future__ import annotations

from amaranth.hdl import Shape
from amaranth.lib import data

from intaglio.gateware.layout import field_shape, shape, word_shape
from intaglio.spec.config import ArrayConfig


def act_address(config: ArrayConfig) -> Shape:
    """Return the shape of a word address within the activation buffer.

    Sums of addresses are taken modulo its range: those of words inside an image come out right.
    """
    return Shape(max((config.act_words - 1).bit_length(), 1))


def tap_layout(config: ArrayConfig) -> data.StructLayout:
    """Return what travels with the words of a request.

    `first` and `last` request of a tile; `end`: the tile is the last of its output block; `steps`:
    array steps of the words; `count`: windows of the tile, 1 to P; `high`: channels of 4 bits that
    are kept apart are those in the high halves of the bytes.
    """
    return data.StructLayout(
        {
            **({"high": 1} if 4 in config.lanes.widths else {}),
            "first": 1,
            "last": 1,
            "end": 1,
            "steps": field_shape(config, "steps"),
            "count": range(config.pixels + 1),
        }
    )


def request_layout(config: ArrayConfig) -> data.StructLayout:
    """Return D taps of P windows: word addresses, and whether each is inside the image.

    Tap d of window p is at ``p * D + d``. A request of a single tap has the others outside.
    """
    return data.StructLayout(
        {
            "tap": tap_layout(config),
            "inside": config.banks,
            "address": data.ArrayLayout(act_address(config), config.banks),
        }
    )


def words_layout(config: ArrayConfig) -> data.StructLayout:
    """Return D taps of P windows: the words read, K bytes each, in the order of the request."""
    return data.StructLayout(
        {
            "tap": tap_layout(config),
            "word": data.ArrayLayout(8 * config.act_bytes, config.banks),
        }
    )


def accs_layout(config: ArrayConfig) -> data.ArrayLayout:
    """Return Q accumulators of one window, channels in order."""
    return data.ArrayLayout(shape(config.acc), config.requant_lanes)


def outs_layout(config: ArrayConfig) -> data.ArrayLayout:
    """Return Q output codes of one window, channels in order."""
    return data.ArrayLayout(shape(config.out), config.requant_lanes)


def write_layout(config: ArrayConfig) -> data.StructLayout:
    """Return a word and its address in the activation buffer.

    `halves`: whether the low and the high halves of its bytes are written.
    """
    return data.StructLayout(
        {
            **({"halves": 2} if 4 in config.lanes.widths else {}),
            "address": word_shape(config),
            "data": 8 * config.act_bytes,
        }
    )
