"""Proof that a mutant is no fault, from states that some moves lead to, not from any state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from intaglio.bench.mutant_gates import Bits, GateNetlist, Step
from intaglio.bench.mutant_logic import FALSE, TRUE
from intaglio.bench.mutant_solve import OPEN
from intaglio.bench.mutant_sweep import Sweep
from intaglio.bench.row import Port

State = dict[int, int]
MOST_BEFORE = 3
MOST_OPEN = 4  # questions that the solver may leave open, an attempt
MOST_SHOWN = 100  # or answer with values; more of them is what a real difference has


class History:
    """Compare a mutant of a straight pipeline with the netlist, after some of the mutant's moves.

    A pipeline is straight if, for all states and inputs, one of two things happens: it takes
    input, and its next state is that with every output ready (it moves); or it stays as it is. A
    reset clears some registers at any time and changes no other. Both are proved first, of the
    netlist and of the mutant. Registers that a reset clears are then taken as free after every
    move, so that nothing more has to be known of stalls and resets.

    The argument, for numbers m and n: let a state be reached by m moves of the mutant from any
    state, or by fewer from the initial one. The mutant cannot be told from the netlist in this
    state, and its next state leads to the same outputs as the netlist's next state: if both go
    through the gates of the netlist with the same inputs, outputs are the same each time, and
    after at most n further moves all registers are. As this holds in every state that the mutant
    can be in, the mutant is never told from the netlist, by induction.

    Parameters
    ----------
    gates : GateNetlist
    good : Step
        Of the netlist.
    streams : mapping
        The component's streams; other inputs are held.
    solve : callable
        Returns values of variables for which a literal is true, None where there are none, or a
        text where it gave up.
    told_apart : callable
        From the outputs of the mutant and of the netlist to the literal of: they differ.
    most_after : int
        Greatest n: moves that flush the pipeline.
    """

    def __init__(
        self,
        gates: GateNetlist,
        good: Step,
        streams: Mapping[str, Port],
        solve: Callable[[int], Any],
        told_apart: Callable[[Any, Any], int],
        most_after: int,
    ) -> None:
        self.gates, self.logic, self._good = gates, gates.logic, good
        self._ask, self._told_apart, self._most_after = solve, told_apart, most_after
        self._opens = self._shown = 0
        self._takes = [f"{n}__ready" for n, port in streams.items() if port.is_input]
        ready = [f"{n}__ready" for n, port in streams.items() if not port.is_input]
        self._reset = gates.inputs.get("rst", [FALSE])[0]
        self._go = {gates.inputs[n][0]: TRUE for n in ready if n in gates.inputs}
        self._go[self._reset] = FALSE
        zeroed = self.logic.compose(good.following, {self._reset: TRUE})
        self._cleared = [a == b for a, b in zip(zeroed, gates.initial, strict=True)]
        self.straight = self._straight(good)
        if self.straight:
            self._fresh = [self._variables(streams) for _ in range(MOST_BEFORE + most_after + 1)]
            self._sweep = Sweep(self.logic, self._solve)

    def forget(self, size: int) -> None:
        """Forget nodes as :meth:`intaglio.bench.mutant_logic.Logic.forget` does."""
        if self.straight:
            self._sweep.forget(size)

    def holds(self, mutant: int, bad: Step) -> tuple[int, int] | None:
        """Return m and n with which the argument holds, if any do."""
        if not self.straight or not self._straight(bad):
            return None
        initial = dict(zip(self.gates.registers, self.gates.initial, strict=True))
        for most, befores in ((0, range(MOST_BEFORE + 1)), (self._most_after, (1,))):
            for before in befores:
                after = self._same(mutant, bad, {}, before, most)
                if after is None:
                    continue
                starts = [
                    self._same(mutant, bad, initial, n, self._most_after) for n in range(before)
                ]
                known = [n for n in (after, *starts) if n is not None]
                return (before, max(known)) if len(known) == before + 1 else None
        return None

    def _variables(self, streams: Mapping[str, Port]) -> State:
        """Return new variables for inputs that may change and for registers that may be cleared."""
        inputs = [
            literal
            for name, bits in self.gates.inputs.items()
            if name.rpartition("__")[0] in streams
            for literal in bits
        ]
        return {literal: self.logic.variable() for literal in (*inputs, *self._clearable())}

    def _clearable(self) -> Bits:
        pairs = zip(self.gates.registers, self._cleared, strict=True)
        return [register for register, cleared in pairs if cleared]

    def _straight(self, step: Step) -> bool:
        """Tell whether the step moves or stays, and what a reset does."""
        logic = self.logic
        if len(self._takes) != 1 or self._takes[0] not in step.outputs:
            return False
        move = step.outputs[self._takes[0]][0]
        calm = {self._reset: FALSE}
        stays, moves = ({move & ~1: value ^ (move & 1)} for value in (FALSE, TRUE))
        any_stay, any_move = (logic.compose(step.following, given) for given in (stays, moves))
        stay, go = (logic.compose(step.following, given | calm) for given in (stays, moves))
        gone = logic.compose(step.following, self._go)
        zeroed = logic.compose(step.following, {self._reset: TRUE})
        for at, register in enumerate(self.gates.registers):
            if self._cleared[at]:
                if zeroed[at] != self.gates.initial[at]:
                    return False
                pairs = ((move ^ 1, stay[at], register), (move, go[at], gone[at]))
            else:
                pairs = ((move ^ 1, any_stay[at], register), (move, any_move[at], gone[at]))
            for given, a, b in pairs:
                if a != b and self._ask(logic.both(given, logic.differ(a, b))) is not None:
                    return False
        return True

    def _same(self, mutant: int, bad: Step, start: State, before: int, most: int) -> int | None:
        """Return after how many moves all is the same, begun `before` moves behind `start`."""
        gates = self.gates
        self._opens = self._shown = 0
        state = {register: start.get(register, register) for register in gates.registers}
        for n in range(before):
            step = gates.step(mutant, self._given(state, n))
            state = dict(zip(gates.registers, step.following, strict=True))
        good = broken = state
        if self._seen(bad, good, broken, before):
            return None
        for after in range(most + 1):
            if self._opens >= MOST_OPEN or self._shown >= MOST_SHOWN:
                return None
            n = before + after
            one = gates.step(0, self._given(good, n))
            number = 0 if after else mutant
            other = gates.step(number, self._given(broken, n), one, self._sweep.merge)
            good = dict(zip(gates.registers, one.following, strict=True))
            broken = dict(zip(gates.registers, other.following, strict=True))
            if good == broken:
                return after
            apart = any(good[register] != broken[register] for register in self._clearable())
            if apart or after == most or self._seen(self._good, good, broken, n + 1):
                return None
        return None

    def _given(self, state: State, n: int) -> State:
        """Return what inputs and registers are in move n."""
        return state | self._fresh[n] | self._go

    def _seen(self, step: Step, good: State, broken: State, n: int) -> bool:
        """Tell whether outputs may differ, those of `step` in `broken` and the netlist's."""
        sides = ((step, broken), (self._good, good))
        a, b = (self._outputs(one, state | self._free(n)) for one, state in sides)
        return self._sweep.equal(self._told_apart(a, b), FALSE) is not True

    def _free(self, n: int) -> State:
        """Return the variables of registers that may have been cleared before move n."""
        return {register: self._fresh[n][register] for register in self._clearable()}

    def _outputs(self, step: Step, state: State) -> dict[str, Bits]:
        names = list(step.outputs)
        values = iter(self.logic.compose([x for n in names for x in step.outputs[n]], state))
        return {n: [next(values) for _ in step.outputs[n]] for n in names}

    def _solve(self, root: int) -> Any:
        """Ask the solver, but not for ever."""
        if self._opens >= MOST_OPEN or self._shown >= MOST_SHOWN:
            return OPEN
        answer = self._ask(root)
        self._opens += answer == OPEN
        self._shown += isinstance(answer, dict)
        return answer
