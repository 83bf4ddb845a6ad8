"""Generated mutants: what the harness notices, and what the classification of survivors says."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from amaranth.hdl import signed
from amaranth.lib import data

from intaglio.bench.mutant_gates import GateNetlist
from intaglio.bench.mutant_logic import FALSE, TRUE, Logic
from intaglio.bench.mutant_proof import Prover
from intaglio.bench.mutant_replay import lawful, parse
from intaglio.bench.mutant_report import break_subject
from intaglio.bench.mutant_run import Trial, try_mutants
from intaglio.bench.mutant_solve import satisfy
from intaglio.bench.mutant_subjects import SUBJECTS
from intaglio.bench.result import BenchError
from intaglio.bench.row import Row, pack
from intaglio.bench.vector_library import VectorLibrary
from intaglio.gateware.emit import component_verilog
from intaglio.gateware.units import units

COUNT = 24


def _library(row: Row, trial: Trial) -> VectorLibrary:
    component = row.build()
    component_verilog(component, "used")
    return VectorLibrary(component, trial.netlist.verilog, mutants=True)


@pytest.fixture(scope="module")
def trial(adder: Callable[..., Row]) -> Trial:
    return try_mutants([adder()], COUNT)


def test_mutants_of_a_small_component_are_noticed(trial: Trial) -> None:
    assert len(trial.netlist.mutants) == len(set(trial.netlist.mutants)) == COUNT
    kinds = [one.how for one in trial.noticed if one]
    assert len(kinds) >= COUNT - 2
    assert "value" in kinds
    assert {one.row for one in trial.noticed if one} == {"adder"}


def test_a_component_that_fails_unbroken_is_refused(adder: Callable[..., Row]) -> None:
    with pytest.raises(BenchError, match="without a mutant"):
        try_mutants([adder("edge")], 4)


def test_a_mutant_that_vectors_notice_has_a_witness_that_golden_allows(
    trial: Trial, adder: Callable[..., Row]
) -> None:
    row = adder()
    library = _library(row, trial)
    prover = Prover(trial.netlist.netlist, library.streams, 4, [{"offset": -3 & 0xFF}])
    number = next(n for n, one in enumerate(trial.noticed, 1) if one and one.how == "value")
    verdict = prover.verdict(number)
    assert verdict.kind == "witness"
    assert lawful(library, row, verdict.taken)
    assert prover.verdict(0).kind == "equivalent"


def test_inputs_on_which_whole_gates_differ_from_golden_are_no_witness(
    trial: Trial, adder: Callable[..., Row]
) -> None:
    row = adder(golden=lambda inputs: {"o": [0 for _ in inputs["i"]]})
    library = _library(row, trial)
    assert lawful(library, row, {"i": [0x0101]}) is False
    broken = adder(golden=lambda inputs: {"o": inputs["nothing"]})
    assert lawful(library, broken, {"i": [0x0101]}) is None


def test_payloads_are_read_back_as_they_were_packed() -> None:
    pair = data.StructLayout({"a": signed(8), "b": data.ArrayLayout(3, 2)})
    for a, b in ((-1, [5, 2]), (127, [0, 7])):
        bits = pack(pair, {"a": a, "b": b[0] | b[1] << 3})
        assert parse(pair, bits) == {"a": a, "b": b}


def test_logic_agrees_with_its_definition_and_its_clauses() -> None:
    logic = Logic()
    a, b, c = (logic.variable() for _ in "abc")
    cases: dict[int, Callable[[int, int, int], Any]] = {
        logic.both(a, b ^ 1): lambda a, b, c: a & (1 - b),
        logic.either(a, c): lambda a, b, c: a | c,
        logic.differ(b, c ^ 1): lambda a, b, c: 1 - (b ^ c),
        logic.choose(a, b, c): lambda a, b, c: b if a else c,
        logic.choose(a, b, b ^ 1): lambda a, b, c: b if a else 1 - b,
    }
    for root, formula in cases.items():
        for n in range(8):
            x, y, z = n & 1, n >> 1 & 1, n >> 2
            assert logic.simulate([root], {a: x, b: y, c: z}, 1) == [formula(x, y, z)]
        found = satisfy(*logic.dimacs(root))
        assert isinstance(found, dict)
        assert logic.simulate([root], found, 1) == [1]
        assert logic.chance(root, Random(1)) is not None
    assert logic.both(a, a ^ 1) == FALSE
    assert logic.either(a, a ^ 1) == TRUE
    contradiction = logic.both(logic.differ(a, b), logic.both(logic.both(a, b), c))
    assert satisfy(*logic.dimacs(contradiction)) is None
    assert logic.compose([logic.both(a, b)], {a: c, b: c}) == [c]


def test_a_step_of_gates_is_the_function_of_the_netlist(trial: Trial) -> None:
    gates = GateNetlist(trial.netlist.netlist)
    step = gates.step(0)
    sums = [
        literal
        for literal, register in zip(step.following, gates.registers, strict=True)
        if literal != register
    ]
    assert sums
    assert set(step.outputs) == {"i__ready", "o__valid", "o__payload"}


def test_every_family_of_units_is_broken() -> None:
    families = {unit.family for unit in units().values()}
    assert families <= {subject.family for subject in SUBJECTS}
    names = [subject.name for subject in SUBJECTS]
    assert len(set(names)) == len(names)
    for subject in SUBJECTS:
        if subject.family != "requantise":
            assert units()[subject.unit].family == subject.family
            assert subject.format.split()[0] in units()[subject.unit].formats


@pytest.mark.slow
@pytest.mark.parametrize("name", [subject.name for subject in SUBJECTS])
def test_nearly_all_mutants_of_a_unit_are_noticed(name: str) -> None:
    done = break_subject(name)
    assert done.noticed >= 0.95 * (done.generated - done.equivalent)
