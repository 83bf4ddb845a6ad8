"""Units that are no plain integers: settings, widths, and what their netlists hold."""

from __future__ import annotations

import gc

import pytest
from amaranth._unused import MustUse
from amaranth.hdl import Shape

from intaglio.bench.lint import lint
from intaglio.gateware.emit import component_verilog
from intaglio.gateware.power import PowerPostDot
from intaglio.gateware.units import units
from intaglio.spec.codes_power import FORMATS
from intaglio.spec.errors import ConfigError

TOP = "intaglio_unit"


def verilog(name: str, form: str, settings: dict[str, int | str]) -> str:
    return component_verilog(units()[name].make(form, settings), TOP)


@pytest.mark.parametrize(
    ("name", "form", "settings", "text"),
    [
        ("minifloat-dot", "fp8_e4m3", {"lanes": 3, "terms": 0}, "lanes is 3.*terms is 0"),
        ("minifloat-float-dot", "fp8_e4m3", {"acc": "fp64"}, "acc is fp64"),
        ("minifloat-float-dot", "fp8_e4m3", {"contexts": 2, "blocks": 2}, "contexts.*blocks"),
        ("minifloat-float-dot", "fp8_e4m3", {"bias_shift": 99}, "bias_shift is 99"),
        ("minifloat-product", "fp8_e6m1", {}, "fp8_e6m1"),
        ("fp16-dot", "fp16", {"acc": "bf16"}, "acc is bf16"),
        ("dfp-pair-fma", "dfp16", {"overflow": "wrap", "chain": 3}, "overflow.*chain is 3"),
        ("dfp-exponent-scan", "dfp16", {"lanes": 0}, "lanes is 0"),
        ("dfp-exponent-shift", "dfp16", {"lanes": 65}, "lanes is 65"),
        ("power-pre-dot", "power4_p2", {"lanes": 0, "terms": 0}, "lanes is 0.*terms is 0"),
        ("power-post-dot", "power4_p20over11_f8", {}, "power4_p20over11_f8"),
        ("split-dot", "int8", {"columns": 4, "side": 5}, "side is 5"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    name: str, form: str, settings: dict[str, int | str], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        units()[name].make(form, settings)


def test_a_power_that_is_no_integer_cannot_come_after_the_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What is refused while it is made is never converted.
    monkeypatch.setattr(MustUse, "_MustUse__silence", True)
    broken = next(form for form in FORMATS if not form.whole)
    with pytest.raises(ConfigError, match="cannot be raised"):
        PowerPostDot(broken)
    gc.collect()


@pytest.mark.parametrize(
    ("form", "terms", "bits"),
    [("fp8_e2m5", 1, 17), ("fp8_e4m3", 1, 37), ("fp8_e4m3", 512, 46), ("fp8_e5m2", 1, 67)],
)
def test_exact_accumulators_are_as_wide_as_the_bound(form: str, terms: int, bits: int) -> None:
    unit = units()["minifloat-dot"].make(form, {"terms": terms})
    assert Shape.cast(unit.o.payload.shape()).width == bits
    component_verilog(unit, TOP)


def test_the_first_power_has_one_multiplier_a_lane() -> None:
    text = verilog("power-pre-dot", "power4_p2", {"lanes": 4})
    assert sum(" * " in line for line in text.splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "form", "settings"),
    [
        ("minifloat-dot", "fp8_e5m2", {"lanes": 4}),
        ("minifloat-float-dot", "fp4_e2m1", {"lanes": 16, "blocks": 1}),
        ("fp16-dot", "fp16", {"acc": "fp32"}),
        ("dfp-pair-fma", "dfp16", {"overflow": "spill"}),
        ("power-post-dot", "power8_p3", {"lanes": 2}),
        ("split-dot", "int8", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_verilog_lints_by_itself(name: str, form: str, settings: dict[str, int | str]) -> None:
    assert lint(verilog(name, form, settings), TOP) == []
