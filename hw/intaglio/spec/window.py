"""Geometry of a COMPUTE command: from an operator's terms to the fields that gates count with."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig


def tile_pixels(operation: Operation, config: ArrayConfig) -> int:
    """Return the windows of a tile: P on the array, 1 on the vector unit."""
    on_array = operation in (Operation.CONV, Operation.DEPTHWISE)
    return config.pixels if on_array else 1


@dataclass(frozen=True)
class Window:
    """The windows of one COMPUTE command over an image in the activation buffer.

    Window (i, j), i in [0, out_h), j in [0, out_w), tap (r, s) reads the pixel

        y = y0 + i * stride_y + r * dilation_y        x = x0 + j * stride_x + s * dilation_x

    or the pad value where that lies outside [0, in_h) x [0, in_w). Pixel (y, x) of channel block
    b is word ``base + b * in_block + y * in_w + x``.

    Parameters
    ----------
    base : int
        Word address of pixel (0, 0), block 0.
    in_h, in_w : int
        Size of the image, in pixels.
    y0, x0 : int
        Place of the first tap of the first window; minus the padding at an image's edge.
    kernel, stride, dilation : (int, int)
        Along y and x.
    out_h, out_w : int
        Windows along y and x.
    """

    base: int
    in_h: int
    in_w: int
    y0: int
    x0: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    out_h: int
    out_w: int

    def fields(self, operation: Operation, config: ArrayConfig) -> dict[str, int]:
        """Return the geometry fields of the COMPUTE record, and `group` for a sum over all K."""
        tile = tile_pixels(operation, config)
        window_y, window_x = self.stride[0] * self.in_w, self.stride[1]
        return {
            "in_h": self.in_h,
            "in_w": self.in_w,
            "y0": self.y0,
            "x0": self.x0,
            "stride_y": self.stride[0],
            "stride_x": self.stride[1],
            "kernel_h": self.kernel[0],
            "kernel_w": self.kernel[1],
            "dilation_y": self.dilation[0],
            "dilation_x": self.dilation[1],
            "start": self.base + self.y0 * self.in_w + self.x0,
            "tap_y": self.dilation[0] * self.in_w,
            "tap_x": self.dilation[1],
            "group": config.channels,
            **steps(tile, self.out_h, self.out_w, self.stride, (window_y, window_x)),
        }


def pair_fields(first: int, second: int, words: int) -> dict[str, int]:
    """Return the geometry fields of ADD: `words` words at `first` and as many at `second`.

    Both operands are one row of `words` pixels; the "kernel" is the pair, whose second tap stays
    at the same place of the image (dilation 0) and jumps to the other operand.
    """
    return {
        "in_h": 1,
        "in_w": words,
        "kernel_h": 1,
        "kernel_w": 2,
        "start": first,
        "tap_x": second - first,
        **steps(1, 1, words, (0, 1), (0, 1)),
    }


def steps(
    tile: int, out_h: int, out_w: int, stride: tuple[int, int], window: tuple[int, int]
) -> dict[str, int]:
    """Return the fields that advance a tile of `tile` windows through `out_h` rows of `out_w`."""
    rows, columns = divmod(tile, out_w)
    return {
        "stride_y": stride[0],
        "stride_x": stride[1],
        "window_y": window[0],
        "window_x": window[1],
        "out_w": out_w,
        "pixels": out_h * out_w,
        "wrap_x": out_w * stride[1],
        "wrap_jump": window[0] - out_w * window[1],
        "tile_y": rows * stride[0],
        "tile_x": columns * stride[1],
        "tile_jump": rows * window[0] + columns * window[1],
    }
