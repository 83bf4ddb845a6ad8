"""Random layers and graphs against the reference kernels of LiteRT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

import numpy as np

from intaglio.api.suites import Case
from intaglio.api.suites_layers import LAYERS, random_layer
from intaglio.api.suites_nets import random_net
from intaglio.api.suites_run import mismatch
from intaglio.compiler.load_tflite import parse_tflite
from intaglio.compiler.save_tflite import save_tflite
from intaglio.spec.errors import EnvironmentFault, Finding
from intaglio.spec.formats import Array
from intaglio.spec.graph import Graph

GRAPHS_PER_LAYERS = 5  # one random graph for as many random layers


def litert_cases(seed: int, count: int) -> Iterator[Case]:
    """Yield `count` random layers, each kind in turn, and a fifth as many random graphs.

    Raises
    ------
    EnvironmentFault
        E501: LiteRT is not installed.
    """
    reference_kernels()
    kinds = tuple(LAYERS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        make = partial(random_layer, kind)
        yield Case(f"{kind} {number}", kind, _Run(make, seed, number))
    for number in range(count // GRAPHS_PER_LAYERS):
        yield Case(f"graph {number}", "graph", _Run(random_net, seed, number))


class Integers(Protocol):
    """What draws integers of a shape."""

    def integers(self, low: int, high: int, size: tuple[int, ...], /) -> Array:
        """Return integers from low to high - 1."""
        ...


class _Run:
    """Makes a network from a seed, writes it as a file and runs the file in both."""

    def __init__(
        self, make: Callable[[np.random.Generator], Graph], seed: int, number: int
    ) -> None:
        self._make, self._seed = make, (seed, number)

    def __call__(self, device: str) -> str:
        rng = np.random.default_rng(self._seed)
        return litert_mismatch(save_tflite(self._make(rng)), rng, device)


def litert_mismatch(data: bytes, rng: Integers, device: str) -> str:
    """Return how a .tflite file on `device` differs from the reference kernels; empty: nowhere.

    Parameters
    ----------
    rng : Integers
        Draws the codes of the inputs: a numpy generator, or one like it.
    """
    graph = parse_tflite(data, "random.tflite", "random")
    inputs, stored = {}, []
    for number in graph.inputs:
        tensor = graph.tensors[number]
        limits = np.iinfo(tensor.dtype)
        codes = rng.integers(limits.min, limits.max + 1, tensor.shape)
        inputs[number] = codes.astype(tensor.dtype)
        stored.append(codes + tensor.offset)
    return mismatch(graph, inputs, run_litert(data, stored), device, "litert")


def run_litert(model: bytes, inputs: list[Array]) -> Array:
    """Return the first output of a model, by the reference kernels.

    Parameters
    ----------
    inputs : list of arrays
        Codes as they stand in the file, in the order of the model's inputs.
    """
    litert = reference_kernels()
    interpreter = litert.Interpreter(
        model_content=model,
        # The default resolver takes a delegate that rounds in another way.
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array.astype(detail["dtype"]))
    interpreter.invoke()
    return np.array(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def reference_kernels() -> Any:
    """Return LiteRT's interpreter module."""
    try:
        from ai_edge_litert import interpreter
    except ImportError as error:
        raise EnvironmentFault(
            Finding(
                "E501",
                "ai-edge-litert is not installed: it is the reference of this suite",
                where="litert-random",
                have="no module ai_edge_litert",
                need="ai-edge-litert",
                help="pip install 'intaglio[dev]'",
            )
        ) from error
    return interpreter
