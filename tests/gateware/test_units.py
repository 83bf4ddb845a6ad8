"""The registry: every unit in every format can be made, and refuses what it has not."""

from __future__ import annotations

import gc
from importlib import import_module

import pytest
from amaranth._unused import MustUse
from amaranth.lib import wiring

from intaglio.gateware.emit import component_verilog
from intaglio.gateware.units import find_unit, units
from intaglio.spec.errors import ConfigError
from intaglio.spec.packing import PACKINGS


def test_every_unit_makes_every_format(monkeypatch: pytest.MonkeyPatch) -> None:
    # What is made here is not converted, which costs seconds; the rows do that.
    monkeypatch.setattr(MustUse, "__del__", lambda _: None)
    faults: list[str] = []
    for unit in units().values():
        assert unit.golden.startswith(("intaglio.golden.", "intaglio.spec."))
        for form in unit.formats:
            made = unit.make(form)
            whole = isinstance(getattr(made, "latency_cycles", None), int)
            if not isinstance(made, wiring.Component) or not whole:
                faults.append(f"{unit.name} {form}: {made}")
            del made
    gc.collect()
    assert faults == []


def test_every_golden_function_exists() -> None:
    for unit in units().values():
        module, _, name = unit.golden.rpartition(".")
        assert callable(getattr(import_module(module), name)), unit.name


@pytest.mark.parametrize("name", [name for name in PACKINGS if name.startswith("ecp5")])
def test_every_packing_has_one_multiplier(name: str) -> None:
    part, form, kind = name.split("-")
    unit = units()["multiply-packed"].make(form, {"part": part, "form": kind})
    text = component_verilog(unit, "top")
    assert sum(" * " in line for line in text.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "form", "settings"),
    [
        ("multiply", "int8", {"style": "rows"}),
        ("shift-add", "pow2_5", {}),
        ("shift-add", "apot_5", {"act": "int16"}),
        ("shift-add", "mask", {}),
    ],
)
def test_what_needs_no_multiplier_has_none(
    name: str, form: str, settings: dict[str, int | str]
) -> None:
    assert " * " not in component_verilog(units()[name].make(form, settings), "top")


@pytest.mark.parametrize(
    ("name", "form", "settings", "code"),
    [
        ("multiply", "int9", {}, "E206"),
        ("multiply", "int8", {"stile": "rows"}, "E202"),
        ("multiply", "int8", {"style": "columns"}, "E203"),
        ("multiply", "int8", {"style": 3}, "E203"),
        ("multiply-packed", "int8", {"part": "ecp6"}, "E203"),
        ("multiply-packed", "int8", {"terms": 3}, "E402"),
        ("shift-add", "pow2_5", {"rounding": "up"}, "E203"),
        ("group-shift", "int8", {"acc_bits": 29}, "E402"),
        ("group-shift", "int8", {"form": "both"}, "E203"),
        ("group-scale", "int8", {"acc_bits": 32}, "E402"),
        ("l1-statistics", "int8", {"lanes": 0}, "E203"),
        ("mac", "int8", {"acc_bits": 32, "longest": 131072}, "E402"),
        ("mac", "int16", {"longest": 1 << 20}, "E402"),
        ("mac", "int8", {"depth": 0}, "E203"),
        ("shift-add", "pow2_5", {"act": "int99"}, "E206"),
    ],
)
def test_what_a_unit_has_not_is_refused(
    name: str, form: str, settings: dict[str, int | str], code: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        units()[name].make(form, settings)
    assert caught.value.findings[0].code == code


def test_unknown_units_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        find_unit("multiplly")
    assert caught.value.findings[0].code == "E207"
    assert caught.value.findings[0].help == "did you mean multiply?"


@pytest.mark.parametrize(
    ("name", "form", "settings"),
    [
        ("mac", "int8", {"acc_bits": 32, "longest": 131071}),
        ("mac", "int16", {"acc_bits": 48, "longest": 131071}),
        ("mac", "w8a16", {"acc_bits": 40, "longest": 131071}),
        ("mac", "int4", {"acc_bits": 24, "longest": 131071}),
        ("mac", "w4a8", {"acc_bits": 32, "longest": 2097151}),
    ],
)
def test_accumulators_take_sums_as_long_as_published(
    name: str, form: str, settings: dict[str, int | str]
) -> None:
    lane = units()[name].make(form, settings)
    lane._MustUse__silence = True
    longer = {**settings, "longest": int(settings["longest"]) + 1}
    with pytest.raises(ConfigError, match="E402"):
        units()[name].make(form, longer)
