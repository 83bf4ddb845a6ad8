"""The children of a command that is interrupted, or found hopeless, end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from intaglio.tooling import process

PROGRAM = """
import sys
from pathlib import Path
from intaglio.tooling.process import run
folder = Path(sys.argv[1])
script = "sleep 60 & echo $! > grandchild; wait"
run(("sh", "-c", script), cwd=folder, env={"PATH": "/bin:/usr/bin"})
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_an_interrupt_ends_children_and_grandchildren(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], env=env, stderr=subprocess.PIPE
    )
    note = tmp_path / "grandchild"
    deadline = time.monotonic() + 20
    while not (note.is_file() and note.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    grandchild = int(note.read_text())
    assert _alive(grandchild)
    child.send_signal(signal.SIGINT)
    _, error = child.communicate(timeout=20)
    assert b"KeyboardInterrupt" in error
    deadline = time.monotonic() + 5
    while _alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(grandchild)


def test_what_is_hopeless_is_ended_and_its_output_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "WATCH_S", 0.05)
    note = tmp_path / "started"
    status, output = process.run(
        ("sh", "-c", "echo begun; touch started; sleep 60"),
        cwd=tmp_path,
        env={"PATH": "/bin:/usr/bin"},
        check=False,
        hopeless=note.exists,
    )
    assert (status, output) == (-signal.SIGKILL, "begun\n")


def test_what_is_never_hopeless_ends_by_itself(tmp_path: Path) -> None:
    command, env = ("sh", "-c", "echo done; exit 3"), {"PATH": "/bin:/usr/bin"}
    ended = process.run(command, cwd=tmp_path, env=env, check=False, hopeless=lambda: False)
    assert ended == (3, "done\n")
