from __future__ import annotations

import re

import pytest

from intaglio.spec.errors import ConfigError
from intaglio.spec.target import Resources, Target, load_target, parse_target, target_names

GOOD = """
schema = 1
description = "a part"
family = "ecp5"
clock_mhz = 12.0
[resources]
luts = 1
flip_flops = 2
ram_blocks = 5
ram_kib = 3
multipliers = 4
"""


def codes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        parse_target(text, name="x", where="x.toml")
    assert all(f.where == "x.toml" for f in caught.value.findings)
    return sorted((f.code, f.message) for f in caught.value.findings)


def test_a_file_becomes_its_value() -> None:
    assert parse_target(GOOD, name="x", where="x.toml") == Target(
        name="x",
        description="a part",
        family="ecp5",
        clock_mhz=12.0,
        resources=Resources(luts=1, flip_flops=2, ram_blocks=5, ram_kib=3, multipliers=4),
    )


def test_a_whole_number_is_a_frequency() -> None:
    assert parse_target(GOOD.replace("12.0", "12"), name="x", where="x.toml").clock_mhz == 12


@pytest.mark.parametrize("name", target_names())
def test_every_shipped_target_loads(name: str) -> None:
    target = load_target(name)
    assert target.name == name
    assert bool(target.pin_text()) == bool(target.pins)


def test_the_targets_of_the_contract_exist() -> None:
    assert set(target_names()) == {
        *("generic", "ulx3s-25f", "ulx3s-85f", "icebreaker"),
        *("tangnano20k", "arty-a7-35t", "pynq-z2"),
    }


def test_generic_has_neither_part_nor_pins() -> None:
    target = load_target("generic")
    assert (target.device, target.clock_mhz, target.pin_text()) == ("", None, "")


def test_the_clock_of_the_pin_file_is_the_clock_of_the_target() -> None:
    target = load_target("ulx3s-85f")
    text = target.pin_text()
    assert 'LOCATE COMP "clk" SITE "G2"' in text
    found = re.search(r'FREQUENCY PORT "clk" (\S+) MHZ', text)
    assert found is not None
    assert float(found[1]) == target.clock_mhz


SITES = (r'SITE "(\w+)"', r"set_io \S+ (\d+)", r'IO_LOC "\S+" (\d+);', r"PACKAGE_PIN (\w+)")


@pytest.mark.parametrize("name", [name for name in target_names() if name != "generic"])
def test_no_site_is_used_twice_and_the_clock_has_one(name: str) -> None:
    text = load_target(name).pin_text()
    sites = [site for pattern in SITES for site in re.findall(pattern, text)]
    assert len(sites) > 5
    assert len(sites) == len(set(sites))
    assert re.search(r"\bclk\b", text)


def test_two_boards_of_one_kind_share_their_pins() -> None:
    small, large = load_target("ulx3s-25f"), load_target("ulx3s-85f")
    assert small.pin_text() == large.pin_text()
    assert small.pin_file == large.pin_file == "pins.lpf"


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        load_target("ulx3s-58f")
    (finding,) = caught.value.findings
    assert (finding.code, finding.help) == ("E205", "did you mean ulx3s-85f?")
    assert "generic" in finding.need


@pytest.mark.parametrize("name", ["", "..", "../constraints/generic", "/"])
def test_a_path_is_not_a_name(name: str) -> None:
    with pytest.raises(ConfigError, match="E205"):
        load_target(name)


def test_all_faults_are_reported_together() -> None:
    text = GOOD.replace("schema = 1", "schema = 2").replace("clock_mhz = 12.0", "clok_mhz = 12.0")
    text = text.replace('"ecp5"', '"max10"').replace("luts = 1", 'luts = "1"')
    assert codes(text) == [
        ("E202", "unknown key clok_mhz"),
        ("E203", "family is 'max10'"),
        ("E203", "resources.luts is '1'"),
        ("E203", "schema is 2"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('description = "a part"\n', "", "description is missing"),
        ("multipliers = 4\n", "", "resources.multipliers is missing"),
        ("clock_mhz = 12.0", "clock_mhz = '12 MHz'", "clock_mhz is '12 MHz'"),
        ("clock_mhz = 12.0", "clock_mhz = -1.0", "clock_mhz is -1.0"),
        ("clock_mhz = 12.0", "clock_mhz = nan", "clock_mhz is nan"),
        ("clock_mhz = 12.0", "clock_mhz = inf", "clock_mhz is inf"),
        ("luts = 1", "luts = true", "resources.luts is True"),
        ("clock_mhz", 'state = "new"\nclock_mhz', "state is 'new'"),
        ("clock_mhz", "tools = [1]\nclock_mhz", "tools is [1]"),
    ],
)
def test_each_bad_value_is_named(old: str, new: str, message: str) -> None:
    assert codes(GOOD.replace(old, new)) == [("E203", message)]


def test_resources_must_be_a_table() -> None:
    text = GOOD.split("[resources]", maxsplit=1)[0] + "resources = 3\n"
    assert codes(text) == [("E203", "resources is 3")]


def test_text_that_is_not_toml() -> None:
    with pytest.raises(ConfigError, match="E201"):
        parse_target("schema = = 1", name="x", where="x.toml")
