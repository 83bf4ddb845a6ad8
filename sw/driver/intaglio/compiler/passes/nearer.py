"""Rewrites that change codes, taken where the new ones are nearer to the real result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from intaglio.compiler.passes.certificate import Certificate
from intaglio.compiler.passes.rewrite import Rewrite, applied, isolated, random_inputs, reshaped
from intaglio.spec.graph import Graph
from intaglio.spec.requant import quant_of

Array = npt.NDArray[Any]
RunGraph = Callable[[Graph, Mapping[int, Array], str], Mapping[int, Array]]


class NearerPass(Protocol):
    """Finds rewrites whose codes differ."""

    @property
    def name(self) -> str:
        """What the compile log calls it."""
        ...

    @property
    def reference(self) -> str:
        """The only reference whose bits it may change."""
        ...

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites that do not overlap."""
        ...

    def real(self, graph: Graph, rewrite: Rewrite, codes: Mapping[int, Any]) -> Array:
        """Return the result in real numbers."""
        ...


@dataclass(frozen=True)
class _Errors:
    """Powers of the signal, and of the errors of the codes before and after."""

    signal: float
    before: float
    after: float
    compared: int


def nearer(
    graph: Graph, step: NearerPass, run: RunGraph, seed: int
) -> tuple[Graph, tuple[Certificate, ...]]:
    """Return the graph after a pass, and what it did; the certificate is that of the worst rewrite.

    Both forms run on random codes, and what they give is compared with real arithmetic.
    """
    taken: dict[str, _Errors] = {}
    refused: set[int] = set()
    found = next(step.find(graph), None)
    while found is not None:
        errors = _errors(graph, found, step, run, seed)
        if errors.after <= errors.before:
            graph = applied(graph, found)
            taken[found.before[-1].name] = errors
        else:
            refused.add(found.result)
        found = next((other for other in step.find(graph) if other.result not in refused), None)
    if not taken:
        return graph, ()
    worst = min(taken.values(), key=lambda e: _decibels(e.signal, e.after))
    made = Certificate(
        step.name,
        len(taken),
        False,
        _decibels(worst.signal, worst.after),
        tuple(taken),
        sum(e.compared for e in taken.values()),
        _decibels(worst.signal, worst.before),
    )
    return graph, (made,)


def _errors(graph: Graph, rewrite: Rewrite, step: NearerPass, run: RunGraph, seed: int) -> _Errors:
    inputs, codes = random_inputs(graph, rewrite, seed)
    real = step.real(graph, rewrite, codes)
    quant = quant_of(graph.tensors[rewrite.result])
    powers = []
    for whole, nodes in (
        (graph, rewrite.before),
        (reshaped(graph, rewrite), rewrite.after),
    ):
        found = run(isolated(whole, nodes, inputs), codes, step.reference)[rewrite.result]
        values = (found.astype(np.float64) - quant.zero_point) * quant.scale
        powers.append(float(np.mean((values - real) ** 2)))
    return _Errors(float(np.mean(real**2)), powers[0], powers[1], int(real.size))


def _decibels(signal: float, error: float) -> float:
    return float("inf") if error == 0 else float(10 * np.log10(signal / error))
