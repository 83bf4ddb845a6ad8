"""Parts of a tensor: the slices and splits of a TFLite file."""

from __future__ import annotations

from intaglio.compiler.load_form import Form, UntakenError
from intaglio.spec.graph import Attributes

Ranges = list[range]


def parts_of(form: Form) -> list[tuple[int, Attributes]]:
    """Return the output and the attributes of each SLICE of an operator.

    Raises
    ------
    UntakenError
        The parts are computed, or none.
    """
    find = {
        "split": _split,
        "split_sizes": _split_sizes,
        "slice": _slice,
        "strided": _strided,
    }[form.kind.function]
    found = find(form)
    if len(found) != len(form.raw.outputs):
        raise form.raw.table.damaged(
            f"has {len(form.raw.outputs)} outputs", f"{len(found)}, one for each part"
        )
    return [
        (number, _attributes(form, ranges))
        for number, ranges in zip(form.raw.outputs, found, strict=True)
    ]


def _attributes(form: Form, ranges: Ranges) -> Attributes:
    if min(map(len, ranges)) < 1 or ranges[0] != range(form.shape[0]):
        raise UntakenError(f"a part {ranges} of {form.shape}")
    return Attributes(
        begin=tuple(part.start for part in ranges),
        end=tuple(part.stop for part in ranges),
        step=tuple(part.step for part in ranges),
    )


def _whole(form: Form) -> Ranges:
    return [range(size) for size in form.shape]


def _split(form: Form) -> list[Ranges]:
    axis = form.number(0, "axis")
    count = len(form.raw.outputs)
    at = form.axis(axis)
    size, rest = divmod(form.shape[at], count)
    if rest:
        raise form.raw.table.damaged(f"splits {form.shape[at]} in {count}", "equal parts")
    return _in_a_row(form, at, (size,) * count)


def _split_sizes(form: Form) -> list[Ranges]:
    sizes, axis = form.numbers(1, "sizes"), form.number(2, "axis")
    at = form.axis(axis)
    if sum(sizes) != form.shape[at] or min(sizes, default=0) < 1:
        raise form.raw.table.damaged(f"splits {form.shape[at]} in {sizes}", "parts that fill it")
    return _in_a_row(form, at, sizes)


def _in_a_row(form: Form, axis: int, sizes: tuple[int, ...]) -> list[Ranges]:
    found, first = [], 0
    for size in sizes:
        ranges = _whole(form)
        ranges[axis] = range(first, first + size)
        found.append(ranges)
        first += size
    return found


def _slice(form: Form) -> list[Ranges]:
    begins, sizes = form.numbers(1, "begin"), form.numbers(2, "size")
    if len(begins) != len(form.shape) or len(sizes) != len(form.shape):
        raise form.raw.table.damaged(f"has begin {begins} and size {sizes}", "one for each axis")
    ranges = []
    for whole, begin, size in zip(form.shape, begins, sizes, strict=True):
        length = whole - begin if size == -1 else size
        if begin < 0 or length < 1 or begin + length > whole:
            raise form.raw.table.damaged(f"cuts {size} from {begin} of {whole}", "a part of it")
        ranges.append(range(begin, begin + length))
    return [ranges]


def _strided(form: Form) -> list[Ranges]:
    begins, ends, steps = (form.numbers(i, "bounds") for i in (1, 2, 3))
    if form.option("ellipsis") or form.option("new_axis") or form.option("offset"):
        raise UntakenError("an ellipsis, a new axis or an offset is not supported")
    if not len(begins) == len(ends) == len(steps) == len(form.shape) or min(steps) < 1:
        raise UntakenError(f"begin {begins}, end {ends} and step {steps} of {form.shape}")
    ranges = []
    for axis, whole in enumerate(form.shape):
        bit = 1 << axis
        begin = None if form.option("begin") & bit else begins[axis]
        end = None if form.option("end") & bit else ends[axis]
        if form.option("shrink") & bit:
            at = begins[axis] + whole * (begins[axis] < 0)
            begin, end = at, at + 1
        ranges.append(range(*slice(begin, end, steps[axis]).indices(whole)))
    return [ranges]
