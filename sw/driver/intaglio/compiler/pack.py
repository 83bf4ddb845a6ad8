"""Addresses for things that live for a while, so that the space they take is the least."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from intaglio.compiler.allocate import Life, Placed, first_fit
from intaglio.spec.errors import EnvironmentFault, Finding, ToolError

MOST_TRIES = 20_000
SECONDS = 10


@dataclass(frozen=True)
class Packing:
    """Where things lie.

    Parameters
    ----------
    placed : tuple of Placed
    size : int
        Units of space.
    bound : int
        What lives at once at some step: no packing takes less.
    proven : bool
        No packing is smaller than this one.
    """

    placed: tuple[Placed, ...]
    size: int
    bound: int
    proven: bool


def peak(lives: list[Life]) -> int:
    """Return the most units that live at one step."""
    steps = {life.first for life in lives}
    alive = (sum(n.size for n in lives if n.first <= step <= n.last) for step in steps)
    return max(alive, default=0)


def packed(lives: list[Life], solver: str = "enum") -> Packing:
    """Return addresses that take little space; the least, where that is proven.

    Things are placed one after the other at their lowest address; one of all orders gives the
    least space. Orders are tried depth first and left as soon as they take no less than the best;
    the peak ends the search, as do :data:`MOST_TRIES` placements.

    Parameters
    ----------
    solver : str
        ``"enum"``, or ``"cpsat"``: what the search did not prove is given to CP-SAT.

    Raises
    ------
    EnvironmentFault, ToolError
        E501, E602: CP-SAT is not installed, or failed.
    """
    found = _searched(lives)
    return found if found.proven or solver == "enum" else _solved(lives, found)


def _searched(lives: list[Life]) -> Packing:
    bound = peak(lives)
    orders = [
        lives,
        sorted(lives, key=lambda n: (-n.size, n.first)),
        sorted(lives, key=lambda n: (-n.size * (n.last - n.first + 1), n.first)),
        sorted(lives, key=lambda n: (n.first - n.last, -n.size)),
    ]
    best = min((_placed(order) for order in orders), key=_size)
    if _size(best) == bound:
        return Packing(tuple(best), bound, bound, True)
    search = _Search(best, _size(best), bound)
    search.go([], lives)
    ended = search.least == bound or search.tries <= MOST_TRIES
    return Packing(tuple(search.best), search.least, bound, ended)


def _placed(order: list[Life]) -> list[Placed]:
    placed: list[Placed] = []
    for life in order:
        placed.append(Placed(life, first_fit(life, placed, None) or 0))
    return placed


def _size(placed: list[Placed]) -> int:
    return max((p.end for p in placed), default=0)


@dataclass
class _Search:
    best: list[Placed]
    least: int
    bound: int
    tries: int = 0

    def go(self, placed: list[Placed], rest: list[Life]) -> None:
        """Place the rest in every order that may still take less than the best."""
        if not rest and _size(placed) < self.least:
            self.best, self.least = placed, _size(placed)
        for at, life in enumerate(rest):
            self.tries += 1
            if self.tries > MOST_TRIES or self.least == self.bound:
                return
            one = Placed(life, first_fit(life, placed, None) or 0)
            if one.end < self.least:
                self.go([*placed, one], rest[:at] + rest[at + 1 :])


def _solved(lives: list[Life], found: Packing) -> Packing:
    """Return what CP-SAT finds, in a process of its own, or `found`."""
    task = {
        "lives": [[n.size, n.first, n.last] for n in lives],
        "most": found.size,
        "least": found.bound,
        "seconds": SECONDS,
    }
    words = [sys.executable, "-m", "intaglio.compiler.pack_solver"]
    done = subprocess.run(
        words, input=json.dumps(task), capture_output=True, text=True, check=False
    )
    if done.returncode:
        absent = "No module named 'ortools'" in done.stderr
        finding = Finding(
            "E501" if absent else "E602",
            "CP-SAT is not installed" if absent else f"CP-SAT ended with {done.returncode}",
            where="--solver cpsat",
            have=(done.stderr.strip().splitlines() or ["no output"])[-1],
            need="ortools",
            help="pip install 'intaglio[solve]', or leave out --solver",
        )
        raise EnvironmentFault(finding) if absent else ToolError(finding)
    answer = json.loads(done.stdout)
    if answer["addresses"] is None:
        return found
    placed = tuple(Placed(n, a) for n, a in zip(lives, answer["addresses"], strict=True))
    return Packing(placed, _size(list(placed)), found.bound, answer["proven"])
