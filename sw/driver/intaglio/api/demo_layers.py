"""Real-valued layers with their gradients, for training the demo network: numpy alone.

Images are N,H,W,C; weights as in :class:`~intaglio.spec.graph.Tensor`; padding is SAME. Each
``x_backward`` takes the gradient of the layer's output and returns those of its inputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.spec.graph import same_padding

Array = npt.NDArray[np.float32]


def _padded(x: Array, kernel: int, stride: int) -> Array:
    pads = [same_padding(size, kernel, stride, 1) for size in x.shape[1:3]]
    return np.pad(x, ((0, 0), *pads, (0, 0)))


def _tap(x: Array, i: int, j: int, stride: int, places: tuple[int, int]) -> Array:
    """Return the view of a padded image that tap (i, j) of the kernel sees."""
    height, width = ((count - 1) * stride + 1 for count in places)
    return x[:, i : i + height : stride, j : j + width : stride]


def _unpadded(grad: Array, x: Array, kernel: int, stride: int) -> Array:
    (top, _), (left, _) = (same_padding(size, kernel, stride, 1) for size in x.shape[1:3])
    return grad[:, top : top + x.shape[1], left : left + x.shape[2]]


def conv(x: Array, weights: Array, stride: int) -> tuple[Array, Array]:
    """Return the convolution and its columns: every window as one row."""
    kernel = weights.shape[1]
    padded = _padded(x, kernel, stride)
    places = (-(-x.shape[1] // stride), -(-x.shape[2] // stride))
    taps = [_tap(padded, i, j, stride, places) for i, j in np.ndindex(kernel, kernel)]
    columns = np.concatenate(taps, axis=3)
    return columns @ weights.reshape(len(weights), -1).T, columns


def conv_backward(
    grad: Array, x: Array, columns: Array, weights: Array, stride: int
) -> tuple[Array, Array]:
    """Return the gradients of `x` and `weights`."""
    outputs, kernel, _, channels = weights.shape
    rows = grad.reshape(-1, outputs)
    of_weights = (rows.T @ columns.reshape(len(rows), -1)).reshape(weights.shape)
    spread = grad @ weights.reshape(outputs, -1)
    of_padded = np.zeros_like(_padded(x, kernel, stride))
    places = (grad.shape[1], grad.shape[2])
    for tap, (i, j) in enumerate(np.ndindex(kernel, kernel)):
        part = spread[..., tap * channels : (tap + 1) * channels]
        _tap(of_padded, i, j, stride, places)[...] += part
    return _unpadded(of_padded, x, kernel, stride), of_weights


def depthwise(x: Array, weights: Array) -> Array:
    """Return the depthwise convolution of stride 1."""
    kernel = weights.shape[1]
    padded = _padded(x, kernel, 1)
    out = np.zeros_like(x)
    for i, j in np.ndindex(kernel, kernel):
        out += _tap(padded, i, j, 1, (x.shape[1], x.shape[2])) * weights[0, i, j]
    return out


def depthwise_backward(grad: Array, x: Array, weights: Array) -> tuple[Array, Array]:
    """Return the gradients of `x` and `weights`."""
    kernel = weights.shape[1]
    padded = _padded(x, kernel, 1)
    of_padded, of_weights = np.zeros_like(padded), np.zeros_like(weights)
    places = (x.shape[1], x.shape[2])
    for i, j in np.ndindex(kernel, kernel):
        of_weights[0, i, j] = (_tap(padded, i, j, 1, places) * grad).sum(axis=(0, 1, 2))
        _tap(of_padded, i, j, 1, places)[...] += grad * weights[0, i, j]
    return _unpadded(of_padded, x, kernel, 1), of_weights


def max_pool(x: Array) -> Array:
    """Return the 2x2 maximum pool of stride 2 of an image of even sizes."""
    n, height, width, channels = x.shape
    blocks: Array = x.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
    return blocks


def max_pool_backward(grad: Array, x: Array, out: Array) -> Array:
    """Return the gradient of `x`; equal maxima share it."""
    winners = x == np.repeat(np.repeat(out, 2, axis=1), 2, axis=2)
    n, height, width, channels = x.shape
    ties = winners.reshape(n, height // 2, 2, width // 2, 2, channels).sum(axis=(2, 4))
    share = (grad / ties).astype(np.float32)
    spread: Array = np.repeat(np.repeat(share, 2, axis=1), 2, axis=2) * winners
    return spread
