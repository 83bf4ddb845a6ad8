"""Compares the tensors of a run with expected ones, element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.program import Program

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Mismatch:
    """The first element that differs.

    Parameters
    ----------
    layer, op : str
        The layer that wrote it.
    index : int
        Of the layer, in execution order.
    tensor : str
        Name of the tensor, with its number in the model file as ``tNNN``.
    batch, y, x, channel : int
        Its place; y and x are 0 in tensors without rows and columns.
    expected, got : int
        Codes.
    accumulator : int or None
        What the requantiser was given there, bias included, as the golden device has it.
    """

    layer: str
    op: str
    index: int
    tensor: str
    batch: int
    y: int
    x: int
    channel: int
    expected: int
    got: int
    accumulator: int | None = None


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Parameters
    ----------
    against : str
        What the run was compared with.
    elements_of, mismatches_of : mapping of layer index to int
        Elements compared and different; layers that were not compared are left out.
    first : Mismatch or None
        In execution order.
    wrong_inputs : set of int
        Batch elements with a mismatch in any tensor.
    """

    against: str
    elements_of: Mapping[int, int]
    mismatches_of: Mapping[int, int]
    first: Mismatch | None = None
    wrong_inputs: frozenset[int] = frozenset()

    @property
    def tensors(self) -> int:
        """Tensors compared."""
        return len(self.elements_of)

    @property
    def elements(self) -> int:
        """Elements compared."""
        return sum(self.elements_of.values())

    @property
    def mismatches(self) -> int:
        """Elements that differ."""
        return sum(self.mismatches_of.values())


def compare(
    program: Program, got: Mapping[int, Codes], expected: Mapping[int, Codes], against: str
) -> Comparison:
    """Compare the output of each layer that both mappings hold; the first axis is the batch."""
    elements: dict[int, int] = {}
    mismatches: dict[int, int] = {}
    wrong: set[int] = set()
    first = None
    for index, layer in enumerate(program.layers):
        number = layer.output
        if number not in got or number not in expected:
            continue
        different = got[number] != expected[number]
        elements[index] = different.size
        mismatches[index] = int(different.sum())
        wrong |= {int(i) for i in np.argwhere(different)[:, 0]}
        if mismatches[index] and first is None:
            place = tuple(int(i) for i in np.argwhere(different)[0])
            batch, y, x, channel = _coordinates(place, different.shape)
            first = Mismatch(
                layer=layer.name,
                op=layer.op,
                index=index,
                tensor=f"t{number:03d} {program.tensor(number).name}",
                batch=batch,
                y=y,
                x=x,
                channel=channel,
                expected=int(expected[number][place]),
                got=int(got[number][place]),
            )
    return Comparison(against, elements, mismatches, first, frozenset(wrong))


def _coordinates(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return batch, y, x, channel of an element of a tensor of 1 to 4 dimensions."""
    inner = (0,) * (3 - len(place[1:])) + place[1:]
    if len(inner) > 3:
        inner = (0, 0, int(np.ravel_multi_index(place[1:], shape[1:])))
    return place[0], *inner[-3:]  # type: ignore[return-value]
