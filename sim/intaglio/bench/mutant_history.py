"""Proof that a mutant is none, from states that some steps lead to instead of from any state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from intaglio.bench.mutant_gates import Bits, GateNetlist, Step
from intaglio.bench.mutant_logic import FALSE, TRUE, Logic
from intaglio.bench.mutant_sweep import Sweep
from intaglio.bench.row import Port

State = dict[int, int]
MOST_BEFORE = 3


class History:
    def __init__(
        self,
        gates: GateNetlist,
        good: Step,
        streams: Mapping[str, Port],
        solve: Callable[[int], Any],
        told_apart: Callable[[Any, Any], int],
        most_after: int,
    ) -> None:
        self.gates, self.good, self._solve = gates, good, solve
        self._told_apart, self._most_after = told_apart, most_after
        self.logic: Logic = gates.logic
        self._ready = [gates.inputs[f"{n}__ready"][0] for n, p in streams.items() if not p.is_input]
        self._moves = [f"{n}__ready" for n, p in streams.items() if p.is_input]
        self._reset = gates.inputs["rst"][0]
        self._go = {self._reset: FALSE, **dict.fromkeys(self._ready, TRUE)}
        zeroed = self.logic.compose(good.following, {self._reset: TRUE})
        self._cleared = [a == b for a, b in zip(zeroed, gates.initial, strict=True)]
        held = {x for n, bits in gates.inputs.items() for x in bits
                if n.rpartition("__")[0] not in streams}
        fresh = [x for bits in gates.inputs.values() for x in bits if x not in held]
        fresh += [r for r, c in zip(gates.registers, self._cleared, strict=True) if c]
        self._fresh = [
            {x: self.logic.variable() for x in fresh}
            for _ in range(MOST_BEFORE + most_after + 1)
        ]
        self.rigid = self._rigid(good)
        self.sweep = Sweep(self.logic, solve)

    def _rigid(self, step: Step) -> bool:
        logic, move = self.logic, step.outputs[self._moves[0]][0]
        here, no_reset = move & ~1, {self._reset: FALSE}
        stays = logic.compose(step.following, {here: FALSE ^ (move & 1)})
        calm = logic.compose(step.following, {here: FALSE ^ (move & 1), **no_reset})
        moves = logic.compose(step.following, {here: TRUE ^ (move & 1)})
        goes = logic.compose(step.following, {here: TRUE ^ (move & 1), **no_reset})
        gone = logic.compose(step.following, self._go)
        for at, register in enumerate(self.gates.registers):
            cleared = self._cleared[at]
            stay, go = (calm[at], goes[at]) if cleared else (stays[at], moves[at])
            for condition, a, b in ((move ^ 1, stay, register), (move, go, gone[at])):
                if a != b and self._solve(logic.both(condition, logic.differ(a, b))) is not None:
                    return False
        return True

    def holds(self, mutant: int, bad: Step):
        if not self.rigid or not self._rigid(bad):
            return None
        for most, befores in ((0, (0, 1, 2, 3)), (self._most_after, (1, 2))):
            for before in befores:
                self.opens = 0
                anything = {r: r for r in self.gates.registers}
                if self._same(mutant, bad, self._reached(mutant, anything, before), before, most):
                    start = dict(zip(self.gates.registers, self.gates.initial, strict=True))
                    if all(
                        self._same(mutant, bad, self._reached(mutant, start, n), n, self._most_after)
                        for n in range(before)
                    ):
                        return before, self.after
                    print('base fails')
                    return None
        return None

    def _reached(self, mutant: int, state: State, steps: int) -> State:
        for n in range(steps):
            step = self.gates.step(mutant, self._given(state, n))
            state = dict(zip(self.gates.registers, step.following, strict=True))
        return state

    def _given(self, state: State, n: int) -> State:
        return state | self._fresh[n] | self._go

    def _outputs(self, step: Step, state: State) -> dict[str, Bits]:
        names = list(step.outputs)
        values = iter(self.logic.compose([x for n in names for x in step.outputs[n]], state))
        return {n: [next(values) for _ in step.outputs[n]] for n in names}

    def _seen(self, one: Step, a: State, other: Step, b: State) -> bool:
        told = self._told_apart(self._outputs(other, b), self._outputs(one, a))
        return self.sweep.equal(told, FALSE) is not True

    def _same(self, mutant: int, bad: Step, state: State, before: int, most: int) -> bool:
        gates = self.gates
        good = broken = state | {k:v for k,v in self._fresh[before].items() if k in state}
        if self._seen(self.good, good, bad, broken):
            return False
        for after in range(most + 1):
            if self.opens > 4:
                return False
            self.after = after
            one = gates.step(0, self._given(good, before + after))
            other = gates.step(0 if after else mutant, self._given(broken, before + after), one, self.sweep.merge)
            good = dict(zip(gates.registers, one.following, strict=True))
            broken = dict(zip(gates.registers, other.following, strict=True))
            left = [n for n, r in enumerate(gates.registers) if good[r] != broken[r]]
            if not left:
                return True
            if any(self._cleared[n] for n in left) or self._seen(self.good, good, self.good, broken):
                return False
        return False
