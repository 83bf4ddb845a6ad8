"""The shipped demo: a digits network that Intaglio trained, quantised and wrote itself.

``python -m intaglio.api.demo_model [--output DIR]`` makes both data files again; it needs
scikit-learn, for its images of digits alone.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from intaglio.api.demo_layers import Array
from intaglio.api.demo_train import Schedule, Weights, forward, train
from intaglio.api.models_builder import (
    GraphBuilder,
    Span,
)
from intaglio.compiler.save_tflite import save_tflite
from intaglio.golden.network import run_graph
from intaglio.spec.errors import EnvironmentFault, Finding
from intaglio.spec.graph import Activation, Graph, Op, Quantisation

DATA_FOLDER = Path(__file__).parent / "data"
MODEL_FILE = DATA_FOLDER / "digits.tflite"
TEST_FILE = DATA_FOLDER / "digits_test.npz"

HELD_OUT = 397
SHIPPED = 64
SPLIT_SEED = 1
# Grey levels of the source; an image file's 0 to 255 becomes code -128 to 127, real 0 to 1.
LEVELS = 16
PIXELS = Quantisation(np.array([1 / 255], np.float32), np.array([-128], np.int64))


@dataclass(frozen=True, eq=False)
class Digits:
    """Images N,8,8,1 as int8 codes of the model's input, and labels."""

    images: npt.NDArray[np.int8]
    labels: npt.NDArray[np.int64]

    def real(self) -> Array:
        """Return the images in real numbers, 0 to 1."""
        codes = self.images.astype(np.float32) - np.float32(PIXELS.zero_point)
        return codes * np.float32(PIXELS.scale)


def load_digits() -> tuple[Digits, Digits]:
    """Return the training and the held-out digits of scikit-learn's set, shuffled by a seed.

    Raises
    ------
    EnvironmentFault
        E501: scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise EnvironmentFault(
            Finding(
                "E501",
                "scikit-learn is not installed",
                need="scikit-learn, to make the demo model again (not to use it)",
                help="pip install scikit-learn",
            )
        ) from error
    pixels, labels = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    codes = np.rint(pixels[order].reshape(-1, 8, 8, 1) * (255 / LEVELS)) + PIXELS.zero_point
    images, answers = codes.astype(np.int8), labels[order].astype(np.int64)
    return (
        Digits(images[HELD_OUT:], answers[HELD_OUT:]),
        Digits(images[:HELD_OUT], answers[:HELD_OUT]),
    )


def shipped_digits() -> Digits:
    """Return the held-out digits that the package carries."""
    with np.load(TEST_FILE) as data:
        return Digits(data["images"], data["labels"].astype(np.int64))


def spans(weights: Weights, images: Array) -> dict[str, Span]:
    """Return the least and greatest value of every tensor over `images`."""
    seen = forward(weights, images)
    return {name: (float(v.min()), float(v.max())) for name, v in seen.items()}


def quantise(weights: Weights, span: dict[str, Span]) -> Graph:
    """Return the network as an int8 graph: weights per channel, the dense layer's per tensor."""
    net = GraphBuilder("digits")

    def values(name: str) -> tuple[Array, Array, Span]:
        return weights[name], weights[f"{name}/bias"], span[name]

    image = net.input("image", (1, 8, 8, 1), PIXELS)
    first = net.conv(image, "conv", *values("conv"), activation=Activation.RELU)
    x = net.depthwise(first, "depthwise", *values("depthwise"), activation=Activation.RELU6)
    x = net.conv(x, "pointwise", *values("pointwise"))
    x = net.add(first, x, "add", span["add"], Activation.RELU)
    x = net.pool(Op.MAX_POOL, x, "pool", 2, stride=2)
    x = net.conv(x, "deep", *values("deep"), stride=2, activation=Activation.RELU)
    x = net.mean(x, "mean")
    x = net.dense(x, "dense", *values("dense"))
    return net.graph((image,), (net.softmax(x, "probabilities"),))


def accuracy(graph: Graph, digits: Digits) -> float:
    """Return the share of right answers of the int8 network, computed exactly."""
    values = run_graph(graph, {graph.inputs[0]: digits.images})
    answers = values[graph.outputs[0]].argmax(axis=1)
    return float((answers == digits.labels).mean())


def write_demo(folder: Path, schedule: Schedule | None = None) -> dict[str, float]:
    """Train, quantise and write ``digits.tflite`` and ``digits_test.npz`` to `folder`.

    Returns
    -------
    dict
        Accuracy on the held-out digits: ``"real"`` weights, and ``"int8"``.
    """
    training, held_out = load_digits()
    weights = train(training.real(), training.labels, schedule)
    folder.mkdir(parents=True, exist_ok=True)
    graph = quantise(weights, spans(weights, training.real()))
    (folder / MODEL_FILE.name).write_bytes(save_tflite(graph))
    np.savez_compressed(
        folder / TEST_FILE.name,
        images=held_out.images[:SHIPPED],
        labels=held_out.labels[:SHIPPED].astype(np.uint8),
    )
    real = forward(weights, held_out.real())["dense"].argmax(axis=1)
    return {
        "real": float((real == held_out.labels).mean()),
        "int8": accuracy(graph, held_out),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m intaglio.api.demo_model", description=__doc__)
    parser.add_argument("--output", type=Path, default=DATA_FOLDER, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        shares = write_demo(options.output)
    except EnvironmentFault as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for name, share in shares.items():
        print(f"{name}: {share:.2%} of {HELD_OUT} held-out digits right")
    print(options.output / MODEL_FILE.name, options.output / TEST_FILE.name, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
