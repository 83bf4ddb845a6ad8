"""One operator of an ONNX file, and the order in which operators run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, TypeVar

from intaglio.compiler.load_onnx_values import RefusedError
from intaglio.spec.errors import Finding, ModelError

Kind = TypeVar("Kind")
MAX_TEXT = 300


@dataclass(frozen=True, eq=False)
class OnnxNode:
    """One operator: `domain` is empty for the standard operators."""

    index: int
    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def ints(self, name: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return an attribute of several integers."""
        return self._as(name, default, lambda value: tuple(int(v) for v in value))

    def integer(self, name: str, default: int = 0) -> int:
        """Return an attribute of one integer."""
        return self._as(name, default, int)

    def real(self, name: str, default: float = 0.0) -> float:
        """Return an attribute of one real number."""
        return self._as(name, default, float)

    def text(self, name: str, default: str = "") -> str:
        """Return an attribute of text."""
        return self._as(name, default, text_of)

    def _as(self, name: str, default: Kind, kind: Callable[[Any], Kind]) -> Kind:
        """Return an attribute of one kind.

        Raises
        ------
        RefusedError
            It is of another kind.
        """
        if name not in self.attributes:
            return default
        try:
            return kind(self.attributes[name])
        except (TypeError, ValueError, OverflowError) as error:
            raise RefusedError(f"attribute {name!r} of another type") from error


def text_of(value: object) -> str:
    """Return text of a file; bytes that are not UTF-8 are replaced."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def damaged(file: str, have: str, need: str, where: str = "") -> ModelError:
    """Return the error of a file that contradicts itself or its format."""
    have = shortened(have)
    return ModelError(
        Finding(
            "E302",
            f"{file} is damaged: {have}",
            where=shortened(f"{file}: {where}" if where else file),
            have=have,
            need=need,
            help="export the model again, and check it with onnx.checker",
        )
    )


def shortened(text: object) -> str:
    """Return text of a file in one line of bounded length."""
    line = " ".join(text_of(text).split())
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 3]}..."


def ordered(records: list[OnnxNode], given: Collection[str], file: str) -> tuple[OnnxNode, ...]:
    """Return operators so that each comes after those that it reads.

    Parameters
    ----------
    given : collection of str
        Names that no operator makes: inputs and constants.

    Raises
    ------
    ModelError
        E302: a name is made twice or nowhere, or the operators read each other in a circle.
    """
    maker: dict[str, int] = {}
    known = set(given)
    for record in records:
        for name in record.outputs:
            if name and (name in maker or name in known):
                raise damaged(file, f"{name!r} is made twice", "each value made once")
            maker[name] = record.index
    waits: list[set[int]] = []
    readers: dict[int, list[int]] = {}
    for record in records:
        before: set[int] = set()
        for name in record.inputs:
            if not name or name in known:
                continue
            if name not in maker:
                raise damaged(
                    file,
                    f"operator {record.index} {record.op} reads {name!r}, which is made nowhere",
                    "an initialiser, an input or an operator's output",
                )
            before.add(maker[name])
        waits.append(before)
        for other in before:
            readers.setdefault(other, []).append(record.index)
    ready = [i for i, before in enumerate(waits) if not before]
    order: list[OnnxNode] = []
    while ready:  # a heap: the order of the file, where that is one
        index = heappop(ready)
        order.append(records[index])
        for reader in readers.get(index, ()):
            waits[reader].discard(index)
            if not waits[reader]:
                heappush(ready, reader)
    if len(order) < len(records):
        left = next(i for i, before in enumerate(waits) if before)
        raise damaged(
            file,
            f"operator {left} {records[left].op} reads what is made of its own output",
            "a graph without circles",
        )
    return tuple(order)
