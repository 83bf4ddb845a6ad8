"""Long kernels from few parameters: each scale twice as wide as the one before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def scales_of(length: int, taps: int) -> int:
    """Return 1 + ceil(log2(length / taps)): scales of `taps` parameters that make `length` taps.

    The first two are as wide as they are, each further one twice as wide as the one before.
    """
    return 1 + (-(-length // taps) - 1).bit_length()


def multi_scale(parts: npt.ArrayLike, mode: str, decay: float = 2.0) -> FloatArray:
    """Return the kernel of `parts`, scales x taps, of length one in the Euclidean norm.

    Scale i is upsampled 2**max(0, i - 1) times and weighted with decay**(scales - 1 - i).

    Parameters
    ----------
    mode : str
        ``"nearest"``, or ``"linear"`` between the centres of taps, held at both ends.

    Raises
    ------
    ValueError
        If there is no such mode.

    Source: SGConv, its release.
    """
    if mode not in ("nearest", "linear"):
        raise ValueError(f"mode is {mode}, not nearest or linear")
    scales = np.asarray(parts, np.float64)
    wide = []
    for number, part in enumerate(scales):
        factor = 1 << max(0, number - 1)
        weight = decay ** (len(scales) - 1 - number)
        if mode == "nearest":
            own = np.repeat(part, factor)
        else:
            places = (np.arange(len(part) * factor) + 0.5) / factor - 0.5
            own = np.interp(places, np.arange(len(part)), part)
        wide.append(own * weight)
    kernel = np.concatenate(wide)
    return np.asarray(kernel / np.linalg.norm(kernel), np.float64)
