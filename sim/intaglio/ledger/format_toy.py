"""A network of layers whose formats can be chosen one by one: accuracy of every choice.

Layers multiply by random weights and clip at 0; labels are the float network's own answers.
Weights and activations of a layer are rounded to the values of one format, scaled to their
greatest: for each output channel, and for the tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes import number_format

Real = npt.NDArray[Any]
SAMPLES, CLASSES = 64, 8


@dataclass(frozen=True)
class Toy:
    """The network.

    Parameters
    ----------
    widths : tuple of int
        Channels between the layers; one more than layers.
    """

    widths: tuple[int, ...]
    seed: int = 13

    @cached_property
    def weights(self) -> tuple[Real, ...]:
        """Of each layer: inputs by outputs."""
        rng = np.random.default_rng(self.seed)
        shapes = zip(self.widths[:-1], self.widths[1:], strict=True)
        return tuple(rng.normal(size=s).astype(np.float32) / s[0] ** 0.5 for s in shapes)

    @cached_property
    def samples(self) -> Real:
        """The inputs."""
        rng = np.random.default_rng([self.seed, 1])
        return rng.normal(size=(SAMPLES, self.widths[0])).astype(np.float32)

    @cached_property
    def labels(self) -> Real:
        """What the float network answers."""
        x = self.samples
        for w in self.weights:
            x = np.maximum(x @ w, 0)
        return np.asarray(x[:, :CLASSES].argmax(axis=1))

    def accuracies(self, formats: Sequence[str]) -> Real:
        """Return the share of right answers of every assignment, by the indices of formats."""
        tables = [_values(name) for name in formats]
        coded = [[_rounded(w, table, axis=0) for table in tables] for w in self.weights]
        found = np.zeros((len(formats),) * len(coded))
        self._descend(self.samples, (), tables, coded, found)
        return found

    def _descend(
        self,
        x: Real,
        chosen: tuple[int, ...],
        tables: Sequence[Real],
        coded: Sequence[Sequence[Real]],
        found: Real,
    ) -> None:
        """Try every format of the next layer; those of the layers before are computed once."""
        if len(chosen) == len(coded):
            found[chosen] = float((x[:, :CLASSES].argmax(axis=1) == self.labels).mean())
            return
        for index, table in enumerate(tables):
            y = _rounded(x, table, axis=None) @ coded[len(chosen)][index]
            self._descend(np.maximum(y, 0), (*chosen, index), tables, coded, found)


def _values(name: str) -> Real:
    """Return the values of a format, sorted, the greatest 1."""
    table = np.unique(number_format(name).table().astype(np.float64))
    return np.asarray(table / table.max(), np.float32)


def _rounded(x: Real, table: Real, axis: int | None) -> Real:
    most = np.abs(x).max(axis=axis, keepdims=True)
    scale = np.where(most > 0, most, 1).astype(np.float32)
    edges = (table[1:] + table[:-1]) / 2
    return np.asarray(table[np.searchsorted(edges, x / scale)] * scale, np.float32)
