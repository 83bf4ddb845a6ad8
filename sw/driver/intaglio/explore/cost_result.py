"""What an estimate says, as values and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from intaglio.compiler.passes.certificate import Certificate
from intaglio.estimate.coefficients import Coefficient
from intaglio.estimate.sensitivity import Swing
from intaglio.spec.config import ArrayConfig
from intaglio.spec.figure import Figure

SCHEMA = 1


@dataclass(frozen=True)
class LayerEstimate:
    """One layer of a network.

    Parameters
    ----------
    name, op, where : str
        As in the layer table of a run; `where` is ``"array"`` or ``"host"``.
    bound : str
        Unit that limits it; empty on the host.
    figures : mapping
        ``macs``, ``cycles``, ``ideal_cycles``, ``utilisation``, ``bytes`` (external memory) and
        ``energy``.
    levels : mapping
        Bytes of each memory level.
    parts : mapping
        Energy of each part.
    reason : str
        Why a host layer is not on the array.
    """

    name: str
    op: str
    where: str
    bound: str
    figures: Mapping[str, Figure]
    levels: Mapping[str, Figure] = field(default_factory=dict)
    parts: Mapping[str, Figure] = field(default_factory=dict)
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the layer for JSON."""
        return {
            "name": self.name,
            "op": self.op,
            "where": self.where,
            "bound_by": self.bound,
            **plain(self.figures),
            "levels": plain(self.levels),
            "parts": plain(self.parts),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Shortage:
    """A resource of which a part has less than a design needs."""

    resource: str
    need: float
    have: float

    @property
    def text(self) -> str:
        """Both numbers and what is missing."""
        return (
            f"{self.resource}: needs {self.need:,.0f}, the part has {self.have:,.0f}; "
            f"short by {self.need - self.have:,.0f}"
        )


@dataclass(frozen=True)
class Estimate:
    """The cost of a configuration, and of a network on it.

    Parameters
    ----------
    model : str
        Name; empty for a configuration alone.
    config, digest, target : str
        Configuration's name and digest, and the target.
    summary : mapping
        ``luteq``, ``ff``, ``dsp``, ``bram``, ``fmax``; with a network ``cycles``, ``macs``,
        ``utilisation``, ``latency``, ``bytes``, ``energy`` and ``power`` too.
    layers : tuple of LayerEstimate
        In execution order.
    shortages : tuple of Shortage
        What the part lacks; empty where the design fits or the part is not known.
    errors : mapping
        Errors of the fits on rows left out.
    label : str
        ``"relative only"`` where an assumed coefficient enters.
    coefficients : tuple of Coefficient
        All that enter.
    clock_mhz : float or None
        Clock of latency and power.
    golden : str
        Whether the golden check of this configuration is known to pass.
    peak : int
        Multiply-accumulates in a cycle.
    bytes_per_cycle : float
        What the external memory moves.
    swings : tuple of Swing
        What each coefficient does to the energy.
    array : ArrayConfig
        The configuration itself.
    passes : tuple of Certificate
        What the compiler's passes did to the network before it was mapped.
    """

    model: str
    config: str
    digest: str
    target: str
    summary: Mapping[str, Figure]
    layers: tuple[LayerEstimate, ...]
    shortages: tuple[Shortage, ...]
    errors: Mapping[str, Mapping[str, float]]
    label: str
    coefficients: tuple[Coefficient, ...]
    clock_mhz: float | None
    golden: str
    peak: int
    bytes_per_cycle: float
    swings: tuple[Swing, ...] = ()
    array: ArrayConfig | None = None
    passes: tuple[Certificate, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the estimate for JSON."""
        return {
            "schema_version": SCHEMA,
            "kind": "estimate",
            "model": self.model,
            "config": self.config,
            "config_digest": self.digest,
            "target": self.target,
            "clock_mhz": self.clock_mhz,
            "peak_macs_per_cycle": self.peak,
            "memory_bytes_per_cycle": self.bytes_per_cycle,
            "buffer_bytes_per_cycle": self.array.banks * self.array.act_bytes if self.array else 0,
            "label": self.label,
            "golden": self.golden,
            "summary": plain(self.summary),
            "passes": [entry.as_dict() for entry in self.passes],
            "layers": [layer.as_dict() for layer in self.layers],
            "fits": not self.shortages,
            "shortages": [
                {"resource": s.resource, "need": s.need, "have": s.have} for s in self.shortages
            ],
            "fit_errors": {name: dict(values) for name, values in self.errors.items()},
            "coefficients": [vars(row) for row in self.coefficients],
            "sensitivity": [vars(swing) for swing in self.swings],
        }


def plain(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """Return figures for JSON."""
    return {name: figure.as_dict() for name, figure in figures.items()}
