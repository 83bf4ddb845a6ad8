"""What the argument from reached states calls no fault, against every state that can be reached."""

from __future__ import annotations

from itertools import product

import pytest
from amaranth import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.bench.compile import TOP
from intaglio.bench.mutant_gates import GateNetlist, Step
from intaglio.bench.mutant_logic import FALSE, TRUE, Logic
from intaglio.bench.mutant_netlist import MutantNetlist, mutate
from intaglio.bench.mutant_proof import Prover
from intaglio.bench.mutant_sweep import Sweep
from intaglio.bench.row import ports
from intaglio.gateware.component import Component
from intaglio.gateware.emit import component_verilog
from intaglio.gateware.stages import Stages, handshake

COUNT = 90


class Hot(Component):
    """Two stages: one of four bits is set, then the second stage tells which.

    Where two bits were set, which never happens, the result would be another one.
    """

    latency_cycles = 2

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(2)), "o": Out(stream.Signature(2))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        hot = Signal(4)
        m.d.comb += hot.eq(1 << self.i.payload)
        (bits,) = pipe.cut(hot)
        several = (bits & (bits - 1)).any()
        (code,) = pipe.cut(Cat(bits[1] | bits[3], bits[2] | bits[3]) ^ several.replicate(2))
        m.d.comb += [self.o.payload.eq(code), self.o.valid.eq(pipe.valid)]
        return m


class Rare(Component):
    """Two stages: the second one inverts a single one of 4096 payloads."""

    latency_cycles = 2

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(12)), "o": Out(stream.Signature(12))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        (code,) = pipe.cut(self.i.payload)
        (code,) = pipe.cut(code ^ (code == 0xABC).replicate(12))
        m.d.comb += [self.o.payload.eq(code), self.o.valid.eq(pipe.valid)]
        return m


def _made(component: Component) -> tuple[MutantNetlist, Prover]:
    made = mutate(component_verilog(component, TOP), COUNT)
    streams = {name: port for name, port in ports(component).items() if port.is_stream}
    return made, Prover(made.netlist, streams, component.latency_cycles + 3)


class _Machine:
    """A step as a function of bits."""

    def __init__(self, gates: GateNetlist, step: Step) -> None:
        self.gates, self.step = gates, step
        self.inputs = [bit for name, bits in gates.inputs.items() if name != "clk" for bit in bits]

    def __call__(self, state: tuple[int, ...]) -> tuple[list[tuple[int, ...]], list[object]]:
        """Return next states and what is seen, for all inputs."""
        cases = list(product((0, 1), repeat=len(self.inputs)))
        mask = (1 << len(cases)) - 1
        given = {bit: mask * one for bit, one in zip(self.gates.registers, state, strict=True)}
        for n, bit in enumerate(self.inputs):
            given[bit] = sum(case[n] << at for at, case in enumerate(cases))
        out = self.step.outputs
        seen = [*out["i__ready"], *out["o__valid"], *out["o__payload"]]
        values = self.gates.logic.simulate([*seen, *self.step.following], given, mask)
        columns = [tuple(value >> at & 1 for value in values) for at in range(len(cases))]
        shown: list[object] = [column[: len(seen) if column[1] else 2] for column in columns]
        return [column[len(seen) :] for column in columns], shown


def _never_told_apart(gates: GateNetlist, mutant: int) -> bool:
    """Walk through every pair of states that the netlist and the mutant reach together."""
    good, bad = (_Machine(gates, gates.step(n)) for n in (0, mutant))
    start = tuple(gates.initial)
    known, waiting = {(start, start)}, [(start, start)]
    while waiting:
        a, b = waiting.pop()
        (afters, seen), (others, shown) = good(a), bad(b)
        if seen != shown:
            return False
        new = set(zip(afters, others, strict=True)) - known
        known |= new
        waiting += new
    return True


def test_what_is_proved_from_reached_states_is_so_in_every_state() -> None:
    made, prover = _made(Hot())
    verdicts = [prover.verdict(n) for n in range(1, len(made.mutants) + 1)]
    for number, verdict in enumerate(verdicts, 1):
        equal = _never_told_apart(prover.gates, number)
        assert (verdict.kind == "equivalent") <= equal, made.mutants[number - 1]
    reasons = [verdict.reason for verdict in verdicts]
    assert any("from any state that 1 moves" in reason for reason in reasons)
    assert {verdict.kind for verdict in verdicts} >= {"equivalent", "witness"}


def test_a_mutant_that_one_payload_of_4096_shows_is_never_called_equivalent() -> None:
    made, prover = _made(Rare())
    rare = [n for n, text in enumerate(made.mutants, 1) if text.startswith("const0 $eq$")]
    held = [n for n in rare if ".Y[" in made.mutants[n - 1]]
    assert held
    for number in held:
        verdict = prover.verdict(number)
        assert verdict.kind == "witness"
        assert 0xABC in verdict.taken["i"]


@pytest.mark.parametrize("answer", [None, "open"])
def test_literals_are_merged_only_where_the_solver_says_so(answer: str | None) -> None:
    logic = Logic()
    bits = [logic.variable() for _ in range(40)]
    rare = TRUE
    for bit in bits:
        rare = logic.both(rare, bit)
    sweep = Sweep(logic, lambda _: answer)
    assert sweep.equal(rare, FALSE) is (True if answer is None else None)
    assert sweep.merge(FALSE, rare) == (FALSE if answer is None else rare)
    found = Sweep(logic, lambda _: dict.fromkeys(bits, 1))
    assert found.equal(rare, FALSE) is False
    # What was learned tells without another question.
    found._solve = lambda _: None
    assert found.equal(rare, FALSE) is False
    assert found.equal(bits[0], bits[1]) is False
