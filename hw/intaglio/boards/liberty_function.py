"""Functions of liberty cells as truth tables."""

from __future__ import annotations

import re
from itertools import product

from intaglio.boards.liberty_text import LibertySyntaxError


def truth_table(function: str, inputs: tuple[str, ...]) -> int:
    """Return the truth table of a liberty function.

    Raises
    ------
    LibertySyntaxError
        It is none.
    """
    total = 0
    for number, bits in enumerate(product((0, 1), repeat=len(inputs))):
        values = dict(zip(inputs, reversed(bits), strict=True))
        total |= _Expression(function, values).value() << number
    return total


class _Expression:
    """A function of liberty with values for its names: ``!``, ``'``, ``*``, ``&``, ``^``, ``+``."""

    def __init__(self, text: str, values: dict[str, int]) -> None:
        self.tokens = re.findall(r"[A-Za-z_]\w*|[01!'*&^+|()]", text)
        self.values, self.at = values, 0
        self.text = text

    def value(self) -> int:
        """Return 0 or 1."""
        found = self._sum()
        if self.at != len(self.tokens):
            raise LibertySyntaxError(f"function {self.text!r} is not understood")
        return found

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _sum(self) -> int:
        found = self._difference()
        while self._peek() in ("+", "|"):
            self.at += 1
            found |= self._difference()
        return found

    def _difference(self) -> int:
        found = self._product()
        while self._peek() == "^":
            self.at += 1
            found ^= self._product()
        return found

    def _product(self) -> int:
        found = self._factor()
        # Names side by side are a product, too.
        while self._peek() and self._peek() not in "+|^)":
            if self._peek() in "*&":
                self.at += 1
            found &= self._factor()
        return found

    def _factor(self) -> int:
        token = self._peek()
        self.at += 1
        if token == "!":
            return 1 - self._factor()
        if token == "(":
            found = self._sum()
            if self._peek() != ")":
                raise LibertySyntaxError(f"function {self.text!r} is not understood")
            self.at += 1
        elif token in ("0", "1"):
            found = int(token)
        elif token in self.values:
            found = self.values[token]
        else:
            raise LibertySyntaxError(f"function {self.text!r} is not understood")
        while self._peek() == "'":
            self.at += 1
            found = 1 - found
        return found
