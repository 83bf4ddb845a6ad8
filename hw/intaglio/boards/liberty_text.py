"""Liberty files as trees of groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_.+\-\[\]*/!&|^\'<>=%$@#~?]+)|([(){};:,])', re.S
)
_IGNORED = re.compile(r"/\*.*?\*/|\\\s*\n|//[^\n]*", re.S)


class LibertySyntaxError(ValueError):
    """The text is not that of a liberty file; the message says where."""


@dataclass
class Group:
    """A group: ``kind (names) { ... }``.

    Parameters
    ----------
    kind : str
        Such as ``cell`` or ``pin``.
    names : list of str
        In its parentheses.
    values : dict
        Text of each simple attribute; of one that comes twice, the last.
    lists : dict
        Arguments of each complex attribute.
    groups : list of Group
        Inside it, in order.
    """

    kind: str
    names: list[str]
    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def all(self, kind: str) -> list[Group]:
        """Return the groups of a kind directly inside."""
        return [group for group in self.groups if group.kind == kind]

    def number(self, name: str, default: float | None = None) -> float:
        """Return a simple attribute as a number.

        Raises
        ------
        LibertySyntaxError
            It is no number, or absent without a default.
        """
        text = self.values.get(name)
        if text is None and default is not None:
            return default
        try:
            return float(text or "")
        except ValueError as error:
            where = f"{self.kind} {' '.join(self.names)}"
            raise LibertySyntaxError(f"{name} of {where} is {text!r}, no number") from error


def parse_liberty(text: str) -> Group:
    """Return the library of a liberty file.

    Raises
    ------
    LibertySyntaxError
        The text is not balanced, or does not begin with a library.
    """
    tokens = _tokens(_IGNORED.sub(" ", text))
    try:
        kind = _next(tokens)[1]
        _expect(tokens, "(")
        names = _arguments(tokens)
        _expect(tokens, "{")
        library = _group(kind, names, tokens)
    except _EndError as error:
        raise LibertySyntaxError("the text ends within a group") from error
    if kind != "library":
        raise LibertySyntaxError(f"it begins with {kind!r}, not with a library")
    return library


class _EndError(Exception):
    """The text ends early."""


def _next(tokens: Iterator[tuple[bool, str]]) -> tuple[bool, str]:
    for token in tokens:
        return token
    raise _EndError


def _tokens(text: str) -> Iterator[tuple[bool, str]]:
    """Yield (is punctuation, text)."""
    for quoted, word, mark in _TOKEN.findall(text):
        yield (True, mark) if mark else (False, word or quoted)


def _arguments(tokens: Iterator[tuple[bool, str]]) -> list[str]:
    """Return what stands in parentheses, the first of which has been read."""
    found: list[str] = []
    for mark, text in tokens:
        if mark and text == ")":
            return found
        if not mark:
            found.append(text)
    raise _EndError


def _expect(tokens: Iterator[tuple[bool, str]], wanted: str) -> None:
    got = _next(tokens)
    if got != (True, wanted):
        raise LibertySyntaxError(f"{got[1]!r} stands where {wanted!r} is expected")


def _group(kind: str, names: list[str], tokens: Iterator[tuple[bool, str]]) -> Group:
    """Return a group whose opening brace has been read."""
    group = Group(kind, names)
    for mark, name in tokens:
        if (mark, name) == (True, "}"):
            return group
        if mark:  # a stray semicolon
            continue
        follows = _next(tokens)
        if follows == (True, ":"):
            group.values[name] = _value(tokens)
        elif follows == (True, "("):
            arguments = _arguments(tokens)
            if _next(tokens) == (True, "{"):
                group.groups.append(_group(name, arguments, tokens))
            else:
                group.lists.setdefault(name, []).extend(arguments)
        else:
            raise LibertySyntaxError(f"{follows[1]!r} stands behind {name!r}")
    raise _EndError


def _value(tokens: Iterator[tuple[bool, str]]) -> str:
    """Return what stands before a semicolon."""
    parts: list[str] = []
    for mark, text in tokens:
        if mark and text == ";":
            return " ".join(parts)
        parts.append(text)
    raise _EndError
