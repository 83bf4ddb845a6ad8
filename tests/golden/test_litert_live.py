"""Logits of real images equal those that LiteRT's reference kernels compute right now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from intaglio.compiler.load_tflite import load_tflite
from intaglio.golden.network import run_graph
from intaglio.spec.graph import Graph, Op

MODEL = "models/mlperf_tiny/pretrainedResnet_quant.tflite"


def logits_number(graph: Graph) -> int:
    (number,) = (node.outputs[0] for node in graph.nodes if node.op is Op.DENSE)
    return number


@pytest.mark.parametrize(
    "count", [20, pytest.param(200, marks=pytest.mark.slow)], ids=lambda c: f"{c}-images"
)
def test_logits_of_cifar_images(
    shared: Path,
    count: int,
    reference: Callable[[Path, npt.NDArray[np.int8], int], npt.NDArray[np.int8]],
) -> None:
    graph = load_tflite(shared / MODEL)
    with np.load(shared / "models/inputs/cifar10_test200.npz") as file:
        images = (file["images"][:count].astype(np.int16) - 128).astype(np.int8)
        labels = file["labels"][:count]
    assert len(images) == count
    number = logits_number(graph)
    got = run_graph(graph, {graph.inputs[0]: images})[number]
    np.testing.assert_array_equal(got, reference(shared / MODEL, images, number))
    right = int((got.argmax(axis=1) == labels.ravel()).sum())
    print(f"{right} of {count} labels are right")
    assert right > count // 2
