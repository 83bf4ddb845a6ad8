"""Builds an integer graph while an ONNX graph is read operator by operator."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_codes import (
    clamp_codes,
    code_type,
    graph_quant,
    per_tensor,
    same_quant,
    stored,
)
from intaglio.compiler.load_onnx_values import (
    Coded,
    Constant,
    Flat,
    GraphInput,
    Pending,
    RefusedError,
    Shape,
    Value,
    described,
)
from intaglio.spec.graph import Attributes, Node, Op, Quantisation, Tensor

Array = npt.NDArray[Any]

FORWARD, BACK = (0, 2, 3, 1), (0, 3, 1, 2)
FLOATS = ("float32", "float64", "float16")


@dataclass(eq=False)
class Builder:
    """The graph so far.

    Attributes
    ----------
    values : dict
        Name of the ONNX graph to what it stands for.
    tensors, nodes
        Of the integer graph.
    convolves : bool
        Inputs of three dimensions are rows of an image.
    """

    values: dict[str, Value] = field(default_factory=dict)
    tensors: dict[int, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    inputs: dict[str, int] = field(default_factory=dict)
    convolves: bool = False
    _emitted: dict[tuple[int, float, int, str], Coded] = field(default_factory=dict)
    _kept: list[Pending] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    # --- reading ---

    def value(self, name: str) -> Value:
        """Return what a name stands for."""
        if name not in self.values:
            raise RefusedError("an operand is left out")
        return self.values[name]

    def constant(self, name: str, what: str) -> Constant:
        """Return a constant operand."""
        found = self.values.get(name)
        if not isinstance(found, Constant):
            raise RefusedError(f"{what} is computed, not constant")
        return found

    def real(self, name: str, what: str) -> Coded:
        """Return the codes of an operand whose real values are meant."""
        found = self.value(name)
        if isinstance(found, Flat):
            return self.flat(found)
        if isinstance(found, Coded) and found.real:
            return found
        raise RefusedError(f"{what} {described(found)}, not dequantised from codes")

    def codes(self, name: str, scale: Constant, point: Constant | None, what: str) -> Coded:
        """Return an operand of codes, of which the reader gives scale and zero point."""
        found = self.value(name)
        if isinstance(found, Flat):
            found = self.flat(found)
        if isinstance(found, Constant):
            raise RefusedError(f"{what} is constant")
        if isinstance(found, GraphInput):
            points = point.values if point is not None else np.zeros(1, np.int64)
            dtype = str(points.dtype) if found.dtype in FLOATS else found.dtype
            return self.input(found, per_tensor(scale.values, points), dtype)
        if not isinstance(found, Coded):
            raise RefusedError(f"{what} {described(found)}, not codes")
        return found

    def flat(self, value: Flat) -> Coded:
        """Return the codes of a flattened image in ONNX order."""
        image = self.plain(value.image)
        return self.reshaped(image, (image.shape[0], math.prod(image.shape[1:])))

    # --- building ---

    def add(
        self,
        name: str,
        shape: Shape,
        dtype: str,
        quant: Quantisation | None,
        data: Array | None = None,
        offset: int = 0,
    ) -> int:
        """Return the number of a new tensor."""
        number = len(self.tensors)
        self.tensors[number] = Tensor(number, name, shape, dtype, quant, data, offset)
        return number

    def input(self, value: GraphInput, quant: Quantisation, dtype: str) -> Coded:
        """Return the codes of a network input, whose scale is known now."""
        if value.name in self.inputs:
            number = self.inputs[value.name]
            known = self.tensors[number]
            if known.quant is None or not same_quant(known.quant, graph_quant(quant, dtype)):
                raise RefusedError(f"input {value.name!r} is quantised in two ways")
            return Coded(number, value.shape, self._is_image(value.shape))
        if 0 in value.shape:
            raise RefusedError(f"input {value.name!r} has open sizes: {value.shape}")
        if value.shape[:1] != (1,):
            raise RefusedError(f"input {value.name!r} has shape {value.shape}, not batch 1")
        image = self._is_image(value.shape)
        kind, offset, *_ = code_type(dtype)
        number = self.add(
            value.name,
            stored(value.shape, image=image),
            kind,
            graph_quant(quant, dtype),
            None,
            offset,
        )
        self.inputs[value.name] = number
        return Coded(number, value.shape, image)

    def _is_image(self, shape: Shape) -> bool:
        return len(shape) == 4 or (len(shape) == 3 and self.convolves)

    def emit(
        self,
        op: Op,
        name: str,
        inputs: tuple[int, ...],
        like: tuple[Shape, bool],
        quant: Quantisation,
        form: tuple[str, int],
        attributes: Attributes | None = None,
    ) -> Coded:
        """Append a node and return its output."""
        shape, image = like
        number = self.add(name, stored(shape, image=image), form[0], quant, None, form[1])
        self.nodes.append(
            Node(op, self._unique(name), inputs, (number,), attributes or Attributes())
        )
        return Coded(number, shape, image)

    def moved(
        self,
        op: Op,
        source: Coded,
        shape: Shape,
        *,
        image: bool,
        attributes: Attributes,
        name: str = "",
    ) -> Coded:
        """Append a node that moves codes and keeps their scale."""
        tensor = self.tensors[source.number]
        if tensor.quant is None:
            raise RefusedError("codes without a scale")
        title = name or f"{tensor.name}/{op.value}"
        form = (tensor.dtype, tensor.offset)
        found = self.emit(
            op, title, (source.number,), (shape, image), tensor.quant, form, attributes
        )
        return replace(found, real=source.real)

    def _unique(self, name: str) -> str:
        chosen, count = name, 1
        while chosen in self._names:
            chosen, count = f"{name}_{count}", count + 1
        self._names.add(chosen)
        return chosen

    # --- layout ---

    def plain(self, value: Coded) -> Coded:
        """Return codes in the order of ONNX."""
        if not value.image:
            return value
        if math.prod(value.shape[2:]) == 1 or value.shape[1] == 1:
            return self.reshaped(value, value.shape, keep=True)
        if len(value.shape) == 3:
            squeezed = self.reshaped(
                replace(value, image=False), (1, value.shape[2], value.shape[1]), keep=True
            )
            return self.moved(
                Op.TRANSPOSE,
                squeezed,
                value.shape,
                image=False,
                attributes=Attributes(order=(0, 2, 1)),
            )
        return self.moved(
            Op.TRANSPOSE, value, value.shape, image=False, attributes=Attributes(order=BACK)
        )

    def as_image(self, value: Coded) -> Coded:
        """Return codes with channels last."""
        if value.image:
            return value
        if len(value.shape) == 3:
            turned = self.moved(
                Op.TRANSPOSE,
                value,
                (1, value.shape[2], value.shape[1]),
                image=False,
                attributes=Attributes(order=(0, 2, 1)),
            )
            return replace(self.relaid(turned, value.shape, image=True), image=True)
        if len(value.shape) != 4:
            raise RefusedError(f"an image of shape {value.shape}, not N,C,H,W or N,C,L")
        if math.prod(value.shape[2:]) == 1 or value.shape[1] == 1:
            return self.relaid(value, value.shape, image=True)
        return self.moved(
            Op.TRANSPOSE, value, value.shape, image=True, attributes=Attributes(order=FORWARD)
        )

    def reshaped(self, value: Coded, shape: Shape, *, keep: bool = False) -> Coded:
        """Return codes in ONNX order under another shape; nothing is moved."""
        source = value if keep or not value.image else self.plain(value)
        return self.relaid(source, shape, image=False)

    def relaid(self, value: Coded, shape: Shape, *, image: bool = True) -> Coded:
        """Return the same bytes under another shape."""
        if self.tensors[value.number].shape == stored(shape, image=image):
            return replace(value, shape=shape, image=image)
        return self.moved(Op.RESHAPE, value, shape, image=image, attributes=Attributes())

    # --- quantising ---

    def quantised(self, value: Value, quant: Quantisation, dtype: str, name: str) -> Coded:
        """Return the codes of real values.

        `quant` and `dtype` are those of the file. A value that is quantised several times in the
        same way is computed once.
        """
        own = graph_quant(quant, dtype)
        kind, offset, *_ = code_type(dtype)
        if isinstance(value, GraphInput):
            if value.dtype not in FLOATS:
                raise RefusedError(f"input {value.name!r} of type {value.dtype} is quantised")
            return self.input(value, quant, dtype)
        if isinstance(value, Flat):
            value = self.flat(value)
        if isinstance(value, Coded):
            if not value.real:
                raise RefusedError("codes are quantised again without being dequantised")
            return replace(self._requantised(value, own, (kind, offset), name), real=False)
        if not isinstance(value, Pending):
            raise RefusedError(f"the value {described(value)}")
        key = (id(value), own.scale, own.zero_point, kind)
        if key not in self._emitted:
            self._kept.append(value)  # keeps id() from being used again
            self._emitted[key] = self._pending(value, own, (kind, offset), name)
        return self._emitted[key]

    def _requantised(
        self, value: Coded, quant: Quantisation, form: tuple[str, int], name: str
    ) -> Coded:
        tensor = self.tensors[value.number]
        if tensor.quant is not None and tensor.dtype == form[0] and same_quant(tensor.quant, quant):
            return value
        attributes = Attributes(function="requantise")
        like = (value.shape, value.image)
        return self.emit(Op.TABLE, name, (value.number,), like, quant, form, attributes)

    def _pending(
        self, value: Pending, quant: Quantisation, form: tuple[str, int], name: str
    ) -> Coded:
        numbers = tuple(part.number for part in value.inputs)
        if value.op is Op.CONCAT:
            parts = [self._requantised(part, quant, form, f"{name}/part") for part in value.inputs]
            numbers = tuple(part.number for part in parts)
        elif value.weights >= 0:
            numbers = (*numbers, value.weights, value.bias, *value.scales)
        attributes = replace(value.attributes, clamp=clamp_codes(value.clip, quant, form[0]))
        like = (value.shape, value.image)
        return self.emit(value.op, name, numbers, like, quant, form, attributes)
