"""The written Verilog: the same everywhere, and each shared module once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from intaglio.gateware.emit import TOP, emit_verilog
from intaglio.spec.presets import PRESETS

WRITE = """
import sys
from intaglio.gateware.emit import emit_verilog
from intaglio.spec.presets import PRESETS
sys.stdout.write(emit_verilog(PRESETS["tiny"]))
"""


def test_two_folders_and_two_hash_seeds_give_the_same_bytes(root: Path, tmp_path: Path) -> None:
    roots = os.pathsep.join(str(root / part) for part in ("hw", "sim", "sw/driver"))
    texts = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        setting = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": roots}
        made = subprocess.run(
            [sys.executable, "-c", WRITE], cwd=folder, env=setting, capture_output=True, check=True
        )
        texts.append(made.stdout)
    assert texts[0] == texts[1]
    assert f"module {TOP}(".encode() in texts[0]
    assert str(tmp_path).encode() not in texts[0]


@pytest.mark.parametrize("name", ["tiny", "default"])
def test_processing_elements_are_emitted_once_and_placed(name: str) -> None:
    config = PRESETS[name]
    text = emit_verilog(config)
    for module, count in (
        ("intaglio_pe", config.channels),
        ("intaglio_row", config.pixels),
        ("intaglio_requantise_lane", config.requant_lanes),
    ):
        assert len(re.findall(rf"^module {module}\w*\(", text, re.MULTILINE)) == 1
        assert len(re.findall(rf"^  {module}\w* \w+ \(", text, re.MULTILINE)) == count
