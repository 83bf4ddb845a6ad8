from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from intaglio.boards.dense import ECP5_DENSE
from intaglio.boards.scripts import build_files
from intaglio.boards.toolchain import search_path
from intaglio.spec.target import load_target

IMAGES = {"ulx3s-85f": "top.bit", "ulx3s-25f": "top.bit", "icebreaker": "top.bin"}


def test_vivado_gets_a_project_for_the_part(core: tuple[str, str]) -> None:
    files = build_files(*core, load_target("arty-a7-35t"))
    assert set(files) == {"intaglio_scan.v", "clock.xdc", "project.tcl"}
    assert "-part xc7a35ticsg324-1L" in files["project.tcl"]
    assert "create_clock -name clk -period 10.000" in files["clock.xdc"]
    assert "uart" not in files["clock.xdc"]


def test_a_target_without_a_part_has_nothing_to_build(core: tuple[str, str]) -> None:
    assert build_files(*core, load_target("generic")) == {}


def test_a_script_names_no_intaglio_program(core: tuple[str, str]) -> None:
    script = build_files(*core, load_target("tangnano20k"))["build.sh"]
    assert "python" not in script
    assert "--vopt cst=clock.cst" in script


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "dense"), [*((name, "") for name in (*IMAGES, "tangnano20k")), ("ulx3s-85f", "0")]
)
def test_the_script_alone_builds_what_a_board_is_loaded_with(
    target: str, dense: str, core: tuple[str, str], tools: None, tmp_path: Path
) -> None:
    verilog, top = core
    for name, text in {f"{top}.v": verilog, **build_files(*core, load_target(target))}.items():
        (tmp_path / name).write_text(text)
    env = {**os.environ, "PATH": search_path(), "DENSE": dense}
    done = subprocess.run(
        ("sh", "build.sh"), cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Max frequency" in done.stdout
    empty = (tmp_path / "top.json").read_text().count('"empty_')
    tiles = ECP5_DENSE.tiles[load_target("ulx3s-85f").device]
    assert empty == (len(list(tiles.every_second_row())) if dense else 0)
    assert (tmp_path / IMAGES.get(target, "top.fs")).stat().st_size > 10_000
