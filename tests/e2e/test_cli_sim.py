"""The command in simulated gates: run, demo, generate, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio.api.tour import demo_digits, picture
from intaglio.cli.app import run
from intaglio.cli.children import descendants
from intaglio.compiler.load_tflite import load_tflite
from intaglio.golden.network import run_graph
from intaglio.spec import registers
from intaglio.spec.config_file import load_config
from intaglio.spec.presets import PRESETS

PATIENCE_SECONDS = 60.0
Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Run a verb with ``--json`` in an empty folder; return exit code and object."""
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*map(str, words), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return command


@pytest.mark.parametrize("stalls", [0, 0.3, 0.9])
def test_gates_equal_golden(call: Call, stalls: float, seed: int) -> None:
    np.save("x.npy", demo_digits().images[:2])
    words = ("--config", "tiny", "--device", "sim", "--check", "golden", "--seed", seed)
    code, found = call("run", demo_digits().model, "--input", "x.npy", *words, "--stalls", stalls)
    assert code == 0
    assert (found["mismatches"], found["stalls"]) == (0, stalls)
    assert found["compared"]["tensors"] > 0
    assert found["memory"] == {"width": None, "latency": 20, "bytes_per_cycle": None}
    array = [layer for layer in found["layers"] if layer["where"] == "array"]
    assert found["cycles"] == sum(layer["cycles"] for layer in array)
    assert all(layer["cycles"] > 0 for layer in array)
    assert found["utilisation"] == pytest.approx(
        found["macs"] / (found["cycles"] * PRESETS["tiny"].macs)
    )
    if not stalls:
        assert found["model_cycles"] == pytest.approx(found["cycles"], rel=0.1)


def test_a_slower_memory_takes_longer(call: Call) -> None:
    words = ("run", demo_digits().model, "--config", "tiny", "--device", "sim")
    quick = call(*words)[1]
    slow = call(*words, "--memory", "latency=200,bytes_per_cycle=1")[1]
    assert slow["memory"] == {"width": None, "latency": 200, "bytes_per_cycle": 1.0}
    assert slow["cycles"] > 1.5 * quick["cycles"]
    assert slow["model_cycles"] > quick["model_cycles"]
    for one, other in zip(slow["outputs"].values(), quick["outputs"].values(), strict=True):
        np.testing.assert_array_equal(np.load(one), np.load(other))


def test_a_mismatch_is_shown_and_repeated_with_waves(call: Call) -> None:
    model = demo_digits().model
    graph = load_tflite(model)
    values = run_graph(graph, {graph.inputs[0]: demo_digits().images[:1]})
    arrays: dict[str, Any] = {f"t{number:03d}": codes for number, codes in values.items()}
    arrays[f"t{graph.nodes[1].outputs[0]:03d}"][0, 2, 3, 1] ^= 4
    np.savez("wrong.npz", **arrays)
    words = ("run", model, "--config", "tiny", "--device", "sim", "--check", "wrong.npz")
    code, found = call(*words)
    assert (code, found["mismatches"]) == (1, 1)
    first = found["first_mismatch"]
    place = {name: first[name] for name in ("index", "batch", "y", "x", "channel")}
    assert place == {"index": 1, "batch": 0, "y": 2, "x": 3, "channel": 1}
    assert first["accumulator"] is not None
    again = found["repeat"].split()[1:]
    assert "--waves" in again
    code, found = call(*again, "--output", "waves")
    assert (code, found["mismatches"]) == (1, 1)
    assert Path("waves/dump.vcd").stat().st_size > 10_000
    assert list(Path().glob(".waves*")) == []


def test_generate_writes_the_same_bytes_twice(call: Call) -> None:
    written = []
    for folder in ("a", "b"):
        code, found = call("generate", "--config", "tiny", "--target", "ulx3s-85f", "-o", folder)
        assert code == 0
        written.append({name: Path(path).read_bytes() for name, path in found["files"].items()})
    assert written[0] == written[1]
    names = {"intaglio_top.v", "pins.lpf", "config.toml", "manifest.json"}
    names |= {"intaglio_scan.v", "clock.lpf", "build.sh"}
    assert set(written[0]) == names | {f"registers.{kind}" for kind in ("json", "md", "h")}
    assert load_config("a/config.toml").digest == PRESETS["tiny"].digest
    manifest = json.loads(written[0]["manifest.json"])
    for name, digest in manifest["files"].items():
        assert sha256(written[0][name]).hexdigest() == digest
    table = json.loads(written[0]["registers.json"])
    assert len(table["registers"]) == len(registers.REGISTERS)
    assert b"module intaglio_top" in written[0]["intaglio_top.v"]


def test_the_header_is_c(call: Call, tmp_path: Path) -> None:
    call("generate", "--config", "tiny", "-o", "g")
    Path("x.c").write_text(
        '#include "g/registers.h"\n'
        '_Static_assert(INTAGLIO_REG_CONTROL == 0x10, "");\n'
        '_Static_assert(INTAGLIO_COMPUTE_OPCODE_BITS == 4, "");\n'
        '_Static_assert(INTAGLIO_OPCODE_STORE == 3, "");\n'
    )
    command = ["g++", "-x", "c", "-Wall", "-Werror", "-fsyntax-only", "x.c"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_the_demo_classifies_digits_like_golden(call: Call) -> None:
    code, found = call("demo", "--config", "tiny")
    assert code == 0
    assert (found["digits"], found["equal"], found["mismatches"]) == (64, 64, 0)
    assert found["correct"] >= 55
    assert all(Path(path).is_file() for path in found["files"])


def test_a_digit_is_drawn() -> None:
    image = np.array([[[-128], [127]], [[0], [-60]]], np.int8)
    assert picture(image) == ["  ██", "▒▒░░"]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def _compiles(pid: int) -> bool:
    try:
        return b"cc1plus" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_ctrl_c_ends_children_and_leaves_nothing(tmp_path: Path) -> None:
    # An empty cache: the command builds, and is interrupted while compilers run.
    env = os.environ | {"INTAGLIO_CACHE": str(tmp_path / "cache")}
    words = ["run", str(demo_digits().model), "--config", "tiny", "--device", "sim"]
    command = [sys.executable, "-m", "intaglio.cli", *words, "--output", str(tmp_path / "out")]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        deadline = time.monotonic() + PATIENCE_SECONDS
        children: list[int] = []
        while not any(map(_compiles, children)) and time.monotonic() < deadline:
            time.sleep(0.02)
            children = descendants(child.pid)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=PATIENCE_SECONDS)
    assert len(children) > 1
    assert (child.returncode, out) == (130, "input: seeded random data (seed 1)\n")
    assert "interrupted" in err
    assert "Traceback" not in err
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and not {_state(pid) for pid in children} <= {"gone", "Z"}:
        time.sleep(0.05)
    assert {_state(pid) for pid in children} <= {"gone", "Z"}
    left = [path.name for path in tmp_path.iterdir() if path.name != "cache"]
    assert left == []
