"""One operator of a TFLite file with its tensors, options and constant operands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from intaglio.compiler.load_records import RawModel, RawOperator, RawTensor
from intaglio.compiler.load_schema_more import More


class UntakenError(Exception):
    """A form of an operator that is not taken."""


@dataclass(frozen=True, eq=False)
class Form:
    """An operator of the file with its tensors."""

    raw: RawOperator
    kind: More
    model: RawModel

    @property
    def activations(self) -> list[RawTensor]:
        """The activations that it reads."""
        places = self.kind.activations
        numbers = self.raw.inputs if places == (-1,) else [self.raw.inputs[p] for p in places]
        return [self.model.tensors[number] for number in numbers]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first activation."""
        return self.activations[0].tensor.shape

    @property
    def outputs(self) -> list[RawTensor]:
        """What it makes."""
        return [self.model.tensors[number] for number in self.raw.outputs]

    def numbers(self, place: int, what: str) -> tuple[int, ...]:
        """Return a constant operand of integers."""
        data = self.model.tensors[self.raw.inputs[place]].tensor.data
        if data is None or data.dtype.kind != "i" or data.size > 64:
            raise UntakenError(f"{what} computed, not constant")
        return tuple(int(value) for value in np.ravel(data))

    def number(self, place: int, what: str) -> int:
        """Return a constant operand of one integer."""
        found = self.numbers(place, what)
        if len(found) != 1:
            raise UntakenError(f"{what} of {len(found)} numbers, not one")
        return found[0]

    def option(self, name: str) -> int:
        """Return an integer option."""
        if self.raw.options is None or name not in self.kind.options:
            return 0
        return self.raw.options.integer(self.kind.options[name])

    def axis(self, value: int) -> int:
        """Return an axis from 1 on: the batch stays as it is."""
        axis = value + len(self.shape) * (value < 0)
        if not 0 < axis < len(self.shape):
            raise UntakenError(f"axis {value} of {len(self.shape)}")
        return axis
