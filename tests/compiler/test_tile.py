"""Cutting layers to buffers: everything is covered once and fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.compiler.allocate import Life, Placed, first_fit, gaps_at
from intaglio.compiler.buffers import Home, Ring, View, transfers
from intaglio.compiler.layer import Area, Layer, Params
from intaglio.compiler.panel import panel_of
from intaglio.compiler.reduction import Reduction
from intaglio.compiler.schedule_windows import tiles
from intaglio.compiler.tile import tile_layer
from intaglio.compiler.tiling import input_area
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Op
from intaglio.spec.quant import Rounding

CONFIG = ArrayConfig(
    name="tile",
    pixels=2,
    channels=4,
    depth=2,
    requant_lanes=2,
    acts_kib=1,
    weights_kib=1,
    params_kib=4,
)
ALL = ((0, CONFIG.act_words),)


def layer(
    image: tuple[int, int, int] = (12, 10, 4),
    out: tuple[int, int, int] = (12, 10, 8),
    kernel: tuple[int, int] = (3, 3),
    **changes: object,
) -> Layer:
    params = Params(*(np.ones(out[2], np.int64),) * 3)
    base = Layer(
        index=0,
        name="the layer",
        op=Op.CONV,
        operation=Operation.CONV,
        inputs=(0,),
        output=1,
        image=image,
        out_image=out,
        params=(params,),
        rounding=Rounding.DOUBLE,
        zero_point=0,
        low=-128,
        high=127,
        areas=(Area(0, out[0], 0, out[1]),),
        kernel=kernel,
        pads=(kernel[0] // 2, kernel[1] // 2),
        weights=np.ones((out[2], *kernel, image[2]), np.int8),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def check_cover(chosen: Layer, config: ArrayConfig) -> None:
    tiling = tile_layer(chosen, config, (False, False), ((0, config.act_words),))
    height, width, channels = chosen.out_image
    seen = np.zeros((height, width, -(-channels // config.channels)), int)
    words = 0
    for strip in tiling.strips(chosen):
        for first, end in tiling.panels(chosen, config):
            seen[strip.y0 : strip.y1, strip.x0 : strip.x1, first:end] += 1
            area = input_area(chosen, strip)
            words = max(words, area.pixels * -(-chosen.image[2] // config.channels))
            assert strip.pixels * (end - first) <= slot_size(tiling.slots, 1, config)
    assert (seen == 1).all()
    assert words <= slot_size(tiling.slots, 0, config)


def slot_size(slots: tuple[tuple[int, ...], ...], operand: int, config: ArrayConfig) -> int:
    """Return the words from a slot of `operand` to whatever comes next."""
    starts = sorted(address for copies in slots for address in copies)
    ends = dict(zip(starts, [*starts[1:], config.act_words], strict=True))
    return min(ends[address] - address for address in slots[operand])


@pytest.mark.parametrize("acts_kib", [1, 2, 16])
@pytest.mark.parametrize("out_channels", [4, 9, 40])
@pytest.mark.parametrize("image", [(12, 10, 4), (3, 40, 9), (1, 1, 12), (30, 2, 1)])
def test_strips_and_panels_cover_the_output_once_and_fit(
    image: tuple[int, int, int], out_channels: int, acts_kib: int
) -> None:
    check_cover(layer(image, (*image[:2], out_channels)), replace(CONFIG, acts_kib=acts_kib))


def test_a_row_too_long_for_the_buffer_is_cut_into_columns() -> None:
    wide = layer((4, 90, 4), (4, 90, 4))
    tiling = tile_layer(wide, CONFIG, (False, False), ALL)
    assert (tiling.rows, tiling.columns < 90) == (1, True)
    check_cover(wide, CONFIG)


def test_a_pixel_too_large_for_the_buffer_is_an_error_with_its_bytes() -> None:
    deep = layer(
        (20, 20, 4), (1, 1, 4), (20, 20), operation=Operation.MAX, weights=None, pads=(0, 0)
    )
    with pytest.raises(FitError, match="E401: the layer") as caught:
        tile_layer(deep, CONFIG, (False, False), ALL)
    # 20 x 20 inputs and 1 output, words of 4 bytes; 1024 bytes are there.
    assert caught.value.findings[0].need == f"{(400 + 1) * 4} bytes"
    assert "1024 bytes free" in caught.value.findings[0].have


def test_channels_that_are_apart_are_cut_where_a_pixel_does_not_fit() -> None:
    deep = layer(
        (9, 9, 200), (1, 1, 200), (9, 9), operation=Operation.DEPTHWISE, weights=None, pads=(0, 0)
    )
    tiling = tile_layer(deep, CONFIG, (False, False), ALL)
    assert 1 <= tiling.blocks < 50


def test_tensors_that_stay_need_no_slots() -> None:
    tiling = tile_layer(layer(), CONFIG, (True, True), ())
    assert tiling.slots == ((), ())
    assert (tiling.rows, tiling.columns) == (12, 10)


def test_panels_are_outside_where_weights_are_the_greater_traffic() -> None:
    # The weights of 32 blocks would be read again for every strip of a small image.
    heavy = layer((24, 4, 4), (24, 4, 128), (3, 3))
    assert tile_layer(heavy, CONFIG, (False, False), ALL).panels_outer
    light = layer((24, 10, 4), (24, 10, 8), (3, 3))
    assert not tile_layer(light, CONFIG, (False, False), ALL).panels_outer


def test_panels_take_half_of_the_weight_buffer_and_are_of_like_sizes() -> None:
    # 18 words for a block; 128 words in the buffer: at most 3 blocks in half of it.
    blocks, chunks = panel_of(layer(out=(12, 10, 16)), CONFIG)
    assert (blocks, len(chunks)) == (2, 1)
    # At most one block in a quarter of it.
    assert panel_of(layer(out=(12, 10, 16)), CONFIG, 4)[0] == 1


@pytest.mark.parametrize(
    ("kernel", "channels", "sizes"),
    [
        ((3, 1), 80, (1, 1, 20)),  # a row is 40 words
        ((1, 3), 100, (1, 1, 25)),  # a tap is 50 words
        ((1, 1), 1000, (1, 1, 32)),  # a block is 2 words
        ((8, 1), 64, (2, 1, 16)),  # two rows are 64 words
    ],
)
def test_a_sum_too_long_for_the_weight_buffer_is_cut(
    kernel: tuple[int, int], channels: int, sizes: tuple[int, int, int]
) -> None:
    long = layer((*kernel, channels), (1, 1, 4), kernel, pads=(0, 0))
    blocks, chunks = panel_of(long, CONFIG)
    assert blocks == 1
    first = chunks[0]
    assert (first.r1 - first.r0, first.s1 - first.s0, first.b1 - first.b0) == sizes
    seen = np.zeros((*kernel, -(-channels // 4)), int)
    for chunk in chunks:
        seen[chunk.r0 : chunk.r1, chunk.s0 : chunk.s1, chunk.b0 : chunk.b1] += 1
        assert Reduction.of(long, CONFIG).words(chunk) <= CONFIG.weight_words // 2
    assert (seen == 1).all()


def test_many_pixels_use_the_whole_weight_buffer_rather_than_chunks() -> None:
    # 90 words: more than half of 128, and every tile of pixels would read each chunk again.
    long = layer((9, 9, 20), (9, 9, 8), (3, 3))
    blocks, chunks = panel_of(long, CONFIG)
    assert (blocks, len(chunks)) == (1, 1)


def test_a_buffer_too_small_for_one_step_is_an_error() -> None:
    config = replace(CONFIG, channels=64, depth=8, acts_kib=16, weights_kib=1)
    with pytest.raises(FitError, match="weights_kib"):
        panel_of(layer((1, 1, 640), (1, 1, 64), (1, 1)), config)


def test_input_areas_end_at_the_image_and_are_never_empty() -> None:
    padded = layer((5, 5, 1), (5, 5, 1), (3, 3))
    assert input_area(padded, Area(0, 2, 4, 5)) == Area(0, 3, 3, 5)
    far = layer((2, 2, 1), (9, 9, 1), (1, 1), pads=(4, 4))
    assert input_area(far, Area(0, 1, 8, 9)) == Area(0, 1, 1, 2)


@pytest.mark.parametrize("pixels", [1, 2, 8, 64])
@pytest.mark.parametrize("area", [Area(0, 3, 0, 5, 1), Area(2, 4, 1, 2, 1)])
def test_tiles_cover_an_area_with_at_most_so_many_windows(area: Area, pixels: int) -> None:
    seen = np.zeros((8, 8), int)
    for tile in tiles(area, pixels):
        assert (tile.pixels <= pixels, tile.params) == (True, 1)
        seen[tile.y0 : tile.y1, tile.x0 : tile.x1] += 1
    assert seen.sum() == area.pixels
    assert (seen[area.y0 : area.y1, area.x0 : area.x1] == 1).all()


@pytest.mark.parametrize(
    ("area", "resident", "commands"),
    [
        (Area(0, 6, 0, 5), True, 1),  # all of it
        (Area(2, 4, 0, 5), True, 1),  # a strip in each block
        (Area(2, 4, 0, 5), False, 1),
        (Area(2, 3, 1, 4), True, 1),  # a part of one row
        (Area(2, 4, 1, 4), False, 2),  # rows of each block
    ],
)
def test_transfers_move_an_area(area: Area, resident: bool, commands: int) -> None:
    home = Home((6, 5, 12), offset=8, address=7)
    blocks = (1, 3)
    view = View.of_home(home, 1) if resident else View.of_slot(3, area)
    found = transfers(home, area, blocks, view, 4)
    assert len(found) == commands
    moved = {}
    for fields in found:
        for row in range(fields["rows"]):
            for beat in range(fields["row_beats"]):
                byte = fields["offset"] + row * fields["row_stride"] + beat * 4
                moved[byte] = fields["address"] + row * fields["address_stride"] + beat
    expected = {
        8 + 4 * (b * 30 + y * 5 + x): view.at(y, x) + (b - 1) * view.block
        for b in range(*blocks)
        for y in range(area.y0, area.y1)
        for x in range(area.x0, area.x1)
    }
    assert moved == expected


def test_a_ring_forgets_what_it_writes_over() -> None:
    ring = Ring(10)
    assert (ring.place("a", 4), ring.place("b", 4)) == (0, 4)
    assert ring.place("c", 3) == 0
    assert (ring.find("a"), ring.find("b"), ring.find("c")) == (None, 4, 0)
    ring.reserve(8)
    assert ring.place("d", 8) == 0
    assert ring.find("c") is None


def test_lives_that_meet_get_places_of_their_own() -> None:
    first = Placed(Life(1, 6, 0, 2), 0)
    second = Placed(Life(2, 3, 2, 4), 6)
    assert first_fit(Life(3, 5, 3, 5), [first, second], 10) == 0
    assert first_fit(Life(3, 7, 3, 5), [first, second], 10) is None
    assert first_fit(Life(3, 7, 3, 5), [first, second], None) == 9
    assert gaps_at(2, [first, second], 10) == ((9, 10),)
    assert gaps_at(3, [first, second], 10) == ((0, 6), (9, 10))
