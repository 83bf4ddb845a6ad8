"""Every row of the bench table, under cocotb and Verilator."""

from __future__ import annotations

from pathlib import Path

import pytest

from intaglio.bench import pairs
from intaglio.bench.pairs import PAIRS, choose
from intaglio.bench.row import Row
from intaglio.bench.run import require, run_row
from intaglio.bench.whole import WholeRow
from intaglio.spec.errors import UsageError

NAMES = [row.name for row in PAIRS]


@pytest.mark.parametrize("row", PAIRS, ids=NAMES)
def test_component_equals_golden(row: Row | WholeRow, seed: int) -> None:
    require([run_row(row, seed=seed, waves_on_fail=True, output=Path("build/verify"))])


def test_every_name_is_chosen_by_itself_and_by_its_beginning() -> None:
    assert choose([]) == list(PAIRS)
    assert choose([NAMES[0]])[0].name == NAMES[0]
    assert {row.name for row in choose(["requantise"])} == {
        name for name in NAMES if name.startswith("requantise")
    }


def test_unknown_names_are_all_named_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        choose(["draim", "nothing"])
    helps = [finding.help for finding in caught.value.findings]
    assert helps == ["did you mean drain?", "leave the names out to run all"]


def test_two_rows_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=f"rows with one name: .*{NAMES[0]}"):
        pairs.collect(["pairs_array", "pairs_array"])
