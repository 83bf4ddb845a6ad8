"""What a bench found, as plain values: JSON, CSV, means."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIELDS = (
    *("name", "op", "act_bits", "weight_bits", "macs", "cycles", "model_cycles", "utilisation"),
    *("bound", "reference_cycles", "ratio", "formula_cycles", "compared", "mismatches"),
    *("streamed_cycles", "streamed_model_cycles", "streamed_ratio", "streamed_mismatches"),
    "unsupported",
)


@dataclass(frozen=True)
class BenchLayer:
    """A line of the result.

    Parameters
    ----------
    name, op : str
        As the layer table or the network has them.
    act_bits, weight_bits : int
        Of the codes.
    macs : int
        Useful multiply-accumulates.
    cycles, model_cycles : int or None
        Counted by the gates and by the cycle model; None where the layer did not run.
    utilisation : float or None
        macs / (cycles * MACs of the array in a cycle).
    bound : str
        Unit that limits the layer.
    reference_cycles, ratio : float or None
        The other accelerator's cycles, and these / `cycles`.
    formula_cycles : int or None
        :func:`intaglio.api.bench_formula.formula_cycles`.
    compared, mismatches : int or None
        Output codes; None where nothing was compared.
    streamed_cycles, streamed_model_cycles, streamed_ratio, streamed_mismatches
        The same with 384 KiB of buffers and everything from memory.
    unsupported : str
        Why the layer did not run.
    counters : mapping
        Of the gates.
    """

    name: str
    op: str
    act_bits: int = 8
    weight_bits: int = 8
    macs: int = 0
    cycles: int | None = None
    model_cycles: int | None = None
    utilisation: float | None = None
    bound: str = ""
    reference_cycles: float | None = None
    ratio: float | None = None
    formula_cycles: int | None = None
    compared: int | None = None
    mismatches: int | None = None
    streamed_cycles: int | None = None
    streamed_model_cycles: int | None = None
    streamed_ratio: float | None = None
    streamed_mismatches: int | None = None
    unsupported: str = ""
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def of_formula(self) -> float | None:
        """Cycles of the formula / ours: above 1 is faster than the formula."""
        return ratio_of(self.formula_cycles, self.cycles)


@dataclass(frozen=True)
class BenchResult:
    """What :func:`intaglio.api.bench` found.

    Parameters
    ----------
    source, config, device : str
        What was measured, on what.
    memory : mapping
        ``width``, ``latency`` and ``bytes_per_cycle``.
    buffers_kib : int
        Buffers for activations and weights together; parameters have their own.
    seed : int
        Of weights and inputs.
    layers : tuple of BenchLayer
        In the order of the source.
    total : BenchLayer or None
        Of a whole network; its `cycles` are those of all jobs.
    streamed_config : str
        Configuration of the ``streamed`` columns; empty where there are none.
    """

    source: str
    config: str
    device: str
    memory: Mapping[str, Any]
    buffers_kib: int
    seed: int
    layers: tuple[BenchLayer, ...]
    total: BenchLayer | None = None
    streamed_config: str = ""
    streamed_buffers_kib: int | None = None

    @property
    def geomean(self) -> float | None:
        """Geometric mean of the layers' ratios."""
        return geomean([layer.ratio for layer in self.layers])

    @property
    def streamed_geomean(self) -> float | None:
        """The same of the ``streamed`` columns."""
        return geomean([layer.streamed_ratio for layer in self.layers])

    @property
    def worst(self) -> BenchLayer | None:
        """The layer of the least ratio."""
        rated = [layer for layer in self.layers if layer.ratio is not None]
        return min(rated, key=lambda layer: layer.ratio or 0.0, default=None)

    @property
    def mismatches(self) -> int:
        """Output codes that differ, in all columns."""
        parts = (*self.layers, *([self.total] if self.total else []))
        return sum((p.mismatches or 0) + (p.streamed_mismatches or 0) for p in parts)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        worst = self.worst
        found: dict[str, Any] = {
            "source": self.source,
            "config": self.config,
            "device": self.device,
            "memory": dict(self.memory),
            "buffers_kib": self.buffers_kib,
            "seed": self.seed,
            "layers": [layer_dict(layer) for layer in self.layers],
            "geomean": self.geomean,
            "worst": None if worst is None else {"name": worst.name, "ratio": worst.ratio},
            "mismatches": self.mismatches,
            "unsupported": sum(bool(layer.unsupported) for layer in self.layers),
        }
        if self.streamed_config:
            found["streamed"] = {
                "config": self.streamed_config,
                "buffers_kib": self.streamed_buffers_kib,
                "geomean": self.streamed_geomean,
            }
        if self.total is not None:
            found["total"] = layer_dict(self.total)
        return found

    def to_csv(self) -> str:
        """Return a line for each layer, and one for a whole network."""
        text = io.StringIO()
        table = csv.DictWriter(text, FIELDS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        for layer in (*self.layers, *([self.total] if self.total else [])):
            table.writerow(layer_dict(layer))
        return text.getvalue()


def layer_dict(layer: BenchLayer) -> dict[str, Any]:
    """Return a line as plain values."""
    values = {name: getattr(layer, name) for name in FIELDS}
    return values | {"of_formula": layer.of_formula, "counters": dict(layer.counters)}


def geomean(ratios: Sequence[float | None]) -> float | None:
    """Return the geometric mean of those that are numbers, None if there is none."""
    logs = [math.log(ratio) for ratio in ratios if ratio is not None]
    return math.exp(sum(logs) / len(logs)) if logs else None


def ratio_of(reference: float | None, cycles: int | None) -> float | None:
    """Return reference / cycles: above 1 is faster than the reference."""
    return reference / cycles if reference and cycles else None
