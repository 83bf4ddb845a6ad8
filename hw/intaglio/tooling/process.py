"""Children: one way to run another program, so that none outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from intaglio.spec.errors import Finding, ToolError

SHOWN_LINES = 30
WATCH_S = 2.0


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path | None = None,
    check: bool = True,
    hopeless: Callable[[], bool] | None = None,
) -> tuple[int, str]:
    """Run `command` in a process group of its own and return (exit status, output).

    The group is killed when we are interrupted, so that Ctrl-C leaves no compiler behind.

    Parameters
    ----------
    command : sequence of str or Path
        Program and arguments.
    cwd : Path
        Working folder.
    env : mapping
        The whole environment of the child.
    log : Path, optional
        File that keeps the output.
    check : bool
        Raise if the status is not 0.
    hopeless : callable, optional
        Asked every :data:`WATCH_S` seconds; the group is killed when it says so.

    Raises
    ------
    ToolError
        E601 with the end of the output if the status is not 0, or if the program cannot start.
    """
    name = Path(str(command[0])).name
    # An interrupt between the child's start and our knowing it would leave it behind, so it is
    # held back until then. The child keeps the mask, but we end it by SIGKILL.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    child, output = None, None
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        output = _output(child, hopeless)
    except OSError as error:
        raise ToolError(_finding(name, str(error), cwd)) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if child is not None and output is None:
            _kill(child)
    if log is not None:
        log.write_text(output)
    if check and child.returncode:
        tail = "\n".join(output.splitlines()[-SHOWN_LINES:])
        raise ToolError(_finding(name, f"exit status {child.returncode}\n{tail}", cwd))
    return child.returncode, output


def _output(child: subprocess.Popen[str], hopeless: Callable[[], bool] | None) -> str:
    """Return what `child` says until it ends, or is ended."""
    while hopeless is not None:
        with suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=WATCH_S)[0]
        if hopeless():
            return _kill(child)
    return child.communicate()[0]


def _kill(child: subprocess.Popen[str]) -> str:
    """End the whole process group of `child`, make's compilers too; return what it said."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    return child.communicate()[0]


def _finding(name: str, have: str, cwd: Path) -> Finding:
    return Finding(
        "E601",
        f"{name} failed: {have}",
        where=str(cwd),
        have=have.splitlines()[0],
        need="exit status 0",
        help="intaglio doctor shows the tools found and their versions",
    )
