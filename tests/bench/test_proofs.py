"""Proofs: units that are right are proved, units that are broken are not, and all have a proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import z3

from intaglio.bench import proof_run
from intaglio.bench.proof import COMPOSED, EXHAUSTIVE, OPEN, PROVED, Proof, Shown, add_up
from intaglio.bench.proof_floats import exact, is_finite, rounded, sums
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import HOLDS, REFUTED, Claim, decide
from intaglio.gateware.emit import component_verilog
from intaglio.gateware.units import units
from intaglio.golden.ieee import fp_add
from intaglio.spec.errors import UsageError
from intaglio.spec.ieee import FP16


def broken(old: str, new: str) -> Callable[[Any, str], str]:
    """Return what writes the Verilog of a component with one thing changed."""

    def verilog(component: Any, name: str) -> str:
        text = component_verilog(component, name)
        assert old in text
        return text.replace(old, new, 1)

    return verilog


def test_every_unit_has_a_proof() -> None:
    proved = {proof.unit for proof, _ in proof_run.proofs().values()}
    assert proved == set(units())


def test_every_proof_says_why() -> None:
    assert all(len(proof.argument) > 40 for proof, _ in proof_run.proofs().values())


def test_names_choose_proofs_and_unknown_ones_are_refused() -> None:
    assert proof_run.choose(["multiply-int4"])
    with pytest.raises(UsageError, match="no proof fits multiplx"):
        proof_run.choose(["multiplx"])


def show(name: str) -> Any:
    proof, _ = proof_run.proofs()[name]
    return proof_run.show(proof, proof.build())


# What is broken in the gates of each: an operator, a shift, a mark, a bound of the queue.
BREAKS = (
    ("group-shift-int4", PROVED, "+", "-"),
    ("dfp-pair-fma-dfp8", PROVED, " * ", " + "),
    ("dfp-exponent-scan-dfp8", PROVED, " | ", " & "),
    ("group-scale-int4", PROVED, " * ", " - "),
)


@pytest.mark.parametrize(("name", "state", "old", "new"), BREAKS)
def test_right_gates_are_proved_and_broken_ones_are_not(
    name: str, state: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert show(name).state == state
    monkeypatch.setattr("intaglio.gateware.emit.component_verilog", broken(old, new))
    found = show(name)
    assert found.state == OPEN
    assert any("refuted" in fault for fault in found.faults)


def test_exhaustive_runs_find_a_broken_product(monkeypatch: pytest.MonkeyPatch) -> None:
    assert show("minifloat-product-fp4_e2m1").state == EXHAUSTIVE
    monkeypatch.setattr("intaglio.gateware.emit.component_verilog", broken(" << ", " >> "))
    found = show("minifloat-product-fp4_e2m1")
    assert found.state == OPEN
    assert any("another result than golden" in fault for fault in found.faults)


def test_states_add_up() -> None:
    assert add_up([EXHAUSTIVE, ""], []) == EXHAUSTIVE
    assert add_up([EXHAUSTIVE, PROVED, ""], []) == COMPOSED
    assert add_up([PROVED], ["undecided"]) == OPEN
    assert add_up([""], []) == OPEN


def test_claims_hold_or_are_refuted() -> None:
    a, b = z3.BitVecs("a b", 8)
    assert decide(Claim("sum", a + b == b + a)) == HOLDS
    assert decide(Claim("difference", a - b == b - a)) == REFUTED
    assert decide(Claim("product", a * b == b * a, free_products=True)) == HOLDS
    assert decide(Claim("other product", a * b == a * a, free_products=True)) == REFUTED
    n = z3.Int("n")
    assert decide(Claim("bound", 3 * n < 30, [n < 10])) == HOLDS
    assert decide(Claim("no bound", 3 * n < 30, [n < 11])) == REFUTED


def test_gates_step_as_they_are_written() -> None:
    gates = Gates(
        "module top(input clk, input rst, input [3:0] a, output reg [3:0] o);\n"
        "always @(posedge clk) if (rst) o <= 0; else o <= o + a;\nendmodule\n"
    )
    trace = Trace(gates)
    a = z3.BitVec("step", 4)
    for _ in range(3):
        trace.cycle(a=a)
    start = trace.at(0, "o")
    assert decide(Claim("twice", trace.at(2, "o") == start + 2 * a)) == HOLDS
    assert decide(Claim("once", trace.at(2, "o") == start + a)) == REFUTED


def test_definition_of_float_addition_is_that_of_golden() -> None:
    rng = np.random.default_rng(1)
    x, y = z3.BitVecs("x y", FP16.bits)
    cases = list(sums(exact(x, FP16), exact(y, FP16), FP16))
    assert is_finite(z3.BitVecVal(FP16.infinity, FP16.bits), FP16) is not None
    for a, b in rng.integers(0, 1 << FP16.bits, (12, 2)).tolist():
        if min(a & 0x7FFF, b & 0x7FFF) >= FP16.infinity or max(a & 0x7FFF, b & 0x7FFF) >= 0x7C00:
            continue
        values = [(x, z3.BitVecVal(a, FP16.bits)), (y, z3.BitVecVal(b, FP16.bits))]
        found = [
            z3.simplify(z3.substitute(code, *values)).as_long()
            for _, case, code in cases
            if z3.is_true(z3.simplify(z3.substitute(case, *values)))
        ]
        assert found == [fp_add(a, b, FP16)]


def test_definition_of_rounding_keeps_codes() -> None:
    code = z3.BitVec("code", FP16.bits)
    number = exact(code, FP16)
    given = [is_finite(code, FP16), number.size != 0]
    assert decide(Claim("a code is itself", rounded(number, FP16) == code, given)) == HOLDS


class Step:
    """A step that finds a fault."""

    state, engine = PROVED, "none"

    def show(self, component: Any, verilog: Callable[[str], str]) -> Shown:
        """Return the fault."""
        return Shown(3, ("refuted",))


def test_faults_are_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("INTAGLIO_CACHE", str(tmp_path))

    def steps(component: Any) -> Sequence[Step]:
        return (Step(),)

    proof = Proof("unpack", "int1", steps, "none")
    module = "intaglio.bench.proofs_unpack"
    monkeypatch.setattr(proof_run, "proofs", lambda: {proof.name: (proof, module)})
    for _ in range(2):
        found = proof_run.prove(proof.name)
        assert (found.state, found.combinations, found.cached) == (OPEN, 3, False)


def test_an_unchanged_unit_is_not_proved_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("INTAGLIO_CACHE", str(tmp_path))
    first, second = (proof_run.prove("dfp-exponent-scan-dfp8") for _ in range(2))
    assert (first.state, first.cached) == (PROVED, False)
    assert (second.state, second.cached) == (PROVED, True)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(proof_run.proofs()))
def test_proof(name: str) -> None:
    found = proof_run.prove(name)
    assert not found.faults
    assert found.state in (PROVED, EXHAUSTIVE, COMPOSED)
