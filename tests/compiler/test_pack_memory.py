"""Packing tensors into memory: the least space, by enumeration and by CP-SAT."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from intaglio.compiler import pack
from intaglio.compiler.allocate import Life, Placed, first_fit
from intaglio.compiler.pack import Packing, packed, peak


def random_lives(rng: np.random.Generator, count: int) -> list[Life]:
    firsts = rng.integers(0, count, count)
    lengths = rng.integers(0, 4, count)
    return [
        Life(i, int(rng.integers(1, 12)), int(firsts[i]), int(firsts[i] + lengths[i]))
        for i in range(count)
    ]


def least(lives: list[Life]) -> int:
    """Return the least space of all orders."""
    best = sum(life.size for life in lives)
    for order in permutations(lives):
        placed: list[Placed] = []
        for life in order:
            placed.append(Placed(life, first_fit(life, placed, None) or 0))
        best = min(best, max(p.end for p in placed))
    return best


def apart(placed: tuple[Placed, ...]) -> bool:
    """Tell whether no two things that live at once share a place."""
    pairs = [(a, b) for a in placed for b in placed if a.life.key < b.life.key]
    return all(a.end <= b.address or b.end <= a.address for a, b in pairs if a.life.meets(b.life))


@pytest.mark.parametrize("trial", range(20))
def test_enumeration_equals_brute_force(seed: int, trial: int) -> None:
    lives = random_lives(np.random.default_rng([seed, trial]), 6)
    found = packed(lives)
    assert found.proven
    assert found.size == least(lives)
    assert found.size >= found.bound == peak(lives)
    assert apart(found.placed)
    assert {p.life.key for p in found.placed} == set(range(6))


def test_cp_sat_proves_what_enumeration_leaves_open(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ortools")
    monkeypatch.setattr(pack, "_searched", as_given)
    for seed in range(200):
        lives = random_lives(np.random.default_rng(seed), 7)
        if as_given(lives).size > peak(lives):
            break
    assert not packed(lives).proven
    found = packed(lives, "cpsat")
    assert found.proven
    assert found.size == least(lives) < as_given(lives).size
    assert apart(found.placed)


def as_given(lives: list[Life]) -> Packing:
    """Return the packing of one order, which nothing proves."""
    placed = pack._placed(lives)
    return Packing(tuple(placed), max(p.end for p in placed), peak(lives), False)
