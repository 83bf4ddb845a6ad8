"""What the names of an ONNX graph stand for while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.graph import Attributes, Op, Quantisation

Array = npt.NDArray[Any]
Shape = tuple[int, ...]


class RefusedError(Exception):
    """An operator is used in a form that cannot be taken; the text says which."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Scales of which each counts for `size` codes in a row along `axis`; no zero points."""

    scales: Array
    axis: int
    size: int


@dataclass(frozen=True, eq=False)
class Constant:
    """Values known when the graph is read; `codes` and `quant` where they come from codes.

    `blocks` replaces the scales of `quant`, which then are 1.
    """

    values: Array
    codes: Array | None = None
    quant: Quantisation | None = None
    blocks: Blocks | None = None


@dataclass(frozen=True, eq=False)
class Coded:
    """Codes of a tensor.

    Parameters
    ----------
    number : int
        Tensor of the graph that is built.
    shape : tuple of int
        As ONNX has it: channels before height and width.
    image : bool
        The tensor is stored with channels last: N,H,W,C (N,1,L,C for three dimensions).
    real : bool
        The name stands for the real values of the codes.
    """

    number: int
    shape: Shape
    image: bool
    real: bool = False


@dataclass(frozen=True, eq=False)
class Flat:
    """An image whose ONNX shape is N, C*H*W but whose bytes are still those of `image`."""

    image: Coded


@dataclass(frozen=True, eq=False)
class GraphInput:
    """An input whose scale is not known yet: the first reader tells it."""

    name: str
    dtype: str
    shape: Shape


@dataclass(frozen=True, eq=False)
class Pending:
    """Real values that have no scale yet: the operator is emitted when they are quantised.

    Parameters
    ----------
    inputs : tuple of Coded
        Activations, in order.
    weights, bias : numbers of constant tensors, -1 for none
    scales : number of the tensor of group scales; empty for none
    shape, image
        See :class:`Coded`.
    clip : (float, float)
        Real bounds of a fused ReLU or Clip.
    """

    op: Op
    name: str
    inputs: tuple[Coded, ...]
    shape: Shape
    image: bool
    attributes: Attributes = field(default_factory=Attributes)
    weights: int = -1
    bias: int = -1
    scales: tuple[int, ...] = ()
    clip: tuple[float, float] = (-np.inf, np.inf)


@dataclass(frozen=True)
class Unknown:
    """The result of an operator that was refused: nothing is said about what reads it."""


Value = Constant | Coded | Flat | GraphInput | Pending | Unknown


def described(value: Value) -> str:
    """Return what a value is instead of what is wanted, as the end of a sentence."""
    return {
        Pending: "is computed in floating point and never quantised",
        Constant: "is constant",
        GraphInput: "is an input that is never quantised",
        Coded: "holds codes",
        Unknown: "comes from an operator that is not taken",
    }.get(type(value), "is flattened")
