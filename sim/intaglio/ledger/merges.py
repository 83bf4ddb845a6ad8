"""Kernels of parallel branches merged into one, in integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from intaglio.spec.formats import IntArray


def spread(kernel: IntArray, dilation: int) -> IntArray:
    """Return a kernel 1, k, k, C with dilation - 1 zeros between its taps."""
    size = dilation * (kernel.shape[1] - 1) + 1
    wide = np.zeros((1, size, size, kernel.shape[3]), np.int64)
    wide[:, ::dilation, ::dilation] = kernel
    return wide


def merged(branches: Sequence[tuple[IntArray, int]], size: int) -> IntArray:
    """Return the kernel 1, size, size, C that equals the sum of branches (kernel, dilation).

    Each branch is centred: padded by (size - its own size) / 2 on every side.
    """
    total = np.zeros((1, size, size, branches[0][0].shape[3]), np.int64)
    for kernel, dilation in branches:
        wide = spread(kernel, dilation)
        pad = (size - wide.shape[1]) // 2
        total += np.pad(wide, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    return total
