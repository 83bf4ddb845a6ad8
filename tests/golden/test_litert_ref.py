"""Whole int8 networks: every operator output equals LiteRT's reference kernels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from intaglio.compiler.load_tflite import load_tflite
from intaglio.golden.network import run_graph
from intaglio.spec.graph import Op

CASES = {
    "resnet8_int8": {Op.CONV, Op.ADD, Op.AVERAGE_POOL, Op.DENSE, Op.SOFTMAX, Op.RESHAPE},
    "resnet8_a16w8": {Op.CONV, Op.ADD, Op.AVERAGE_POOL, Op.DENSE, Op.SOFTMAX, Op.RESHAPE},
    "resnet8_a8w4": {Op.CONV, Op.ADD, Op.AVERAGE_POOL, Op.DENSE, Op.SOFTMAX, Op.RESHAPE},
    "mobilenet_v1_025_128": {Op.CONV, Op.DEPTHWISE, Op.AVERAGE_POOL, Op.SOFTMAX, Op.RESHAPE},
    "digits_int16x8": {
        *(Op.CONV, Op.DEPTHWISE, Op.ADD, Op.MAX_POOL, Op.MEAN, Op.DENSE, Op.SOFTMAX),
    },
    "kws": {Op.CONV, Op.DEPTHWISE, Op.AVERAGE_POOL, Op.DENSE, Op.SOFTMAX, Op.RESHAPE},
    "vww_96": {Op.CONV, Op.DEPTHWISE, Op.AVERAGE_POOL, Op.DENSE, Op.SOFTMAX, Op.RESHAPE},
    "digits_int8": {
        *(Op.CONV, Op.DEPTHWISE, Op.ADD, Op.MAX_POOL, Op.MEAN, Op.DENSE, Op.SOFTMAX),
    },
    "micro_speech_yes": {Op.RESHAPE, Op.DEPTHWISE, Op.DENSE, Op.SOFTMAX},
    "micro_speech_no": {Op.RESHAPE, Op.DEPTHWISE, Op.DENSE, Op.SOFTMAX},
    "micro_speech_silence": {Op.RESHAPE, Op.DEPTHWISE, Op.DENSE, Op.SOFTMAX},
    "micro_speech_noise": {Op.RESHAPE, Op.DEPTHWISE, Op.DENSE, Op.SOFTMAX},
}


@pytest.mark.parametrize("case", CASES)
def test_every_tensor_equals_the_reference_kernels(shared: Path, case: str) -> None:
    with np.load(shared / "golden" / "litert_ref" / f"{case}.npz") as file:
        arrays = dict(file)
    index = json.loads(str(arrays.pop("index")))
    graph = load_tflite(shared / index["model"])
    assert {node.op for node in graph.nodes} == CASES[case]
    inputs = {
        number: arrays[f"t{number:03}"].astype(np.int64) - graph.tensors[number].offset
        for number in graph.inputs
    }
    values = run_graph(graph, inputs)
    assert {f"t{number:03}" for number in values} == set(arrays)
    for number, value in values.items():
        tensor = graph.tensors[number]
        assert value.dtype == tensor.dtype
        stored = value.astype(np.int64) + tensor.offset
        np.testing.assert_array_equal(stored, arrays[f"t{number:03}"], tensor.name)


def test_a_batch_gives_what_its_images_give_alone(shared: Path) -> None:
    graph = load_tflite(shared / "models/mlperf_tiny/pretrainedResnet_quant.tflite")
    with np.load(shared / "models/inputs/cifar10_test200.npz") as file:
        images = (file["images"][:11].astype(np.int16) - 128).astype(np.int8)
    (number,) = graph.inputs
    together = run_graph(graph, {number: images})
    for at in (0, 7, 8, 10):  # 8 images are run at once
        alone = run_graph(graph, {number: images[at : at + 1]})
        for tensor, value in alone.items():
            np.testing.assert_array_equal(together[tensor][at : at + 1], value)
