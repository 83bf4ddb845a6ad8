from __future__ import annotations

import pytest

from intaglio.boards import limits, misfit
from intaglio.boards.fit import available, shortfall
from intaglio.boards.misfit import check_fit
from intaglio.spec.errors import FitError
from intaglio.spec.target import load_target

NEEDS = {"luteq": 30000, "ff": 100, "dsp": 30, "bram": 56}


def test_what_is_missing_is_counted() -> None:
    assert shortfall(NEEDS, load_target("ulx3s-25f")) == {"luteq": 30000 - 24288, "dsp": 2}
    assert shortfall(NEEDS, load_target("ulx3s-85f")) == {}


def test_a_target_without_a_part_takes_anything() -> None:
    generic = load_target("generic")
    assert available(generic) is None
    check_fit(NEEDS, generic, "x", 1)


def test_the_error_says_by_how_much_and_what_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "preset-tiny": {"luteq": 9000, "ff": 1, "dsp": 20, "bram": 22},
        "preset-small": {"luteq": 25000, "ff": 1, "dsp": 20, "bram": 22},
    }
    monkeypatch.setattr(misfit, "limits", lambda: {"yosys": rows})
    with pytest.raises(FitError) as caught:
        check_fit(NEEDS, load_target("ulx3s-25f"), "default", 128)
    luts, multipliers = caught.value.findings
    assert caught.value.exit_code == 4
    assert (luts.code, luts.need) == ("E406", "at most 24288")
    assert "5712 more than there are" in luts.message
    assert "2 more than there are" in multipliers.message
    assert "nearest preset that fits is tiny" in luts.help


def test_nothing_that_fits_is_said_so() -> None:
    with pytest.raises(FitError) as caught:
        check_fit(NEEDS, load_target("icebreaker"), "tiny", 1)
    assert "no preset is known to fit" in caught.value.findings[0].help


def test_the_file_of_limits_is_read() -> None:
    assert all(isinstance(rows, dict) for rows in limits.limits().values())
