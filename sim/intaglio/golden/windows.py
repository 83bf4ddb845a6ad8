"""Windows of an image: what a convolution or a pool reads for each of its outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, FitError
from intaglio.spec.graph import window_places

Array = npt.NDArray[Any]


def windows(
    x: Array,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    fill: int = 0,
) -> Array:
    """Return a view of shape N, OH, OW, KH, KW, C on the padded image.

    Element (n, i, j, r, s, c) is pixel (i*stride_y + r*dilation_y - top,
    j*stride_x + s*dilation_x - left) of channel c, or `fill` outside the image.

    Parameters
    ----------
    x : array
        N, H, W, C.
    pads : (top, bottom, left, right)
        Pixels around the image.

    Raises
    ------
    FitError
        E403: the window is larger than the padded image.
    """
    places = tuple(
        window_places(size, kernel[i], stride[i], dilation[i], edges)
        for i, (size, edges) in enumerate(zip(x.shape[1:3], (pads[:2], pads[2:]), strict=True))
    )
    if min(places) < 1:
        raise FitError(
            Finding(
                "E403",
                f"a window of {kernel} taps has no place in an image of {x.shape[1:3]} pixels",
                have=f"dilation {dilation}, padding {pads}",
                need="a window that fits the padded image",
                help="pad more, or use a smaller window",
            )
        )
    padded = np.pad(x, ((0, 0), pads[:2], pads[2:], (0, 0)), constant_values=fill)
    reach = tuple((kernel[i] - 1) * dilation[i] + 1 for i in range(2))
    every = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(1, 2))
    chosen = every[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    return chosen.transpose(0, 1, 2, 4, 5, 3)


def exact_float(bound: int) -> type[np.float32] | type[np.float64]:
    """Return the narrowest float type in which sums that stay within `bound` are exact integers.

    `bound` limits the sum of the magnitudes of all terms, so that it limits every partial sum,
    in whatever order a matrix library adds.

    Raises
    ------
    FitError
        E402: the bound is 2**53 or more.
    """
    if bound < 1 << 24:
        return np.float32
    if bound < 1 << 53:
        return np.float64
    raise FitError(
        Finding(
            "E402",
            f"a sum of up to {bound} is not exact in float64",
            have=str(bound),
            need="below 2**53",
            help="use fewer terms",
        )
    )
