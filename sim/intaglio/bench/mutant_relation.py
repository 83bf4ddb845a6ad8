"""Proof by induction that a mutant's registers differ only while nothing reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from intaglio.bench.mutant_gates import Bits, GateNetlist, Step
from intaglio.bench.mutant_logic import FALSE, TRUE, Logic

MOST_GUARDS = 24
MOST_ROUNDS = 40


class Relation:
    """Which registers of the mutant equal those of the netlist, and when.

    Every register has a guard, a literal of the netlist's state: while it is true, the registers
    are equal. The relation is inductive if, from states and inputs that obey it, every guard that
    is true in the next cycle has equal next values, and the outputs cannot be told apart. Since
    both begin in one state, they are then never told apart.

    Parameters
    ----------
    gates : GateNetlist
    good, bad : Step
        Of the netlist and of the mutant.
    solve : callable
        Returns None where a literal cannot be true.
    told_apart : callable
        From the outputs of the mutant and of the netlist to the literal of: they differ.
    """

    def __init__(
        self,
        gates: GateNetlist,
        good: Step,
        bad: Step,
        solve: Callable[[int], Any],
        told_apart: Callable[[Any, Any], int],
    ) -> None:
        self.gates, self.good, self.bad = gates, good, bad
        self._solve, self._told_apart = solve, told_apart
        self.logic: Logic = gates.logic
        self._guards: Bits = [TRUE] * len(gates.registers)
        self._left: list[Iterator[int]] = [iter(()) for _ in gates.registers]

    def holds(self) -> bool:
        """Search guards until the relation is inductive; tell whether it was found."""
        for _ in range(MOST_ROUNDS):
            outputs, following = self._after()
            if self._solve(self._told_apart(outputs, self.good.outputs)) is not None:
                return False
            broken = [n for n in range(len(following)) if self._violated(n, following[n])]
            if not broken:
                return True
            for n in broken:
                if self._guards[n] == TRUE:
                    self._left[n] = iter(self._candidates(n, following[n]))
                guard = next(self._left[n], None)
                if guard is None:
                    return False
                self._guards[n] = guard
        return False

    def _after(self) -> tuple[dict[str, Bits], Bits]:
        """Return outputs and next values of the mutant from states that obey the relation."""
        logic = self.logic
        state = {}
        for register, guard in zip(self.gates.registers, self._guards, strict=True):
            if guard != TRUE:
                state[register] = logic.choose(guard, register, logic.variable())
        if not state:
            return dict(self.bad.outputs), list(self.bad.following)
        names = list(self.bad.outputs)
        bits = [bit for name in names for bit in self.bad.outputs[name]]
        values = logic.compose([*bits, *self.bad.following], state)
        rest = iter(values)
        outputs = {name: [next(rest) for _ in self.bad.outputs[name]] for name in names}
        return outputs, list(rest)

    def _violated(self, n: int, value: int) -> bool:
        """Tell whether register n may differ although its guard is true in the next cycle."""
        return self._solve(self._violation(n, value, self._guards[n])) is not None

    def _violation(self, n: int, value: int, guard: int) -> int:
        differ = self.logic.differ(self.good.following[n], value)
        if differ == FALSE or guard == TRUE:
            return differ
        following = dict(zip(self.gates.registers, self.good.following, strict=True))
        return self.logic.both(differ, self.logic.compose([guard], following)[0])

    def _candidates(self, n: int, value: int) -> list[int]:
        """Return guards under which register n does not differ in the next cycle, FALSE last."""
        found = [
            guard
            for register in self.gates.control[:MOST_GUARDS]
            for guard in (register, register ^ 1)
            if self._solve(self._violation(n, value, guard)) is None
        ]
        return [*found, FALSE]
