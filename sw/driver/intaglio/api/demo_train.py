"""The demo network in real numbers, and its training: seeded, numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.api import demo_layers as layers
from intaglio.api.demo_layers import Array

CLASSES = 10
CHANNELS = 24
DEEP_CHANNELS = 48

Weights = dict[str, Array]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Parameters
    ----------
    epochs, batch : int
        Passes over the images, and images for each step.
    rate : float
        Adam's step of the first epoch; it falls to 0 along half a cosine.
    seed : int
        Seed of first weights, order and shifts.
    """

    epochs: int = 120
    batch: int = 50
    rate: float = 4e-3
    seed: int = 1


def first_weights(rng: np.random.Generator) -> Weights:
    """Return random weights of variance 2 / fan_in, and biases of 0."""
    shapes = {
        "conv": (CHANNELS, 3, 3, 1),
        "depthwise": (1, 3, 3, CHANNELS),
        "pointwise": (CHANNELS, 1, 1, CHANNELS),
        "deep": (DEEP_CHANNELS, 3, 3, CHANNELS),
        "dense": (CLASSES, DEEP_CHANNELS),
    }
    weights = {}
    for name, shape in shapes.items():
        fan_in = 9 if name == "depthwise" else int(np.prod(shape[1:]))
        drawn = rng.standard_normal(shape, dtype=np.float32)
        weights[name] = drawn * np.float32(np.sqrt(2 / fan_in))
        outputs = shape[3] if name == "depthwise" else shape[0]
        weights[f"{name}/bias"] = np.zeros(outputs, np.float32)
    return weights


def forward(weights: Weights, images: Array) -> dict[str, Array]:
    """Return every tensor of the network for images N,8,8,1; ``"dense"`` holds the logits.

    Conv 3x3, depthwise 3x3, 1x1, residual sum, max pool, conv 3x3 of stride 2, mean, dense.
    """
    seen = {"image": images}

    def note(name: str, value: Array) -> Array:
        seen[name] = value
        return value

    def bias(name: str) -> Array:
        return weights[f"{name}/bias"]

    sums, seen["conv/columns"] = layers.conv(images, weights["conv"], 1)
    first = note("conv", np.maximum(sums + bias("conv"), 0))
    sums = layers.depthwise(first, weights["depthwise"]) + bias("depthwise")
    x = note("depthwise", np.clip(sums, 0, 6))
    sums, seen["pointwise/columns"] = layers.conv(x, weights["pointwise"], 1)
    x = note("pointwise", sums + bias("pointwise"))
    x = note("add", np.maximum(first + x, 0))
    x = note("pool", layers.max_pool(x))
    sums, seen["deep/columns"] = layers.conv(x, weights["deep"], 2)
    x = note("deep", np.maximum(sums + bias("deep"), 0))
    x = note("mean", x.mean(axis=(1, 2)))
    note("dense", x @ weights["dense"].T + bias("dense"))
    return seen


def gradients(weights: Weights, seen: dict[str, Array], labels: npt.NDArray[np.int64]) -> Weights:
    """Return the gradients of the mean cross entropy with respect to all weights."""
    logits = seen["dense"]
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad = scores / scores.sum(axis=1, keepdims=True)
    grad[np.arange(len(labels)), labels] -= 1
    grad /= len(labels)
    found: Weights = {"dense": grad.T @ seen["mean"], "dense/bias": grad.sum(axis=0)}

    def back(name: str, grad: Array, source: str, stride: int) -> Array:
        found[f"{name}/bias"] = grad.sum(axis=(0, 1, 2))
        columns = seen[f"{name}/columns"]
        below, found[name] = layers.conv_backward(
            grad, seen[source], columns, weights[name], stride
        )
        return below

    places = seen["deep"].shape[1] * seen["deep"].shape[2]
    grad = (grad @ weights["dense"])[:, None, None] / np.float32(places) * (seen["deep"] > 0)
    grad = back("deep", grad, "pool", 2)
    grad = layers.max_pool_backward(grad, seen["add"], seen["pool"]) * (seen["add"] > 0)
    inner = back("pointwise", grad, "depthwise", 1)
    inner = inner * ((seen["depthwise"] > 0) & (seen["depthwise"] < 6))
    found["depthwise/bias"] = inner.sum(axis=(0, 1, 2))
    inner, found["depthwise"] = layers.depthwise_backward(inner, seen["conv"], weights["depthwise"])
    back("conv", (grad + inner) * (seen["conv"] > 0), "image", 1)
    return found


def train(
    images: Array, labels: npt.NDArray[np.int64], schedule: Schedule | None = None
) -> Weights:
    """Return weights trained by Adam on images shifted by up to one pixel."""
    plan = schedule or Schedule()
    rng = np.random.default_rng(plan.seed)
    weights = first_weights(rng)
    mean, square = ({k: np.zeros_like(w) for k, w in weights.items()} for _ in range(2))
    steps = plan.epochs * (len(images) // plan.batch)
    height, width = images.shape[1:3]
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    step = 0
    for _ in range(plan.epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images) - plan.batch + 1, plan.batch):
            chosen = order[start : start + plan.batch]
            top, left = rng.integers(0, 3, 2).tolist()
            seen = forward(weights, framed[chosen, top : top + height, left : left + width])
            rate = plan.rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            step += 1
            for name, grad in gradients(weights, seen, labels[chosen]).items():
                mean[name] += 0.1 * (grad - mean[name])
                square[name] += 0.001 * (grad**2 - square[name])
                size = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                change = size * mean[name] / (np.sqrt(square[name]) + 1e-8)
                weights[name] -= change.astype(np.float32)
    return weights
