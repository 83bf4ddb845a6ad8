"""A flow from a model to its report: numbered steps, each done once for what it was made from."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from intaglio.api.files import read_file, write_file
from intaglio.api.flow_steps import STEPS, Flow
from intaglio.bench.source import source_digest
from intaglio.explore.run import code_digest
from intaglio.spec.errors import Finding, UsageError

SCHEMA = 1
NAMES = tuple(STEPS)


@dataclass(frozen=True)
class Step:
    """One step of a plan.

    Parameters
    ----------
    number : int
        From 1.
    name : str
        A key of :data:`intaglio.api.flow_steps.STEPS`.
    key : str
        Digest of all that it is made from.
    reuse : bool
        Its result is there and was made from the same.
    reason : str
        Why it runs or not.
    """

    number: int
    name: str
    key: str
    reuse: bool
    reason: str


def plan_flow(flow: Flow, first: str = NAMES[0], last: str = NAMES[-1]) -> list[Step]:
    """Return the steps from `first` to `last` with what of them is there already.

    Raises
    ------
    UsageError
        E101: a step is not known, or `first` comes after `last`. E103: the model cannot be read.
    """
    for name in (first, last):
        if name not in NAMES:
            raise _bad(f"no step is called {name}", name, ", ".join(NAMES))
    begin, end = NAMES.index(first), NAMES.index(last)
    if begin > end:
        raise _bad(f"{first} comes after {last}", first, f"{last} or earlier")
    steps = []
    known = _manifest(flow)
    for number, name in enumerate(NAMES, 1):
        key = _key(flow, name)
        there = known.get(name)
        whole = there is not None and _whole(flow, name, there)
        reuse = whole and there is not None and there["key"] == key
        if reuse:
            reason = "reused: made from the same model, configuration and code"
        elif there is None:
            reason = "runs: not done yet"
        elif not whole:
            reason = "runs: its result is gone or damaged"
        else:
            reason = "runs: the model, the configuration or the code has changed"
        if begin <= number - 1 <= end:
            steps.append(Step(number, name, key, reuse, reason))
        elif number - 1 < begin and not reuse:
            raise UsageError(
                Finding(
                    "E101",
                    f"--from {first} needs {name}, which {reason}",
                    where="--from",
                    have=first,
                    need=f"--from {name} or earlier",
                    help="leave --from out: what is done is not done again",
                )
            )
    return steps


def run_flow(
    flow: Flow, steps: list[Step], tell: Callable[[Step, int], None] = lambda *_: None
) -> Iterator[tuple[Step, dict[str, Any], float]]:
    """Run the steps that are not there; yield each with its result and the seconds it took.

    The manifest is written after each step, so that an interrupted flow goes on where it was.
    """
    renewed = False
    for step in steps:
        tell(step, len(NAMES))
        began = time.monotonic()
        if step.reuse and not renewed:
            yield step, flow.result(step.name), 0.0
            continue
        renewed = True
        try:
            result = STEPS[step.name](flow)
        except BaseException:
            _forget(flow, step.name)
            raise
        text = json.dumps(result, indent=1) + "\n"
        write_file(flow.folder / f"{step.name}.json", text)
        seconds = time.monotonic() - began
        _note(flow, step, text, seconds)
        yield step, result, seconds


def _key(flow: Flow, name: str) -> str:
    """Return what a step and all before it are made from."""
    choice = flow.choice
    parts = [
        hashlib.sha256(read_file(flow.path, "a model")).hexdigest(),
        choice.config.digest,
        choice.target.name,
        str(choice.clock_mhz),
        str(choice.memory),
        choice.coefficients.origin,
        code_digest(),
    ]
    if name in ("verify", "build", "report"):
        parts.append(source_digest())
    return hashlib.sha256("\n".join([name, *parts]).encode()).hexdigest()


def _manifest(flow: Flow) -> dict[str, Any]:
    path = flow.folder / "run.json"
    try:
        found = json.loads(path.read_text("utf-8"))
        steps = found["steps"] if found["schema_version"] == SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(steps) if isinstance(steps, dict) else {}


def _whole(flow: Flow, name: str, noted: dict[str, Any]) -> bool:
    try:
        text = (flow.folder / f"{name}.json").read_text("utf-8")
    except OSError:
        return False
    return hashlib.sha256(text.encode()).hexdigest() == noted.get("sha256")


def _note(flow: Flow, step: Step, text: str, seconds: float) -> None:
    steps = _manifest(flow)
    steps[step.name] = {
        "number": step.number,
        "key": step.key,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "seconds": round(seconds, 3),
    }
    _write(flow, steps)


def _forget(flow: Flow, name: str) -> None:
    """Take a step and all after it out of the manifest: their results are of another time."""
    steps = _manifest(flow)
    for later in NAMES[NAMES.index(name) :]:
        steps.pop(later, None)
        (flow.folder / f"{later}.json").unlink(missing_ok=True)
    shutil.rmtree(flow.folder / "report", ignore_errors=True)
    if steps:
        _write(flow, steps)


def _write(flow: Flow, steps: dict[str, Any]) -> None:
    manifest = {
        "schema_version": SCHEMA,
        "argv": flow.reproduce,
        "model": str(flow.path),
        "config": flow.choice.config.name,
        "config_digest": flow.choice.config.digest,
        "target": flow.choice.target.name,
        "steps": steps,
    }
    write_file(flow.folder / "run.json", json.dumps(manifest, indent=1) + "\n")


def _bad(message: str, have: str, need: str) -> UsageError:
    help_text = "the order of the steps is " + ", ".join(NAMES)
    return UsageError(Finding("E101", message, "--from, --to", have, need, help_text))
