"""Every command of cost, four networks, four parts: a result, or what is missing in figures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from intaglio.api.models import mobilenet_v2
from intaglio.api.tour import demo_digits
from intaglio.cli.app import run
from intaglio.compiler.save_tflite import save_tflite

DOES_NOT_FIT = 4
CONFIGS = {
    "ulx3s-85f": "default",
    "tangnano20k": "tangnano20k",
    "generic": "small",
    "icebreaker": "icebreaker",
}
NETWORKS = ("digits", "resnet8", "vww", "mobilenet_v2")
PAIRS = [(network, target) for target in CONFIGS for network in NETWORKS]
COMMANDS = {
    "check": ("check", "{model}", "--config", "{config}"),
    "estimate": ("estimate", "{model}", "--config", "{config}", "--target", "{target}"),
    "compile": ("compile", "{model}", "--config", "{config}", "-o", "{folder}/program"),
    "power": ("power", "{model}", "--config", "{config}", "--target", "{target}"),
    "report": (
        *("report", "{model}", "--config", "{config}", "--target", "{target}"),
        *("-o", "{folder}/report"),
    ),
    "explore": (
        *("explore", "{model}", "--config", "{config}", "--target", "{target}", "-j", "1"),
        *("--space", "requant_lanes=1,2", "-o", "{folder}/explore"),
    ),
    "generate": (
        *("generate", "--config", "{config}", "--target", "{target}", "-o", "{folder}/rtl"),
    ),
}
FIGURES = {"estimate": "summary", "power": "summary", "report": "summary"}


@pytest.fixture(scope="module")
def networks(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    large = folder / "mobilenet_v2.tflite"
    large.write_bytes(save_tflite(mobilenet_v2()))
    tiny = shared / "models" / "mlperf_tiny"
    return {
        "digits": demo_digits().model,
        "resnet8": tiny / "pretrainedResnet_quant.tflite",
        "vww": tiny / "vww_96_int8.tflite",
        "mobilenet_v2": large,
    }


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("network", "target"), PAIRS, ids=str)
def test_a_result_or_what_is_missing(
    command: str,
    network: str,
    target: str,
    networks: Mapping[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = {"model": networks[network], "config": CONFIGS[target]}
    words = [word.format(target=target, folder=tmp_path, **values) for word in COMMANDS[command]]
    code = run([*words, "--json"])
    printed = capsys.readouterr()
    found: dict[str, Any] = json.loads(printed.out)
    if code == DOES_NOT_FIT:
        assert target == "icebreaker" or network == "mobilenet_v2"
        faults = found["findings" if command == "check" else "errors"]
        assert faults
        assert all(re.search(r"\d", fault["message"]) for fault in faults)
        return
    assert code == 0, printed.err
    if command in FIGURES:
        figures = found[FIGURES[command]]
        assert figures
        for figure in figures.values():
            assert {"value", "unit", "low", "high", "source", "how"} <= set(figure)
            assert figure["value"] is not None or figure["how"]
