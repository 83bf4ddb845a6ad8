"""Real images through a real network: gates, golden device and LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from intaglio.bench.device import SimDevice
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_tflite import load_tflite
from intaglio.golden.machine import GoldenDevice
from intaglio.runtime.run import run_program
from intaglio.spec.device import Device
from intaglio.spec.graph import Op
from intaglio.spec.presets import PRESETS

MODEL = "models/mlperf_tiny/pretrainedResnet_quant.tflite"
IN_GATES = 20


def test_logits_of_cifar_images_on_both_devices(
    shared: Path,
    reference: Callable[[Path, npt.NDArray[np.int8], int], npt.NDArray[np.int8]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    graph, config = load_tflite(shared / MODEL), PRESETS["default"]
    program = compile_graph(graph, config)
    (number,) = (node.outputs[0] for node in graph.nodes if node.op is Op.DENSE)
    with np.load(shared / "models/inputs/cifar10_test200.npz") as file:
        images = (file["images"].astype(np.int16) - 128).astype(np.int8)
        labels = file["labels"].ravel()
    assert len(images) == 200
    expected = reference(shared / MODEL, images, number)

    def logits(device: Device, count: int) -> npt.NDArray[np.int8]:
        result = run_program(program, device, {graph.inputs[0]: images[:count]}, keep=True)
        device.close()
        return result.tensors[number].reshape(count, -1)

    np.testing.assert_array_equal(logits(GoldenDevice(config), 200), expected)
    np.testing.assert_array_equal(logits(SimDevice(config), IN_GATES), expected[:IN_GATES])
    right = int((expected.argmax(axis=1) == labels).sum())
    with capsys.disabled():
        print(f"\nResNet8, golden device: {right} of {len(labels)} CIFAR-10 labels are right")
    assert right > len(labels) // 2
