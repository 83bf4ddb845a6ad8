"""What a mutant that no vector noticed is: proved equal, out of reach, or shown by an input."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from intaglio.bench.mutant_gates import Bits, GateNetlist, Step
from intaglio.bench.mutant_history import History
from intaglio.bench.mutant_logic import FALSE, TRUE, Logic
from intaglio.bench.mutant_relation import Relation
from intaglio.bench.mutant_solve import OPEN, satisfy
from intaglio.bench.row import Port

MOST_OPEN = 4  # questions that the solver may leave open, a mutant
NEVER = "never"
SWEEP_WORK = 1_000_000  # of one of the many small questions of :class:`History`
WIDE = 8000  # gates; no bounded argument over more of them comes to an end


@dataclass(frozen=True)
class Verdict:
    """What is known of a mutant.

    Parameters
    ----------
    kind : str
        ``equivalent``; ``reset``: other gates only until the first payload after a reset that
        comes amid work; ``unreached``: no input shows it within some cycles of a reset;
        ``witness``: an input shows it; ``open``: the solver gave up.
    reason : str
        By what argument, to which depth.
    taken : mapping of str to list of int
        With ``witness``: the payloads that the netlist takes until then, by input stream.
    row : int
        With ``witness``: which of the settings they came with.
    """

    kind: str
    reason: str
    taken: Mapping[str, list[int]] = field(default_factory=dict)
    row: int = 0


@dataclass
class _Trace:
    """Some cycles of the netlist and of a mutant side by side, with the same inputs.

    Parameters
    ----------
    differs : list of int
        By cycle: a literal that is true where somebody outside can tell them apart.
    inputs : list of mapping
        By cycle: the literals of each input port.
    taken : list of mapping
        By cycle: a literal for each input stream that is true where a payload is taken.
    """

    differs: list[int] = field(default_factory=list)
    inputs: list[dict[str, Bits]] = field(default_factory=list)
    taken: list[dict[str, int]] = field(default_factory=list)


class Prover:
    """Compare mutants of a netlist with the netlist.

    Parameters
    ----------
    module : mapping
        Of :class:`intaglio.bench.mutant_netlist.MutantNetlist`.
    streams : mapping
        The component's streams by name; the other inputs are held.
    depth : int
        Cycles that a payload takes through the component, and a few more.
    settings : sequence of mapping
        Bits of the held inputs with which a witness is looked for.
    """

    def __init__(
        self,
        module: Mapping[str, Any],
        streams: Mapping[str, Port],
        depth: int,
        settings: Sequence[Mapping[str, int]] = ({},),
    ) -> None:
        self.gates = GateNetlist(module)
        self.streams, self.depth, self.settings = streams, depth, settings
        self.logic: Logic = self.gates.logic
        self._good = self.gates.step(0)
        self._random = Random(1)
        self._left = 0
        self._gave_up = False
        self._wide = len(self.logic) > WIDE
        self._history = History(
            self.gates, self._good, streams, self._sweep, self._told_apart, depth
        )

    def verdict(self, mutant: int) -> Verdict:
        """Return what is known of a mutant, by the strongest argument that holds."""
        size = len(self.logic)
        # Graphs have no cycles, and to look for them takes as long as all the rest.
        gc.disable()
        try:
            return self._strongest(mutant)
        finally:
            self.logic.forget(size)
            self._history.forget(size)
            gc.enable()

    def _strongest(self, mutant: int) -> Verdict:
        self._left = MOST_OPEN
        self._gave_up = False
        bad = self.gates.step(mutant)
        moves = self._history.holds(mutant, bad)
        if moves is not None:
            return Verdict("equivalent", _after(*moves))
        if self._gave_up and self._wide:
            return Verdict(OPEN, "the solver gave up")
        if self._solve(self._one_step(bad)) is None:
            return Verdict("equivalent", "the same outputs and state after every state and input")
        relation = Relation(self.gates, self._good, bad, self._solve, self._told_apart)
        if relation.holds():
            return Verdict("equivalent", "registers differ only while nothing reads them")
        return self._bounded(bad)

    def _bounded(self, bad: Step) -> Verdict:
        """Return what some cycles show, from any state and then from a reset."""
        anything = self.gates.registers
        if self._shown(bad, anything, self.depth, reset=False) == NEVER:
            if self._shown(bad, anything, self.depth, reset=True) == NEVER:
                text = f"the same outputs for {self.depth} cycles from any state"
                return Verdict("equivalent", text)
            return Verdict("reset", "the same outputs unless a reset comes amid work")
        kinds = set()
        for row, settings in enumerate(self.settings):
            self._left = 1
            start, cycles = self.gates.initial, 2 * self.depth
            found = self._shown(bad, start, cycles, reset=False, settings=settings)
            if not isinstance(found, str):
                return Verdict("witness", "an input shows it", found, row)
            kinds.add(found)
        if kinds == {NEVER}:
            text = f"no input shows it within {2 * self.depth} cycles of a reset"
            return Verdict("unreached", text)
        return Verdict(OPEN, "the solver gave up")

    def _one_step(self, bad: Step) -> int:
        """Return the literal of: after a common state and input, something is not the same."""
        here = self._told_apart(bad.outputs, self._good.outputs)
        states = zip(self._good.following, bad.following, strict=True)
        return self.logic.any([here, *(self.logic.differ(a, b) for a, b in states)])

    def _told_apart(self, bad: Mapping[str, Bits], good: Mapping[str, Bits]) -> int:
        """Return the literal of: outputs differ, those of a payload only while it is valid."""
        logic = self.logic
        found = []
        for name, bits in good.items():
            differ = logic.any(logic.differ(a, b) for a, b in zip(bits, bad[name], strict=True))
            stem = name.removesuffix("__payload")
            if stem != name and f"{stem}__valid" in good:
                differ = logic.both(differ, good[f"{stem}__valid"][0])
            found.append(differ)
        return logic.any(found)

    def _shown(
        self,
        bad: Step,
        start: Bits,
        cycles: int,
        *,
        reset: bool,
        settings: Mapping[str, int] | None = None,
    ) -> str | dict[str, list[int]]:
        """Return taken payloads that tell the mutant from the netlist, or ``never`` or ``open``.

        With `reset` the first cycle may be one; payloads stay while they are refused.
        """
        trace = self._trace(bad, start, cycles, reset, settings or {})
        answer = self._solve(self.logic.any(trace.differs))
        if answer is None:
            return NEVER
        if isinstance(answer, str):
            return answer
        last = next(n for n, x in enumerate(trace.differs) if self._value(x, answer))
        payloads: dict[str, list[int]] = {name: [] for name in trace.taken[0]}
        for given, taken in zip(trace.inputs[: last + 1], trace.taken, strict=False):
            for name, literal in taken.items():
                if self._value(literal, answer):
                    bits = given[f"{name}__payload"]
                    value = sum(self._value(bit, answer) << n for n, bit in enumerate(bits))
                    payloads[name].append(value)
        return payloads

    def _trace(
        self, bad: Step, start: Bits, cycles: int, reset: bool, settings: Mapping[str, int]
    ) -> _Trace:
        logic = self.logic
        states = [dict(zip(self.gates.registers, start, strict=True)) for _ in range(2)]
        trace = _Trace()
        held: dict[str, int] = {}  # literal of: a payload was offered and refused
        for cycle in range(cycles):
            given = self._inputs(trace.inputs, held, reset and not cycle, settings)
            trace.inputs.append(given)
            flat = {
                old: new
                for name, bits in given.items()
                for old, new in zip(self.gates.inputs[name], bits, strict=True)
            }
            results = []
            for step, state in zip((self._good, bad), states, strict=True):
                names = list(step.outputs)
                bits = [bit for name in names for bit in step.outputs[name]]
                values = logic.compose([*bits, *step.following], state | flat)
                state.update(zip(self.gates.registers, values[len(bits) :], strict=True))
                rest = iter(values)
                results.append({n: [next(rest) for _ in step.outputs[n]] for n in names})
            good, broken = results
            trace.differs.append(self._told_apart(broken, good))
            trace.taken.append({})
            for name, port in self.streams.items():
                if port.is_input:
                    ready = good.get(f"{name}__ready", [TRUE])[0]
                    valid = given.get(f"{name}__valid", [TRUE])[0]
                    held[name] = logic.both(valid, ready ^ 1)
                    trace.taken[-1][name] = logic.both(valid, ready)
        return trace

    def _inputs(
        self,
        before: list[dict[str, Bits]],
        held: Mapping[str, int],
        reset: bool,
        settings: Mapping[str, int],
    ) -> dict[str, Bits]:
        """Return the input literals of the next cycle."""
        logic = self.logic
        found: dict[str, Bits] = {}
        for name, bits in self.gates.inputs.items():
            stem, _, end = name.rpartition("__")
            if name in ("clk", "rst"):
                found[name] = [logic.variable() if reset and name == "rst" else FALSE]
            elif stem in self.streams:
                fresh = [logic.variable() for _ in bits]
                if before and self.streams[stem].is_input:
                    keep, old = held[stem], before[-1][name]
                    if end == "valid":
                        fresh = [logic.either(keep, fresh[0])]
                    else:
                        pairs = zip(old, fresh, strict=True)
                        fresh = [logic.choose(keep, a, b) for a, b in pairs]
                found[name] = fresh
            elif name in settings:
                found[name] = [settings[name] >> n & 1 for n in range(len(bits))]
            else:
                found[name] = before[-1][name] if before else [logic.variable() for _ in bits]
        return found

    def _value(self, literal: int, values: Mapping[int, int]) -> int:
        return self.logic.simulate([literal], values, 1)[0]

    def _sweep(self, root: int) -> dict[int, int] | str | None:
        """Return what :meth:`_solve` does, with less work."""
        found = self.logic.chance(root, self._random, 64) if root != FALSE else None
        if found is not None or root == FALSE:
            return found
        answer = satisfy(*self.logic.dimacs(root), work=SWEEP_WORK)
        self._gave_up |= answer == OPEN
        return answer

    def _solve(self, root: int) -> dict[int, int] | str | None:
        """Return values of variables for which `root` is true; None: there are none."""
        if root == FALSE:
            return None
        found = self.logic.chance(root, self._random)
        if found is not None:
            return found
        answer = satisfy(*self.logic.dimacs(root)) if self._left else OPEN
        self._left -= answer == OPEN and self._left > 0
        return answer


def _after(before: int, after: int) -> str:
    """Return the argument of :class:`History` in words."""
    start = f"any state that {before} moves lead to" if before else "any state"
    if not after:
        return f"the same outputs and next state from {start}"
    return f"the same outputs, and the same state {after} moves later, from {start}"
