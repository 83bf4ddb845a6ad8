"""One configuration of a space: what it costs, or why it is none."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from intaglio.explore.costing import choose, estimate
from intaglio.explore.precision import converted, error_rate, plain_lanes
from intaglio.explore.space import Space, is_bits
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import ConfigError, FitError, ModelError
from intaglio.spec.graph import Graph
from intaglio.spec.timing import MemoryModel

OBJECTIVES = {
    "latency": ("latency_ms", "ms"),
    "cycles": ("cycles", "cycle"),
    "energy": ("energy_uj", "uJ"),
    "luteq": ("luteq", "LUT equivalent"),
    "ff": ("ff", "flip-flop"),
    "dsp": ("dsp", "multiplier"),
    "bram": ("bram", "RAM block"),
    "accuracy": ("error", "share of samples that are wrong"),
}
KEYS = {
    "cycles": "cycles",
    "latency": "latency_ms",
    "energy": "energy_uj",
    "luteq": "luteq",
    "ff": "ff",
    "dsp": "dsp",
    "bram": "bram",
    "fmax": "fmax_mhz",
    "utilisation": "utilisation",
}


@dataclass(frozen=True)
class Job:
    """What all points of an exploration share; it is sent to workers as a whole.

    Parameters
    ----------
    graph : bytes
        The network, pickled once.
    base : ArrayConfig
        Parameters that do not vary.
    target : str
        The part; a space over ``target`` goes before it.
    clock_mhz : float or None
        See :func:`intaglio.explore.costing.choose`.
    memory : MemoryModel
        The external memory.
    coefficients : str
        A file, or empty.
    samples : bytes
        Codes by input and labels, pickled; empty: accuracy is not measured.
    """

    graph: bytes
    base: ArrayConfig
    target: str
    clock_mhz: float | None
    memory: MemoryModel
    coefficients: str = ""
    samples: bytes = b""


def evaluate(job: Job, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of `point`: ``status`` is ``"ok"``, ``"refused"`` or ``"too large"``.

    The same arguments give the same record in any process on any machine.
    """
    record: dict[str, Any] = {"point": dict(point)}
    try:
        config = Space(job.base, {}).config(point)
    except ConfigError as error:
        return record | {"status": "refused", "reason": error.findings[0].message}
    choice = choose(
        config,
        str(point.get("target", job.target)),
        memory=job.memory,
        clock_mhz=job.clock_mhz,
        coefficients=Path(job.coefficients) if job.coefficients else None,
    )
    bits = tuple((key, value) for key, value in point.items() if is_bits(key))
    try:
        graph = converted(_graph(job.graph), config, dict(bits))
        found = estimate(graph, choice)
    except (ConfigError, ModelError) as error:
        if not bits:  # the network itself
            raise
        return record | {"status": "refused", "reason": error.findings[0].message}
    except FitError as error:
        return record | {"status": "too large", "reason": error.findings[0].message}
    values: dict[str, Any] = {key: found.summary[name].value for name, key in KEYS.items()}
    if job.samples:
        values["error"] = _error(job.graph, job.samples, bits, plain_lanes(config))
    return record | {
        "status": "ok",
        "macs": config.macs,
        "target": choice.target.name,
        "fits": not found.shortages,
        "short": "; ".join(shortage.text for shortage in found.shortages),
        **values,
    }


@lru_cache(maxsize=4)
def _graph(data: bytes) -> Graph:
    graph: Graph = pickle.loads(data)
    return graph


@lru_cache(maxsize=64)
def _error(
    graph: bytes, samples: bytes, bits: tuple[tuple[str, int], ...], config: ArrayConfig
) -> float:
    codes, labels = pickle.loads(samples)
    plain = _graph(graph)
    return error_rate(converted(plain, config, dict(bits)), plain, codes, labels)
