"""Which literals are equal: by simulation of many values first, then by the solver."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from intaglio.bench.mutant_logic import Logic, draw

PATTERNS = 1024
NEAR = 64  # patterns that are added for each answer of the solver: it, and others near it
MOST_PATTERNS = 1 << 14


class Sweep:
    """Equal functions of a graph, found one after the other, operands first.

    Where the values of two literals differ for one of the patterns, they are not equal. Else the
    solver is asked, and what it answers becomes a pattern.

    Parameters
    ----------
    logic : Logic
    solve : callable
        Returns values of variables for which a literal is true, None where there are none, or a
        text where it gave up.
    """

    def __init__(self, logic: Logic, solve: Callable[[int], Any]) -> None:
        self.logic, self._solve = logic, solve
        self._random = Random(1)
        self._width = PATTERNS
        self._values: list[int] = []

    def forget(self, size: int) -> None:
        """Forget nodes as :meth:`Logic.forget` does."""
        del self._values[size:]

    def equal(self, a: int, b: int) -> bool | None:
        """Tell whether two literals are equal for all values of variables; None: not known."""
        if a == b:
            return True
        mask = (1 << self._width) - 1
        self.logic.extend(self._values, mask, lambda _: draw(self._random, self._width))
        differ = self._values[a >> 1] ^ self._values[b >> 1]
        if differ != (mask if (a ^ b) & 1 else 0):
            return False
        answer = self._solve(self.logic.differ(a, b))
        if answer is None:
            return True
        if isinstance(answer, str):
            return None
        self._learn(answer)
        return False

    def merge(self, good: int, bad: int) -> int:
        """Return `good` if both are equal, else `bad`."""
        return good if self.equal(good, bad) else bad

    def _learn(self, answer: dict[int, int]) -> None:
        """Add patterns: the answer, and some in which few variables are others."""
        if self._width >= MOST_PATTERNS:
            return
        full = (1 << NEAR) - 1

        def near(literal: int) -> int:
            value = answer.get(literal)
            if value is None:
                return self._random.getrandbits(NEAR)
            noise = full
            for _ in range(4):
                noise &= self._random.getrandbits(NEAR)
            return (full if value else 0) ^ noise & ~1

        added: list[int] = []
        self.logic.extend(added, full, near)
        missing = len(added) - len(self._values)
        self._values += [0] * missing
        self._values = [value << NEAR | new for value, new in zip(self._values, added, strict=True)]
        self._width += NEAR
