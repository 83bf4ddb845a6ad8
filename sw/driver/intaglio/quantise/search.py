"""Formats by layer found by accuracy: a policy is rewarded for it, and for costs within a target.

Each group has softmax logits of its own over its options. After a warm-up of uniform samples, each
step draws assignments, rewards them by

    r = quality - beta * max(cost / target - 1, 0)          (two-sided: |cost / target - 1|)

and moves the logits by (r - EMA of r) * grad log pi, less a growing penalty on the entropy, so that
the policy ends on one assignment: beta_H(t) = most * (1 - cos(pi (t - d) / (T - d))) / 2. In the
end changes of one and of two groups of the best assignments are tried until none is better.

Source: FLIQS (Dotzel, 2023); here without training between steps, and with those changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, FitError

Real = npt.NDArray[np.float64]
Judge = Callable[[tuple[int, ...]], float]
FIRST_LOGIT = 0.5
STARTS = 4  # assignments that changes begin with


@dataclass(frozen=True)
class Policy:
    """Settings of the search.

    Parameters
    ----------
    steps, delay : int
        Steps in all, and of them at first with uniform samples.
    draws : int
        Assignments of a step.
    rate : float
        Of the logits, by Adam.
    beta : float
        Weight of the cost in the reward.
    entropy : float
        Greatest weight of the entropy.
    decay : float
        Of the mean of rewards.
    two_sided : bool
        Costs below the target are held against an assignment too.
    """

    steps: int = 600
    delay: int = 30
    draws: int = 8
    rate: float = 0.03
    beta: float = 2.0
    entropy: float = 0.02
    decay: float = 0.99
    two_sided: bool = False


@dataclass(frozen=True, eq=False)
class Found:
    """What a search ends with.

    Parameters
    ----------
    chosen : tuple of int
        Option of each group: the best assignment within the target that was judged.
    final : tuple of int
        The most probable assignment of the policy in the end.
    judged : int
        Different assignments that were judged.
    """

    chosen: tuple[int, ...]
    quality: float
    cost: float
    final: tuple[int, ...]
    judged: int


def search(
    sizes: Sequence[int],
    quality: Judge,
    cost: Judge,
    target: float,
    policy: Policy | None = None,
    seed: int = 0,
) -> Found:
    """Search the options of groups for the greatest quality at a cost of at most `target`.

    Parameters
    ----------
    sizes : sequence of int
        Options of each group.
    quality, cost : callables
        Of indices of options: accuracy from 0 to 1, and what the hardware costs.
    target : float
        In the unit of the cost.
    seed : int
        The same gives the same result.

    Raises
    ------
    FitError
        E408: no assignment that was drawn costs as little.
    """
    how, rng = policy or Policy(), np.random.default_rng(seed)
    known: dict[tuple[int, ...], tuple[float, float]] = {}

    def judge(chosen: tuple[int, ...]) -> tuple[float, float]:
        if chosen not in known:
            known[chosen] = quality(chosen), cost(chosen)
        return known[chosen]

    logits = [np.full(size, FIRST_LOGIT) for size in sizes]
    adam = [_Adam(size, how.rate) for size in sizes]
    mean = 0.0
    for step in range(how.steps):
        warm = step < how.delay
        gradients = [np.zeros(size) for size in sizes]
        shares = [_softmax(np.zeros_like(part) if warm else part) for part in logits]
        for draw in range(how.draws):
            chosen = tuple(int(rng.choice(p.size, p=p)) for p in shares)
            reward = _reward(*judge(chosen), target, how)
            first = step == draw == 0
            mean = reward if first else how.decay * mean + (1 - how.decay) * reward
            for place, (p, option) in enumerate(zip(shares, chosen, strict=True)):
                gradients[place] += (reward - mean) * (np.eye(p.size)[option] - p) / how.draws
        if warm:
            continue
        rest = (step - how.delay) / max(how.steps - how.delay, 1)
        weight = how.entropy * (1 - math.cos(math.pi * rest)) / 2
        for place, (p, gradient) in enumerate(zip(shares, gradients, strict=True)):
            logits[place] += adam[place].step(gradient + weight * _sharper(p))
    final = tuple(int(part.argmax()) for part in logits)
    judge(final)
    within = {c: v for c, v in known.items() if v[1] <= target}
    if not within:
        raise _none(target, min(v[1] for v in known.values()))
    order = sorted(within, key=lambda c: (-within[c][0], within[c][1]))
    ends = [_climbed(start, sizes, judge, target) for start in order[:STARTS]]
    best = max(ends, key=lambda c: (known[c][0], -known[c][1]))
    return Found(best, *known[best], final, len(known))


def _climbed(
    start: tuple[int, ...],
    sizes: Sequence[int],
    judge: Callable[[tuple[int, ...]], tuple[float, float]],
    target: float,
) -> tuple[int, ...]:
    """Return what an assignment becomes by changes, each the best of all and within the target."""
    while True:
        near = [c for c in _changed(start, sizes) if judge(c)[1] <= target]
        better = max(near, key=lambda c: judge(c)[0], default=start)
        if judge(better)[0] <= judge(start)[0]:
            return start
        start = better


def _changed(chosen: tuple[int, ...], sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the assignments that differ in one or two groups."""
    ones = [(place, option) for place, size in enumerate(sizes) for option in range(size)]
    for first, second in combinations_with_replacement(ones, 2):
        other = list(chosen)
        for place, option in (first, second):
            other[place] = option
        yield tuple(other)


def _reward(quality: float, cost: float, target: float, how: Policy) -> float:
    over = cost / target - 1
    return quality - how.beta * (abs(over) if how.two_sided else max(over, 0.0))


def _softmax(logits: Real) -> Real:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def _sharper(p: Real) -> Real:
    """Return the gradient of minus the entropy by the logits."""
    logs = np.log(np.maximum(p, 1e-12))
    return np.asarray(p * (logs - (p * logs).sum()))


class _Adam:
    """Steps of one group's logits, upwards."""

    def __init__(self, size: int, rate: float) -> None:
        self._first, self._second = np.zeros(size), np.zeros(size)
        self._rate, self._count = rate, 0

    def step(self, gradient: Real) -> Any:
        """Return by how much the logits move."""
        self._count += 1
        self._first = 0.9 * self._first + 0.1 * gradient
        self._second = 0.999 * self._second + 0.001 * gradient**2
        first = self._first / (1 - 0.9**self._count)
        second = self._second / (1 - 0.999**self._count)
        return self._rate * first / (np.sqrt(second) + 1e-8)


def _none(target: float, least: float) -> FitError:
    return FitError(
        Finding(
            "E408",
            f"no assignment that was drawn costs {target:g} or less: the least was {least:g}",
            where="target",
            have=f"{least:g}",
            need=f"at most {target:g}",
            help="raise the target, or draw more",
        )
    )
