"""The mutants of one subject, noticed or classified; kept by content."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from intaglio.bench.compile import TOP
from intaglio.bench.mutant_proof import Prover, Verdict
from intaglio.bench.mutant_replay import lawful
from intaglio.bench.mutant_run import Trial, try_mutants
from intaglio.bench.mutant_subjects import SUBJECTS, Subject
from intaglio.bench.row import Row, pack, ports
from intaglio.bench.tools import toolchain
from intaglio.bench.vector_library import VectorLibrary
from intaglio.bench.vectors import content
from intaglio.tooling import cache

COUNT = 500
MORE_CYCLES = 3  # of a proof, beyond the latency
SETTINGS = 3  # settings of rows with which witnesses are looked for


@dataclass(frozen=True)
class Survivor:
    """A mutant that no vector noticed, what it is, and by what argument."""

    mutant: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Broken:
    """What became of the mutants of a subject.

    Parameters
    ----------
    family, unit, form : str
        Of the subject.
    generated : int
        Mutants.
    killed : mapping of str to int
        Noticed, by what showed it: ``value``, ``missing``, ``protocol``, ``timing``.
    survived : tuple of Survivor
        The others, those proved equivalent too.
    vectors : int
        Payloads of one mutant's run.
    seconds : float
        Wall time.
    cached : bool
        Kept from a run before: neither gates nor vectors have changed.
    """

    family: str
    unit: str
    form: str
    generated: int
    killed: dict[str, int]
    survived: tuple[Survivor, ...]
    vectors: int
    seconds: float
    cached: bool = False

    @property
    def noticed(self) -> int:
        """How many were killed."""
        return sum(self.killed.values())

    @property
    def equivalent(self) -> int:
        """How many are proved to be no fault."""
        return sum(one.kind == "equivalent" for one in self.survived)


def break_subject(
    name: str,
    count: int = COUNT,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Broken:
    """Make `count` mutants of the subject called `name`, run them, and classify the survivors.

    Raises
    ------
    BenchError
        E602: the subject fails without a mutant.
    EnvironmentFault, ToolError
        A tool is missing or failed.
    """
    from intaglio.gateware.emit import component_verilog

    subject = next(subject for subject in SUBJECTS if subject.name == name)
    rows = list(subject.rows())
    component = rows[0].build()
    text = component_verilog(component, TOP)
    streams = {n: port for n, port in ports(component).items() if port.is_stream}
    vectors = [content(row, streams, 1) for row in rows]
    key = cache.digest(toolchain().key, name, str(count), str(seed), text, *vectors, *_sources())
    if cache.has("mutated", key):
        folder = cache.entry("mutated", key, _unexpected)
        return replace(_read(folder / "broken.json"), cached=True)
    began = time.monotonic()
    trial = try_mutants(rows, count, seed=seed, progress=progress)
    survived = _classified(subject, component, rows, trial, progress)
    done = Broken(
        subject.family,
        subject.unit,
        subject.format,
        len(trial.noticed),
        dict(Counter(one.how for one in trial.noticed if one)),
        tuple(survived),
        trial.vectors,
        round(time.monotonic() - began, 1),
    )
    cache.entry("mutated", key, partial(_keep, done))
    return done


def _classified(
    subject: Subject,
    component: Any,
    rows: list[Row],
    trial: Trial,
    progress: Callable[[int, int], None],
) -> list[Survivor]:
    """Return the survivors with what is known of each."""
    numbers = [n for n, one in enumerate(trial.noticed, 1) if one is None]
    if not numbers:
        return []
    library = VectorLibrary(component, trial.netlist.verilog, mutants=True)
    held = {n: p for n, p in library.ports.items() if p.is_input and not p.is_stream}
    chosen = _different(rows)[:SETTINGS]
    settings = [
        {n: pack(port.shape, row.settings.get(n, 0)) for n, port in held.items()} for row in chosen
    ]
    depth = component.latency_cycles + MORE_CYCLES
    prover = Prover(trial.netlist.netlist, library.streams, depth, settings)
    found = []
    for at, number in enumerate(numbers, 1):
        progress(at, len(numbers))
        verdict = prover.verdict(number)
        kind, reason = _judged(library, chosen, verdict)
        found.append(Survivor(trial.netlist.mutants[number - 1], kind, reason))
    return found


def _judged(library: VectorLibrary, rows: list[Row], verdict: Verdict) -> tuple[str, str]:
    """Return class and reason; what an input shows counts only if the input is allowed."""
    if verdict.kind != "witness":
        return verdict.kind, verdict.reason
    allowed = lawful(library, rows[verdict.row], verdict.taken)
    shown = "; ".join(f"{n}: {', '.join(map(hex, v))}" for n, v in verdict.taken.items())
    if allowed:
        return "missed", f"shown by {shown}"
    if allowed is None:
        return "open", f"golden says nothing of {shown}"
    return "unreached", "what shows it breaks a rule of the unit: golden differs from whole gates"


def _different(rows: list[Row]) -> list[Row]:
    """Return a row for each of the settings."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(json.dumps(row.settings, sort_keys=True, default=str), row)
    return list(found.values())


def _sources() -> list[str]:
    """Return the text of every module that makes, runs and classifies mutants."""
    own = {path.stem: path for path in Path(__file__).parent.glob("mutant_*.py")}
    return [path.read_text() for name, path in sorted(own.items()) if name != "mutant_subjects"]


def _keep(done: Broken, folder: Path) -> None:
    (folder / "broken.json").write_text(json.dumps(asdict(done)))


def _read(path: Path) -> Broken:
    values = json.loads(path.read_text())
    survived = tuple(Survivor(**one) for one in values.pop("survived"))
    return Broken(**values, survived=survived)


def _unexpected(folder: Path) -> None:
    raise FileNotFoundError(folder)
