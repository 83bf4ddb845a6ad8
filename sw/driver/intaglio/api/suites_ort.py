"""Random ONNX layers and graphs against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from intaglio.api.suites import Case
from intaglio.api.suites_onnx_layers import LAYERS, OnnxNet, random_chain
from intaglio.api.suites_run import mismatch
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.spec.errors import EnvironmentFault, Finding
from intaglio.spec.formats import Array

GRAPHS_PER_LAYERS = 5  # one random graph for as many random layers
FATAL_ONLY = 4


def ort_cases(seed: int, count: int) -> Iterator[Case]:
    """Yield `count` random layers, each kind in turn, and a fifth as many random graphs.

    Raises
    ------
    EnvironmentFault
        E501: ONNX Runtime is not installed.
    """
    runtime()
    kinds = tuple(LAYERS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield Case(f"{kind} {number}", kind, _Run(LAYERS[kind], seed, number))
    for number in range(count // GRAPHS_PER_LAYERS):
        yield Case(f"graph {number}", "graph", _Run(partial(random_chain), seed, number))


class _Run:
    """Makes a network from a seed and runs its file in both."""

    def __init__(
        self, make: Callable[[np.random.Generator], OnnxNet], seed: int, number: int
    ) -> None:
        self._make, self._seed = make, (seed, number)

    def __call__(self, device: str) -> str:
        rng = np.random.default_rng(self._seed)
        net = self._make(rng)
        data = net.to_bytes()
        graph = parse_onnx(data, "random.onnx")
        feeds: dict[str, Array] = {}
        inputs: dict[int, Array] = {}
        for number, (name, shape, dtype) in zip(graph.inputs, net.inputs, strict=True):
            limits = np.iinfo(dtype)
            feeds[name] = rng.integers(limits.min, limits.max + 1, shape).astype(dtype)
            tensor = graph.tensors[number]
            codes = feeds[name].astype(np.int64) - tensor.offset
            inputs[number] = _last(codes).astype(tensor.dtype).reshape(tensor.shape)
        expected = run_ort(data, feeds)
        return mismatch(graph, inputs, _last(expected), device, "onnxruntime")


def _last(array: Array) -> Array:
    """Return an image with channels last; other arrays as they are."""
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def run_ort(model: bytes, feeds: dict[str, Array]) -> Array:
    """Return the first output of a model, by ONNX Runtime on the CPU."""
    engine = runtime()
    options = engine.SessionOptions()
    options.log_severity_level = FATAL_ONLY
    options.intra_op_num_threads = 1
    # Else signed activations are computed in floating point on x86.
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    session = engine.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, feeds)[0])


def runtime() -> Any:
    """Return the module of ONNX Runtime."""
    try:
        import onnxruntime
    except ImportError as error:
        raise EnvironmentFault(
            Finding(
                "E501",
                "onnxruntime is not installed: it is the reference of this suite",
                where="ort-random",
                have="no module onnxruntime",
                need="onnxruntime",
                help="pip install 'intaglio[dev]'",
            )
        ) from error
    return onnxruntime
