"""Random shapes of every kind of operator, small enough to be simulated by the hundred."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from intaglio.api.bench_shapes import Shape
from intaglio.spec.graph import Op

Pick = Callable[[int, int], int]  # a number from the first to the second, both included


def random_shape(kind: str, pick: Pick) -> Shape:
    """Return a shape of `kind`, a key of :data:`KINDS`; `pick` decides every number."""
    return KINDS[kind](pick)


def _image(pick: Pick, channels: int) -> tuple[int, int, int]:
    return pick(1, 9), pick(1, 9), channels


def _padded(shape: Shape, pick: Pick) -> Shape:
    """Return `shape` with a padding under which it has at least one window."""
    pads = []
    for axis in range(2):
        reach = (shape.kernel[axis] - 1) * shape.dilation[axis] + 1
        before, after = pick(0, reach - 1), pick(0, reach - 1)
        pads += [before, max(after, reach - shape.image[axis] - before)]
    given = (pads[0], pads[1], pads[2], pads[3])
    return replace(shape, padding="same" if pick(0, 2) == 0 else given)


def _window(op: Op, pick: Pick, channels: int, outputs: int, most: int = 3) -> Shape:
    shape = Shape(
        op,
        _image(pick, channels),
        outputs,
        kernel=(pick(1, most), pick(1, most)),
        stride=(pick(1, 3), pick(1, 3)),
    )
    return _padded(shape, pick)


def _conv(pick: Pick) -> Shape:
    return _window(Op.CONV, pick, pick(1, 20), pick(1, 13))


def _first(pick: Pick) -> Shape:
    return _window(Op.CONV, pick, pick(1, 3), pick(1, 9), 5)


def _large(pick: Pick) -> Shape:
    return _window(Op.CONV, pick, pick(1, 6), pick(1, 5), 9)


def _dilated(pick: Pick) -> Shape:
    shape = _window(Op.CONV, pick, pick(1, 9), pick(1, 9))
    return _padded(replace(shape, dilation=(pick(1, 4), pick(1, 4))), pick)


def _band(pick: Pick) -> Shape:
    shape = _window(Op.CONV, pick, pick(1, 9), pick(1, 9))
    length, along = pick(2, 11), pick(0, 1)
    return _padded(replace(shape, kernel=(length, 1) if along else (1, length)), pick)


def _grouped(pick: Pick) -> Shape:
    groups, inner, outer = pick(2, 6), 1 << pick(0, 3), 1 << pick(0, 3)
    shape = _window(Op.CONV, pick, groups * inner, groups * (outer if pick(0, 1) else inner))
    return replace(shape, groups=groups)


def _uneven_groups(pick: Pick) -> Shape:
    groups = pick(2, 4)
    shape = _window(Op.CONV, pick, groups * pick(1, 5), groups * pick(1, 5))
    return replace(shape, groups=groups)


def _depthwise(pick: Pick) -> Shape:
    channels = pick(1, 20)
    shape = _window(Op.DEPTHWISE, pick, channels, channels, 7)
    return _padded(replace(shape, dilation=(pick(1, 2), pick(1, 2))), pick)


def _multiplied(pick: Pick) -> Shape:
    channels = pick(1, 6)
    return _window(Op.DEPTHWISE, pick, channels, channels * pick(2, 4))


def _transposed(pick: Pick) -> Shape:
    groups = (1, 1, 2, 3)[pick(0, 3)]
    image = (pick(1, 6), pick(1, 6), groups * pick(1, 9))
    kernel, stride = (pick(1, 5), pick(1, 5)), (pick(1, 4), pick(1, 4))
    shape = Shape(
        Op.TRANSPOSED_CONV,
        image,
        groups * pick(1, 9),
        kernel=kernel,
        stride=stride,
        groups=groups,
        out_padding=(pick(0, stride[0] - 1), pick(0, stride[1] - 1)),
    )
    pads = []
    for most in (size - 1 for size in shape.places):
        before = pick(0, min(most, 3))
        pads += [before, pick(0, min(most - before, 3))]
    return replace(shape, padding=(pads[0], pads[1], pads[2], pads[3]))


def _edged(edge: str) -> Callable[[Pick], Shape]:
    def shape(pick: Pick) -> Shape:
        op = (Op.CONV, Op.DEPTHWISE)[pick(0, 1)]
        channels = pick(1, 20)
        outputs = pick(1, 13) if op is Op.CONV else channels
        found = _window(op, pick, channels, outputs, 5)
        found = replace(found, dilation=(pick(1, 2), pick(1, 2)))
        if found.padding == "same":
            return replace(_padded(found, lambda low, high: max(low, 1)), edge=edge)
        return replace(_padded(found, pick), edge=edge)

    return shape


def _long_row(pick: Pick) -> Shape:
    op, channels = (Op.CONV, Op.DEPTHWISE)[pick(0, 1)], pick(1, 6)
    outputs = pick(1, 5) if op is Op.CONV else channels
    taps = pick(100, 1500)
    width = pick(1, taps + 20)
    shape = Shape(op, (1, width, channels), outputs, kernel=(1, taps))
    more = pick(0, 5)
    before = pick(0, min(taps - 1, max(taps - width, 0) + 15))
    after = max(taps - width - before, 0) + more
    return replace(shape, padding=(0, 0, before, after))


def _gemm(pick: Pick) -> Shape:
    return Shape(Op.CONV, (1, pick(1, 40), pick(1, 70)), pick(1, 30))


def _product(pick: Pick) -> Shape:
    return Shape(Op.MATMUL, (pick(1, 3), pick(1, 20), pick(1, 40)), pick(1, 40))


def _gram(pick: Pick) -> Shape:
    size = pick(5, 40)
    return Shape(Op.MATMUL, (pick(1, 2), size, pick(1, 60)), size, gram=True)


def _vector_product(pick: Pick) -> Shape:
    return Shape(Op.MATMUL, (pick(1, 2), 1, pick(1, 60)), pick(1, 60))


def _dense(pick: Pick) -> Shape:
    return Shape(Op.DENSE, (1, 1, pick(1, 300)), pick(1, 40))


def _max_pool(pick: Pick) -> Shape:
    channels = pick(1, 13)
    return _window(Op.MAX_POOL, pick, channels, channels, 4)


def _average_pool(pick: Pick) -> Shape:
    channels = pick(1, 13)
    return _window(Op.AVERAGE_POOL, pick, channels, channels, 4)


def _mean(pick: Pick) -> Shape:
    channels = pick(1, 20)
    return Shape(Op.MEAN, _image(pick, channels), channels)


def _add(pick: Pick) -> Shape:
    channels = pick(1, 20)
    return Shape(Op.ADD, _image(pick, channels), channels)


KINDS: dict[str, Callable[[Pick], Shape]] = {
    "conv": _conv,
    "first layer": _first,
    "large kernel": _large,
    "dilated": _dilated,
    "band": _band,
    "grouped": _grouped,
    "uneven groups": _uneven_groups,
    "depthwise": _depthwise,
    "depthwise multiplier": _multiplied,
    "transposed": _transposed,
    **{f"{edge} padding": _edged(edge) for edge in ("wrap", "edge", "reflect", "symmetric")},
    "long row": _long_row,
    "gemm": _gemm,
    "product": _product,
    "vector product": _vector_product,
    "gram": _gram,
    "dense": _dense,
    "max pool": _max_pool,
    "average pool": _average_pool,
    "mean": _mean,
    "add": _add,
}
