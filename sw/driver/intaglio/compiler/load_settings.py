"""Attributes and output shapes of operators that move codes or work on them one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from intaglio.compiler import load_schema as schema
from intaglio.compiler.load_form import Form, UntakenError
from intaglio.spec.graph import Activation, Attributes, Op

Shape = tuple[int, ...]

_CLAMPS = {"relu": Activation.RELU, "relu1": Activation.RELU1, "relu6": Activation.RELU6}
MOST_PLACES = 256
MIRRORS = {0: "reflect", 1: "symmetric"}


def settings_of(form: Form) -> Attributes:
    """Return the attributes of an operator.

    Raises
    ------
    UntakenError
        Its form is not taken.
    ModelError
        E302: the file contradicts the schema.
    """
    return _SETTINGS.get(form.kind.op, _fused)(form)


def shape_of(form: Form, op: Op, attributes: Attributes) -> Shape | None:
    """Return the shape that an operator makes; None: it is free, or checked already."""
    return _SHAPES[op](form, attributes) if op in _SHAPES else None


def _fused(form: Form) -> Attributes:
    fused = form.option("activation")
    if fused not in schema.ACTIVATIONS:
        raise UntakenError(f"fused activation {fused} is not supported")
    return Attributes(activation=schema.ACTIVATIONS[fused])


def _concat(form: Form) -> Attributes:
    if form.option("activation"):
        raise UntakenError("a fused activation is not supported")
    return Attributes(order=(form.axis(form.option("axis")),))


def _transpose(form: Form) -> Attributes:
    order = form.numbers(1, "order")
    if sorted(order) != list(range(len(form.shape))) or order[0] != 0:
        raise UntakenError(f"order {order} of {len(form.shape)} axes")
    return Attributes(order=order)


def _argmax(form: Form) -> Attributes:
    axis = form.number(1, "axis")
    at = form.axis(axis)
    if form.shape[at] > MOST_PLACES:
        raise UntakenError(f"{form.shape[at]} places, more than {MOST_PLACES}")
    return Attributes(order=(at,))


def _depth_to_space(form: Form) -> Attributes:
    size = form.option("block")
    if len(form.shape) != 4 or size < 1 or form.shape[3] % (size * size):
        raise UntakenError(f"blocks of {size} of {form.shape}")
    return Attributes(kernel=(size, size))


def _resize(form: Form) -> Attributes:
    if len(form.shape) != 4:
        raise UntakenError(f"an image of shape {form.shape}")
    corners, centres = bool(form.option("corners")), bool(form.option("centres"))
    return Attributes(function=form.kind.function, corners=corners, centres=centres)


def _table(form: Form) -> Attributes:
    function = form.kind.function
    if function in _CLAMPS:
        return Attributes(function="requantise", activation=_CLAMPS[function])
    if function == "gelu" and form.option("approximate"):
        return Attributes(function="gelu_tanh")
    alpha = 1.0
    if function == "leaky_relu" and form.raw.options is not None:
        alpha = float(form.raw.options.real(form.kind.options["alpha"]))
        if not abs(alpha) < 1e6:
            raise form.raw.table.damaged(f"has slope {alpha}", "a finite number")
    return Attributes(function=function, beta=alpha)


def _pad(form: Form) -> Attributes:
    amounts = form.numbers(1, "amounts")
    rank = len(form.shape)
    if len(amounts) != 2 * rank or not all(0 <= n < 1 << 15 for n in amounts) or any(amounts[:2]):
        raise UntakenError(f"amounts {amounts} of {rank} axes")
    if len(form.raw.inputs) > 2:
        value = form.number(2, "value")
        quant = form.activations[0].tensor.quant
        if quant is None or value != quant.zero_point:
            raise UntakenError(f"value {value}, not the zero point")
    edge = "zero"
    if form.kind.function == "mirror":
        mode = form.option("mode")
        if mode not in MIRRORS:
            raise form.raw.table.damaged(f"has mode {mode}", "0 or 1")
        edge = MIRRORS[mode]
        most = [size - (edge == "reflect") for size in form.shape for _ in range(2)]
        if any(n > limit for n, limit in zip(amounts, most, strict=True)):
            raise UntakenError(f"amounts {amounts}, more than there is to mirror in {form.shape}")
    return Attributes(begin=amounts[0::2], end=amounts[1::2], edge=edge)


def _transposed(form: Form) -> Attributes:
    padding = form.option("padding")
    stride = (form.option("stride_h"), form.option("stride_w"))
    if padding not in schema.PADDINGS or not all(1 <= n < 1 << 10 for n in stride):
        raise form.raw.table.damaged(f"has padding {padding} and stride {stride}", "1 or more")
    weights = form.model.tensors[form.raw.inputs[1]].tensor.shape
    after = form.outputs[0].tensor.shape
    if (
        len(form.shape) != 4
        or len(after) != 4
        or weights != (after[3], *weights[1:3], form.shape[3])
    ):
        raise UntakenError(f"weights of shape {weights} on {form.shape}")
    if len(form.raw.inputs) > 3 and form.raw.inputs[3] >= 0:
        bias = form.model.tensors[form.raw.inputs[3]].tensor
        if bias.data is None or bias.shape != after[3:]:
            raise UntakenError(f"a bias of shape {bias.shape}")
    return replace(_fused(form), stride=stride, padding=schema.PADDINGS[padding])


_SETTINGS: dict[Op, Callable[[Form], Attributes]] = {
    Op.TABLE: _table,
    Op.CONCAT: _concat,
    Op.PAD: _pad,
    Op.TRANSPOSE: _transpose,
    Op.ARGMAX: _argmax,
    Op.DEPTH_TO_SPACE: _depth_to_space,
    Op.RESIZE: _resize,
    Op.TRANSPOSED_CONV: _transposed,
}


def _same(form: Form, attributes: Attributes) -> Shape:
    del attributes
    return form.shape


def _larger(form: Form, attributes: Attributes) -> Shape:
    """Return the shape of the operand that the other one is a factor of each channel of."""
    del attributes
    return max((part.tensor.shape for part in form.activations), key=math.prod)


def _padded(form: Form, attributes: Attributes) -> Shape:
    pairs = zip(form.shape, attributes.begin, attributes.end, strict=True)
    return tuple(size + before + after for size, before, after in pairs)


def _joined(form: Form, attributes: Attributes) -> Shape:
    shapes = [part.tensor.shape for part in form.activations]
    axis, first = attributes.order[0], shapes[0]
    if any(len(shape) != len(first) for shape in shapes):
        return ()
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    total = sum(shape[axis] for shape in shapes)
    return (*first[:axis], total, *first[axis + 1 :]) if len(rests) == 1 else ()


def _shuffled(form: Form, attributes: Attributes) -> Shape:
    batch, height, width, channels = form.shape
    size = attributes.kernel[0]
    return batch, height * size, width * size, channels // size**2


_SHAPES: dict[Op, Callable[[Form, Attributes], Shape]] = {
    **dict.fromkeys((Op.TABLE, Op.PRELU, Op.SUB), _same),
    Op.MUL: _larger,
    Op.PAD: _padded,
    Op.TRANSPOSE: lambda form, attributes: tuple(form.shape[i] for i in attributes.order),
    Op.CONCAT: _joined,
    Op.DEPTH_TO_SPACE: _shuffled,
    Op.RESIZE: lambda form, _: (form.shape[0], *form.numbers(1, "size"), form.shape[3]),
    Op.ARGMAX: lambda form, attributes: tuple(
        size for axis, size in enumerate(form.shape) if axis != attributes.order[0]
    ),
}
