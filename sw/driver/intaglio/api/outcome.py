"""What a device gave for a batch of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from intaglio.api.comparison import Comparison

Codes = npt.NDArray[Any]


@dataclass(frozen=True)
class Layer:
    """One layer of a run; `macs`, `cycles` and counts are sums over the batch.

    Parameters
    ----------
    name, op, where : str
        As in :class:`intaglio.spec.program.LayerPlan`.
    macs : int
        Useful multiply-accumulates.
    cycles : int or None
        Counted by the gates; None on the host and on a device without a clock.
    model_cycles : int or None
        What the cycle model says.
    utilisation : float or None
        macs / (cycles * MACs that the array can do in a cycle).
    compared, mismatches : int
        Elements of its output.
    """

    name: str
    op: str
    where: str
    macs: int
    cycles: int | None
    model_cycles: int | None
    utilisation: float | None
    compared: int = 0
    mismatches: int = 0


@dataclass(frozen=True, eq=False)
class Run:
    """What a device gave.

    Parameters
    ----------
    model, device, config : str
        Names.
    batch : int
        Inputs.
    cycles : int or None
        Of all jobs and the whole batch; None on a device without a clock.
    macs : int
        Useful multiply-accumulates of the whole batch.
    utilisation : float or None
        macs / (cycles * MACs that the array can do in a cycle).
    layers : tuple of Layer
        In execution order.
    outputs : mapping of name to int8 array
        Codes, batch first.
    scales : mapping of name to (float, int)
        Scale and zero point of each output.
    tensors : mapping of number to int8 array
        Every tensor that could be read back, where it was asked for.
    counters : mapping
        Performance counters, summed over the batch.
    """

    model: str
    device: str
    config: str
    batch: int
    cycles: int | None
    macs: int
    utilisation: float | None
    layers: tuple[Layer, ...]
    outputs: Mapping[str, Codes]
    scales: Mapping[str, tuple[float, int]]
    tensors: Mapping[int, Codes] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def model_cycles(self) -> int:
        """What the cycle model says for all jobs and the whole batch."""
        return sum(layer.model_cycles or 0 for layer in self.layers)

    @property
    def real(self) -> dict[str, npt.NDArray[np.float64]]:
        """The outputs as real numbers: scale * (code - zero point)."""
        return {
            name: self.scales[name][0] * (codes.astype(np.float64) - self.scales[name][1])
            for name, codes in self.outputs.items()
        }

    def top(self, count: int = 5) -> dict[str, list[list[tuple[int, float]]]]:
        """Return for each output and batch element the `count` greatest (index, real value).

        Elements with one code keep the order of their indices.
        """
        found = {}
        for name, values in self.real.items():
            rows = values.reshape(self.batch, -1)
            best = np.argsort(-rows, axis=1, kind="stable")[:, :count]
            found[name] = [
                [(int(i), float(row[i])) for i in chosen]
                for row, chosen in zip(rows, best, strict=True)
            ]
        return found

    def with_comparison(self, comparison: Comparison) -> Run:
        """Return the run with each layer's comparison noted."""
        layers = tuple(
            replace(
                layer,
                compared=comparison.elements_of.get(index, 0),
                mismatches=comparison.mismatches_of.get(index, 0),
            )
            for index, layer in enumerate(self.layers)
        )
        return replace(self, layers=layers)

    def layer_dicts(self) -> list[dict[str, Any]]:
        """Return the layers as plain values, for JSON."""
        return [
            {
                "name": layer.name,
                "op": layer.op,
                "where": layer.where,
                "macs": layer.macs,
                "cycles": layer.cycles,
                "model_cycles": layer.model_cycles,
                "utilisation": layer.utilisation,
                "compared": layer.compared,
                "mismatches": layer.mismatches,
            }
            for layer in self.layers
        ]
