"""The ledger: 58 systems, states that follow from clauses, results kept by content."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from intaglio.ledger import digest, page, store, table
from intaglio.ledger.entry import (
    Checked,
    Clause,
    Entry,
    Judgement,
    State,
    check,
    failed,
    figure_of,
    judge,
    lacking,
    missing,
    missing_of,
    passed,
    state_of,
)
from intaglio.ledger.run import run_one
from intaglio.ledger.store import Record
from intaglio.spec.errors import EnvironmentFault, Finding, UsageError
from intaglio.spec.sparse import decode

CHEAP = 24  # a system whose checks need no simulator


def entry(*clauses: Clause) -> Entry:
    return Entry(1, "n", "A", "claim", "operator", clauses)


def test_there_are_58_systems_each_with_a_whole_description() -> None:
    found = table.entries()
    assert list(found) == list(range(1, 59))
    assert len({e.name for e in found.values()}) == 58
    for e in found.values():
        assert e.kind[0] in "ABCD"
        assert e.clauses and all(clause.text for clause in e.clauses)
        assert e.claim and e.operator
        assert e.command == f"intaglio systems --run {e.number}"


def words(text: str) -> list[str]:
    """Return the words of a row that ASCII has, marks of evidence and references left out."""
    text = re.sub(r"`\[[^\]]*\]`|§[\d.]+|[x\u00d7]", "", text)  # signs of products are spelled x
    return re.findall(r"[a-z]{3,}|\d+", text.lower())


def test_no_check_is_thinner_than_its_row(shared: Path) -> None:
    lines = (shared / "systems.md").read_text("utf-8").splitlines()
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines if line[:2] == "| "]
    rows = {int(c[0]): c for c in cells if c[0].isdecimal() and len(c) == 5}
    assert sorted(rows) == list(range(1, 59))
    spelled = {"ceil", "floor", "sum", "sqrt", "alpha", "beta", "lambda", "theta", "about"}
    for number, row in rows.items():
        own = table.entries()[number]
        lost = set(words(row[4])) - set(words(own.acceptance)) - spelled - {"formula"}
        assert not lost, f"{number}: {lost}"
        assert own.kind[0] == row[3].strip("* ")[0], number


def test_states_follow_from_clauses() -> None:
    good, wrong = Clause("a", lambda: passed("1 dB")), Clause("b", lambda: failed("bad"))
    gap = missing("c", "no unit")
    assert state_of(check(entry(good, good))) is State.WORKS
    assert state_of(check(entry(good, wrong))) is State.PARTIAL
    assert state_of(check(entry(good, gap))) is State.PARTIAL
    assert state_of(check(entry(wrong, gap))) is State.NOT_YET
    assert state_of(()) is State.NOT_YET
    done = check(entry(good, wrong, gap))
    assert missing_of(done) == "fails: bad; no unit"
    assert figure_of(done) == "1 dB"
    assert judge(True, "x").judgement is Judgement.PASSED
    assert judge(False, "x").missing == "x"


def test_what_a_check_raises_is_its_verdict() -> None:
    def no_tool() -> None:
        raise EnvironmentFault(Finding("E501", "yosys was not found"))

    def broken() -> None:
        raise ZeroDivisionError("nothing there")

    first, second, third = check(
        entry(
            Clause("a", no_tool),  # type: ignore[arg-type]
            Clause("b", broken),  # type: ignore[arg-type]
            Clause("c", lambda: lacking("x")),
        )
    )
    assert (first.judgement, first.missing) == (Judgement.MISSING, "yosys was not found")
    assert (second.judgement, second.missing) == (
        Judgement.FAILED,
        "ZeroDivisionError: nothing there",
    )
    assert third.judgement is Judgement.MISSING


def test_a_wrong_golden_turns_a_clause(monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_one(CHEAP)
    assert before.clauses[0].judgement is Judgement.PASSED
    wrong = "intaglio.ledger.s24_fast_sparse_convnets.decode"
    monkeypatch.setattr(wrong, lambda stream: decode(stream) * 2)
    after = run_one(CHEAP)
    assert after.clauses[0].judgement is Judgement.FAILED
    assert "changed" in missing_of(after.clauses)


def test_works_becomes_partial_when_one_clause_breaks() -> None:
    works = entry(Clause("a", lambda: passed("1")), Clause("b", lambda: passed("2")))
    broken = replace(works, clauses=(works.clauses[0], Clause("b", lambda: judge(False, "1 > 2"))))
    assert [state_of(check(e)) for e in (works, broken)] == [State.WORKS, State.PARTIAL]


def test_results_are_kept_by_content(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "shipped", dict)
    assert table.rows()[CHEAP - 1].missing == f"not run: intaglio systems --run {CHEAP}"
    record = run_one(CHEAP)
    store.keep(record)
    row = table.rows()[CHEAP - 1]
    assert row.current
    assert row.record == record
    store.keep(replace(record, digest="0" * 64))
    assert table.rows()[CHEAP - 1].record == record
    old = replace(record, digest="1" * 64, date="2000-01-01")
    monkeypatch.setattr(table, "shipped", lambda: {CHEAP: old})
    assert table.rows()[CHEAP - 1].record == record
    store._path(CHEAP, record.digest).write_text("{")
    row = table.rows()[CHEAP - 1]
    assert (row.record, row.current) == (old, False)


def test_results_files_are_read_back_and_damaged_ones_refused(tmp_path: Path) -> None:
    clause = Checked("a", Judgement.PASSED, "1", "", 0.5)
    record = Record(3, "0" * 64, "0.1.0", "2026-01-01", (clause,))
    path = tmp_path / "ledger.json"
    path.write_text(store.results_text([record]))
    assert store.shipped(path) == {3: record}
    for text in ("{", '{"schema": 9, "systems": []}', '{"schema": 1, "systems": [{"number": 1}]}'):
        path.write_text(text)
        with pytest.raises(UsageError) as caught:
            store.shipped(path)
        assert caught.value.findings[0].code == "E103"
    assert store.shipped(tmp_path / "none.json") == {}


def test_numbers_and_names_choose_systems() -> None:
    assert table.choose("all") == list(range(1, 59))
    assert table.choose("32, nupes,32") == [32, 49]
    with pytest.raises(UsageError) as caught:
        table.choose("59,tilu")
    assert [finding.have for finding in caught.value.findings] == ["59", "tilu"]
    assert caught.value.findings[1].help == "did you mean 35?"


def test_the_digest_follows_imports() -> None:
    module = table.modules()[CHEAP]
    names = digest.closure(module)
    assert {module, "intaglio.spec.sparse", "intaglio.spec.errors"} <= set(names)
    assert "intaglio.gateware.split" not in names
    assert "intaglio.gateware.split" in digest.closure(table.modules()[32])
    assert digest.code_digest(module) != digest.code_digest(table.modules()[32])


def test_shipped_results_have_the_clauses_of_their_entries() -> None:
    # Stale results are shown as such, but never beside clauses that they were not of.
    for number, record in store.shipped().items():
        texts = [clause.text for clause in table.entries()[number].clauses]
        assert [clause.text for clause in record.clauses] == texts, number


def test_the_page_is_not_stale(root: Path) -> None:
    text = (root / "docs" / "ledger.md").read_text("utf-8")
    assert text == page.page(store.shipped()), "run make docs"


def test_rows_as_json_have_the_promised_keys() -> None:
    rows = [row.as_dict() for row in table.rows()]
    wanted = {"number", "name", "class", "state", "missing", "figure", "command"}
    for row in json.loads(json.dumps(rows)):
        assert wanted <= row.keys()
        assert row["state"] in ("works", "partial", "not yet")
        assert bool(row["missing"]) == (row["state"] != "works")
