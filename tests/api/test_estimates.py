"""Estimates: the compiler's own commands, figures with bands, no tool."""

from __future__ import annotations

import subprocess

import pytest

from intaglio import api
from intaglio.api.layer_cycles import model_cycles
from intaglio.compiler.outline import outline_graph
from intaglio.spec.commands import decode
from intaglio.spec.config_file import load_config

DIGITS = str(api.demo_digits().model)


@pytest.mark.parametrize("config", ["default", "tiny"])
def test_the_outline_is_what_is_compiled(config: str) -> None:
    model = api.load(DIGITS)
    plan = api.compile(model, config)
    outline = outline_graph(model.graph, plan.config)
    commands = [command for job in outline.jobs for command in job]
    assert commands == list(decode(plan.program.commands))
    assert outline.constant_bytes == len(plan.program.constants)
    found = api.estimate(model, config)
    cycles = model_cycles(plan.program, plan.config)
    assert found.summary["cycles"].value == sum(cycles.values())
    assert [
        layer.figures["cycles"].value for layer in found.layers if layer.where == "array"
    ] == list(cycles.values())


def test_no_tool_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert api.estimate(DIGITS).summary["macs"].value == 106464


def test_energy_is_the_sum_of_its_parts_and_says_relative_only() -> None:
    found = api.estimate(DIGITS, "small", "ulx3s-85f", clock_mhz=25)
    assert found.label == "relative only"
    energy = [layer.figures["energy"] for layer in found.layers if layer.where == "array"]
    parts = [part for layer in found.layers for part in layer.parts.values()]
    assert sum(figure.value or 0 for figure in energy) == pytest.approx(
        sum(part.value or 0 for part in parts)
    )
    power, latency = found.summary["power"], found.summary["latency"]
    assert (power.value or 0) * (latency.value or 0) == pytest.approx(found.summary["energy"].value)


def test_a_part_without_coefficients_prints_that_and_no_zero() -> None:
    found = api.estimate(DIGITS, "small", "tangnano20k")
    energy = found.summary["energy"]
    assert energy.value is None
    assert energy.how.startswith("no coefficient")


def test_a_smaller_memory_takes_longer() -> None:
    slow = api.estimate(DIGITS, memory=api.parse_memory("bytes_per_cycle=1"))
    fast = api.estimate(DIGITS)
    assert (slow.summary["cycles"].value or 0) > (fast.summary["cycles"].value or 0)
    assert load_config("default").macs == fast.peak
