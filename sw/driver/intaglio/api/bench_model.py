"""Error table of the cycle model over random shapes of every operator, in gates."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from intaglio.api.bench_random import KINDS, random_shape
from intaglio.api.bench_trial import run_trial
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.errors import FitError
from intaglio.tooling.workers import worker_pool


@dataclass(frozen=True)
class KindErrors:
    """The cycle model's errors over the shapes of one operator.

    Parameters
    ----------
    kind : str
        Of :data:`intaglio.api.bench_random.KINDS`.
    shapes, refused : int
        Shapes that were run, and those that the compiler refused: too large for the buffers.
    compared, mismatches : int
        Output codes.
    compute_cycles : int
        Cycles in which a COMPUTE ran, of all shapes.
    compute_exact : int
        Shapes of which the model has every cause within COMPUTE to the cycle.
    explained : int
        Shapes whose other cycles are the counted waits: all causes add up to all cycles.
    layers, layers_exact : int
        Shapes whose activations fit the buffer, and those of which the model has the cycles from
        the first COMPUTE to the last output.
    layer_worst, program_worst : float
        Greatest relative errors of those cycles, and of those of whole programs: with transfers.
    """

    kind: str
    shapes: int
    refused: int
    compared: int
    mismatches: int
    compute_cycles: int
    compute_exact: int
    explained: int
    layers: int
    layers_exact: int
    layer_worst: float
    program_worst: float

    @property
    def good(self) -> bool:
        """No output differs, COMPUTE is exact, and every other cycle has a cause."""
        return self.mismatches == 0 and self.compute_exact == self.explained == self.shapes


@dataclass(frozen=True)
class ModelErrors:
    """What :func:`model_errors` found."""

    config: str
    stalls: float
    seed: int
    kinds: tuple[KindErrors, ...]

    @property
    def good(self) -> bool:
        """Whether every operator is."""
        return all(kind.good for kind in self.kinds)

    @property
    def layers_exact(self) -> float:
        """Share of layers of which the model has the cycles exactly."""
        layers = sum(kind.layers for kind in self.kinds)
        return sum(kind.layers_exact for kind in self.kinds) / max(layers, 1)

    @property
    def layer_worst(self) -> float:
        """Greatest relative error of a layer's cycles."""
        return max((kind.layer_worst for kind in self.kinds), key=abs, default=0.0)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        totals = {"layers_exact": self.layers_exact, "layer_worst": self.layer_worst}
        return asdict(self) | totals | {"good": self.good}


def model_errors(
    config: str | ArrayConfig = "tiny",
    shapes: int = 40,
    *,
    stalls: float = 0.0,
    seed: int = 1,
    kinds: Sequence[str] = tuple(KINDS),
    workers: int = 2,
    progress: Callable[[str], None] = lambda _: None,
) -> ModelErrors:
    """Run random shapes of every operator in gates, beside the cycle model.

    Parameters
    ----------
    config : str or ArrayConfig
        A preset, a file, or a configuration.
    shapes : int
        Of each operator.
    stalls : float
        Probability, for each channel of the memory and cycle, that it rests. The model knows a
        memory that never rests: what differs then is what the gates count as waits.
    workers : int
        Processes that simulate.
    """
    chosen = load_config(config) if isinstance(config, str) else config
    found: dict[str, KindErrors] = {}
    began = time.monotonic()
    progress(f"building the simulator of {chosen.name}")
    _device(chosen, stalls, seed).close()
    for done in _results(chosen, shapes, stalls, seed, kinds, workers):
        found[done.kind] = done
        left = (time.monotonic() - began) * (len(kinds) - len(found)) / len(found)
        progress(f"{len(found)} of {len(kinds)} operators, about {left:.0f} s left: {done.kind}")
    return ModelErrors(chosen.name, stalls, seed, tuple(found[kind] for kind in kinds))


def _results(
    config: ArrayConfig, shapes: int, stalls: float, seed: int, kinds: Sequence[str], workers: int
) -> Iterator[KindErrors]:
    if workers < 2 or len(kinds) < 2:
        yield from (_errors_of(kind, config, shapes, stalls, seed) for kind in kinds)
        return
    with worker_pool(workers) as pool:
        futures = [pool.submit(_errors_of, kind, config, shapes, stalls, seed) for kind in kinds]
        yield from (future.result() for future in as_completed(futures))


def _device(config: ArrayConfig, stalls: float, seed: int) -> Any:
    from intaglio.bench.device import SimDevice

    return SimDevice(config, stalls=stalls, seed=seed)


def _errors_of(kind: str, config: ArrayConfig, count: int, stalls: float, seed: int) -> KindErrors:
    """Run `count` shapes of one operator."""
    trials, refused = [], 0
    device = _device(config, stalls, seed)
    try:
        for number in range(count):
            rng = np.random.default_rng([seed, list(KINDS).index(kind), number])
            shape = random_shape(kind, partial(_pick, rng))
            try:
                trials.append(run_trial(shape, device, seed + number, resident=True))
            except FitError:
                refused += 1
    finally:
        device.close()
    layers = [(t.model_layer, t.layer) for t in trials if t.layer and t.model_layer]
    return KindErrors(
        kind=kind,
        shapes=len(trials),
        refused=refused,
        compared=sum(t.compared for t in trials),
        mismatches=sum(t.mismatches for t in trials),
        compute_cycles=sum(t.compute for t in trials),
        compute_exact=sum(t.causes_equal for t in trials),
        explained=sum(t.explained for t in trials),
        layers=len(layers),
        layers_exact=sum(model == gates for model, gates in layers),
        layer_worst=_worst(layers),
        program_worst=_worst([(t.model_cycles, t.cycles) for t in trials]),
    )


def _pick(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def _worst(pairs: Sequence[tuple[int, int]]) -> float:
    """Return the greatest relative error of (model, gates)."""
    return max((model / gates - 1 for model, gates in pairs), key=abs, default=0.0)
