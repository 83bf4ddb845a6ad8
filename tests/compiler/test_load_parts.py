"""SPLIT and SPLIT_V of TFLite: the ranges of their parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from intaglio.compiler.load_form import UntakenError
from intaglio.compiler.load_parts import _split_sizes


@dataclass
class Stub:
    """An operator with constant operands."""

    operands: dict[int, tuple[int, ...]]
    shape: tuple[int, ...] = (1, 4, 5, 6)
    raw: Any = field(default=None)

    def numbers(self, place: int, what: str) -> tuple[int, ...]:
        return self.operands[place]

    def number(self, place: int, what: str) -> int:
        found = self.operands[place]
        if len(found) != 1:
            raise UntakenError(what)
        return found[0]

    def axis(self, value: int) -> int:
        return value % len(self.shape)


def test_sizes_of_a_split_follow_each_other() -> None:
    parts = _split_sizes(Stub({1: (2, 1, 3), 2: (-1,)}))  # type: ignore[arg-type]
    assert [part[3] for part in parts] == [range(0, 2), range(2, 3), range(3, 6)]
    assert all(part[:3] == [range(1), range(4), range(5)] for part in parts)


def test_several_axes_are_not_taken() -> None:
    with pytest.raises(UntakenError):
        _split_sizes(Stub({1: (6,), 2: (1, 2)}))  # type: ignore[arg-type]
