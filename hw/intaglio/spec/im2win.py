"""Window-order layout of an image: the pixels of a window lie beside each other, column by column.

A row of the buffer belongs to an output row. It holds, column of the image by column, the `kernel`
pixels of the rows that the output row looks at, so that the window of output column l is the
contiguous run of kernel_x * kernel_y words from l * stride * kernel_y on.

Source: Im2win, the layout of its release.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import IntArray


@dataclass(frozen=True)
class WindowLayout:
    """Sizes of a convolution without padding, and what its buffers take.

    Parameters
    ----------
    channels, size : int
        Of the image, which is square.
    outputs, kernel, stride : int
    """

    channels: int
    size: int
    outputs: int
    kernel: int
    stride: int

    @property
    def places(self) -> int:
        """Output rows, and output columns."""
        return (self.size - self.kernel) // self.stride + 1

    @property
    def row_words(self) -> int:
        """Words of a row of the buffer: image columns times kernel rows."""
        return self.size * self.kernel

    @property
    def words(self) -> int:
        """Words of the buffer: channels * output rows * image columns * kernel rows."""
        return self.channels * self.places * self.row_words

    @property
    def unrolled_words(self) -> int:
        """Words of the same windows each by itself, as im2col has them."""
        return self.channels * self.places**2 * self.kernel**2

    def addresses(self, row: int, column: int) -> IntArray:
        """Return the words, within a channel, of the window of an output: a run of unit stride."""
        first = row * self.row_words + column * self.stride * self.kernel
        return np.arange(first, first + self.kernel**2)


LAYERS = tuple(
    WindowLayout(*sizes)
    for sizes in (
        *((3, 227, 96, 11, 4), (3, 231, 96, 11, 4), (3, 227, 64, 7, 2), (64, 224, 64, 7, 2)),
        *((96, 24, 256, 5, 1), (256, 12, 512, 3, 1), (3, 224, 64, 3, 1), (64, 112, 128, 3, 1)),
        *((64, 56, 64, 3, 1), (128, 28, 128, 3, 1), (256, 14, 256, 3, 1), (512, 7, 512, 3, 1)),
    )
)
"""The published benchmark layers."""


def image_windows(x: npt.ArrayLike, layout: WindowLayout) -> IntArray:
    """Return the buffer, output rows x words of a row x channels, of an image H, W, C."""
    image = np.asarray(x, np.int64)
    rows = np.arange(layout.places)[:, None] * layout.stride + np.arange(layout.kernel)
    taken = image[rows]  # output row, kernel row, column, channel
    ordered: IntArray = taken.transpose(0, 2, 1, 3)
    return ordered.reshape(layout.places, layout.row_words, image.shape[2])


def kernel_windows(weights: npt.ArrayLike) -> IntArray:
    """Return weights O, KH, KW, C in the order of the buffer: O, 1, KW * KH, C."""
    w = np.asarray(weights, np.int64)
    return w.transpose(0, 2, 1, 3).reshape(len(w), 1, -1, w.shape[3])
