"""A layer in the terms of the lanes: weights as codes in bytes, images in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from intaglio.compiler.channels import over_channels
from intaglio.compiler.group import suit
from intaglio.compiler.layer import Image, Layer, image_of
from intaglio.compiler.lower import lower
from intaglio.compiler.lower_phases import as_phases
from intaglio.compiler.product_vector import suit_product
from intaglio.compiler.taps import suit_taps
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.formats import BYTE, IntArray
from intaglio.spec.graph import OVER_CHANNELS, Graph, Tensor
from intaglio.spec.lane import Precision
from intaglio.spec.requant import format_of
from intaglio.spec.tensor import blocks_of, pixel_words, planes_of

Codes = npt.NDArray[np.int8]


def layer_of(graph: Graph, index: int, reference: str, config: ArrayConfig) -> Layer:
    """Return node `index` of a checked graph as the array of `config` runs it.

    Raises
    ------
    FitError
        E402: an accumulator could overflow. E404, E405: see :func:`fit_lane`.
    """
    layer = suit_product(lower(graph, index, reference), config)
    if graph.nodes[index].attributes.function == OVER_CHANNELS:
        layer = over_channels(layer, config)
    if not layer.phases:
        return fit_lane(suit_taps(suit(layer, config), config), config)
    return as_phases(layer, tuple(fit_lane(suit(part, config), config) for part in layer.phases))


def fit_lane(layer: Layer, config: ArrayConfig) -> Layer:
    """Return `layer` with what the array sees of it.

    Weights become codes in bytes, 0 for a weight of 0. Of 16 bits, a pixel is two words: columns,
    column stride and taps are counted in words, and a dilated row of taps is widened with zeros.
    Of 4 bits, a byte holds two channels that are K apart, where channels are summed.

    Raises
    ------
    FitError
        E404: the array has no gates for the layer at this width. E405: the lanes have no code for
        a weight.
    """
    _require_gates(layer, config)
    bits = layer.precision.bits
    weights = layer.weights
    if layer.amounts is not None and weights is not None:
        # They go the way of the weights of a single output.
        as_weights = np.broadcast_to(layer.amounts, (1, *weights.shape[1:])).astype(np.int64)
        layer = replace(layer, amounts=_placed(layer, as_weights, config))
    if bits == 4:
        layer = replace(layer, pad_value=_signed_byte((layer.pad_value & 0xF) * 0x11))
    if weights is not None:
        weights = _codes(layer, weights, config)
    if layer.excess is not None:
        layer = replace(layer, excess=_codes(layer, layer.excess, config).astype(np.int8))
    if bits == BYTE or (bits == 4 and layer.operation is not Operation.CONV):
        return replace(layer, weights=None if weights is None else weights.astype(np.int8))
    if bits == 4 and weights is not None:
        return _half_bytes(layer, weights, config)
    return _two_words(layer, weights, config)


def _placed(layer: Layer, weights: IntArray, config: ArrayConfig) -> Codes:
    """Return the bytes of O, KH, KW, C codes of CONV."""
    if layer.precision is Precision.BITS4:
        return _halves(weights, config.channels)
    if layer.precision is Precision.BITS16:
        return _pairs(_widened(weights, layer.dilation[1], axis=-2), config.channels)
    return weights.astype(np.int8)


def _codes(layer: Layer, values: IntArray, config: ArrayConfig) -> IntArray:
    lane = config.lanes
    bits = layer.precision.bits
    if layer.operation is not Operation.CONV and bits == 4:
        bits = BYTE  # channels that are kept apart come as bytes
    return lane.encode(values, layer.name, bits) ^ lane.zero


def _half_bytes(layer: Layer, weights: IntArray, config: ArrayConfig) -> Layer:
    """Count the channels of two blocks as one."""
    packed = _halves(weights, config.channels)
    return replace(layer, weights=packed, image=(*layer.image[:2], packed.shape[3]))


def _halves(weights: IntArray, lanes: int) -> Codes:
    """Put the channels of two blocks into the halves of bytes."""
    out, rows, columns, channels = weights.shape
    planes = -(-channels // (2 * lanes))
    padded = np.zeros((out, rows, columns, planes * 2 * lanes), np.int64)
    padded[..., :channels] = weights & 0xF
    halves = padded.reshape(out, rows, columns, planes, 2, lanes)
    packed = (halves[..., 0, :] | halves[..., 1, :] << 4).reshape(out, rows, columns, -1)
    used = (planes - 1) * lanes + min(channels - (planes - 1) * 2 * lanes, lanes)
    return np.asarray(packed[..., :used], np.int64).astype(np.int8)


def _two_words(layer: Layer, weights: IntArray | None, config: ArrayConfig) -> Layer:
    """Count columns in words, two a pixel."""
    packed, columns = None, 2 * layer.kernel[1]
    if weights is not None:
        packed = _wide_words(layer, weights, config)
        columns = packed.shape[-2]
    height, width, channels = layer.image
    low, high = layer.pad_value & 0xFF, layer.pad_value >> BYTE & 0xFF
    if low != high:
        raise FitError(
            Finding(
                "E404",
                f"{layer.name} pads with {layer.pad_value}",
                where=layer.name,
                have=f"zero point {layer.pad_value}",
                need="a zero point of 0 for activations of 16 bits",
                help="quantise the activations symmetrically",
            )
        )
    whole = channels
    if weights is not None and _fits_one_word(layer, config):
        halves = np.stack([weights & 0xFF, weights >> BYTE], axis=-1).astype(np.int8)
        return replace(
            layer,
            weights=halves.reshape(*weights.shape[:3], -1),
            image=(height, 2 * width, 2 * channels),
            stride=(layer.stride[0], 2 * layer.stride[1]),
            dilation=(layer.dilation[0], 2 * layer.dilation[1]),
            pads=(layer.pads[0], 2 * layer.pads[1]),
            pad_value=_signed_byte(low),
        )
    if layer.operation is Operation.CONV:
        whole = blocks_of(channels, config.channels) * config.channels
    return replace(
        layer,
        weights=packed,
        image=(height, 2 * width, whole),
        kernel=(layer.kernel[0], columns),
        stride=(layer.stride[0], 2 * layer.stride[1]),
        dilation=(layer.dilation[0], 1),
        pads=(layer.pads[0], 2 * layer.pads[1]),
        pad_value=_signed_byte(low),
    )


def _fits_one_word(layer: Layer, config: ArrayConfig) -> bool:
    """Tell whether the first word of a pixel has all channels, so that the second is left out."""
    few = 2 * layer.image[2] <= config.channels and layer.groups == 1
    return few and layer.operation is Operation.CONV and layer.amounts is None


def _wide_words(layer: Layer, weights: IntArray, config: ArrayConfig) -> Codes:
    """Return the bytes of weights of 16 bits, by words of activations."""
    wide = _widened(weights, layer.dilation[1], axis=-2)
    if layer.operation is Operation.DEPTHWISE:
        rows, columns, channels = wide.shape
        halves = np.stack([wide & 0xFF, wide >> BYTE], axis=2)
        return halves.reshape(rows, 2 * columns, channels).astype(np.int8)
    return _pairs(wide, config.channels)


def _signed_byte(byte: int) -> int:
    return byte - 256 * (byte >> 7)


def _pairs(weights: IntArray, lanes: int) -> Codes:
    """Return O, KH, 2 * KW, C bytes of O, KH, KW, C weights of 16 bits: first the lower words."""
    out, rows, columns, channels = weights.shape
    blocks = blocks_of(channels, lanes)
    padded = np.zeros((out, rows, columns, blocks * lanes), np.int64)
    padded[..., :channels] = weights
    words = padded.reshape(out, rows, columns, blocks, 2, lanes // 2).transpose(0, 1, 2, 4, 3, 5)
    halves = np.stack([words & 0xFF, words >> BYTE], axis=-1)
    return halves.reshape(out, rows, 2 * columns, blocks * lanes).astype(np.int8)


def _widened(weights: IntArray, dilation: int, axis: int) -> IntArray:
    """Return weights with dilation - 1 zeros between the taps along `axis`."""
    if dilation == 1:
        return weights
    moved = np.moveaxis(weights, axis, 0)
    wide = np.zeros(((len(moved) - 1) * dilation + 1, *moved.shape[1:]), np.int64)
    wide[::dilation] = moved
    return np.moveaxis(wide, 0, axis)


def _require_gates(layer: Layer, config: ArrayConfig) -> None:
    """Refuse what the lanes cannot do at the layer's widths."""
    widths = config.lanes.widths
    for what, precision in (("reads", layer.precision), ("writes", layer.out_precision)):
        if precision.bits not in widths:
            need = f"a precision that {config.name} was built for: {', '.join(map(str, widths))}"
            raise _no_gates(layer, f"{what} activations of {precision.bits} bits", need)
    apart = layer.operation in (Operation.MAX, Operation.ADD)
    if layer.precision is Precision.BITS16 and apart:
        raise _no_gates(layer, f"is a {layer.op.value} of 16 bits", "activations of 8 bits")


def _no_gates(layer: Layer, have: str, need: str) -> FitError:
    return FitError(
        Finding(
            "E404",
            f"{layer.name} {have}",
            where=layer.name,
            have=have,
            need=need,
            help="set array.precisions or array.act_bits, or quantise the layer to another width",
        )
    )


def words_image(tensor: Tensor, config: ArrayConfig) -> Image:
    """Return rows, columns of words, and bytes a column of a tensor as it is moved."""
    height, width, channels = image_of(tensor)
    bits = format_of(tensor).bits
    planes = planes_of(channels, config.channels, bits)
    return height, width * pixel_words(bits), planes * config.channels
