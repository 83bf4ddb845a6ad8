"""A published system: what it proposes, and the checks that tell whether it works here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from intaglio.spec.errors import EnvironmentFault, IntaglioError


class State(StrEnum):
    """What a system's checks have shown; the value is what reports print."""

    WORKS = "works"
    PARTIAL = "partial"
    NOT_YET = "not yet"


class Judgement(StrEnum):
    """What the check of one clause showed."""

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    judgement : Judgement
        Passed; failed: the ground exists and does not do what it must; missing: no ground yet.
    figure : str
        What was measured, with units.
    missing : str
        What is wrong, or what there would have to be; empty if it passed.
    """

    judgement: Judgement
    figure: str = ""
    missing: str = ""


def passed(figure: str) -> Verdict:
    """Return the verdict of a clause that holds, with the figure that shows it."""
    return Verdict(Judgement.PASSED, figure)


def failed(wrong: str, figure: str = "") -> Verdict:
    """Return the verdict of a clause that does not hold."""
    return Verdict(Judgement.FAILED, figure, wrong)


def lacking(what: str, figure: str = "") -> Verdict:
    """Return the verdict of a clause that needs something that does not exist."""
    return Verdict(Judgement.MISSING, figure, what)


def judge(good: bool, figure: str) -> Verdict:
    """Return passed or failed; `figure` shows which, and why."""
    return passed(figure) if good else failed(figure)


@dataclass(frozen=True)
class Clause:
    """One sentence of an acceptance check.

    Parameters
    ----------
    text : str
        The sentence; those of an entry make up the whole check, none left out.
    check : callable
        Runs it.
    """

    text: str
    check: Callable[[], Verdict]


def missing(text: str, what: str) -> Clause:
    """Return a clause that cannot be checked yet, because `what` does not exist."""
    return Clause(text, lambda: lacking(what))


@dataclass(frozen=True)
class Entry:
    """A published system.

    Parameters
    ----------
    number : int
        1 to 58.
    name : str
        Short name.
    kind : str
        A: arithmetic, a hardware unit. B: an operator that the compiler maps. C: a technique of
        compiling, search or report. D: nothing that hardware implements. The first letter counts.
    claim : str
        What the publication proposes, with its own figures.
    operator : str
        What this framework has to do for it.
    clauses : tuple of Clause
        It works when all of them hold.
    """

    number: int
    name: str
    kind: str
    claim: str
    operator: str
    clauses: tuple[Clause, ...]

    @property
    def acceptance(self) -> str:
        """The whole check in words."""
        return "; ".join(clause.text for clause in self.clauses)

    @property
    def command(self) -> str:
        """The command that runs the checks."""
        return f"intaglio systems --run {self.number}"


@dataclass(frozen=True)
class Checked:
    """A clause after its check.

    Parameters
    ----------
    text, judgement, figure, missing
        Of the clause and its verdict.
    seconds : float
        Of wall time.
    """

    text: str
    judgement: Judgement
    figure: str
    missing: str
    seconds: float


def check(entry: Entry, progress: Callable[[str], None] = lambda _: None) -> tuple[Checked, ...]:
    """Run every clause of `entry`; what a check raises is its verdict, and ends no other."""
    done = []
    for number, clause in enumerate(entry.clauses, 1):
        progress(f"system {entry.number}, {number} of {len(entry.clauses)}: {clause.text}")
        began = time.monotonic()
        verdict = _run(clause)
        seconds = round(time.monotonic() - began, 2)
        done.append(
            Checked(clause.text, verdict.judgement, verdict.figure, verdict.missing, seconds)
        )
    return tuple(done)


def _run(clause: Clause) -> Verdict:
    try:
        return clause.check()
    except EnvironmentFault as error:
        return lacking(error.findings[0].message)
    except IntaglioError as error:
        return failed(f"{error.findings[0].code}: {error.findings[0].message}")
    except Exception as error:
        # A check that breaks has shown nothing; the others of the run still count.
        return failed(" ".join(f"{type(error).__name__}: {error}".split()))


def state_of(clauses: Sequence[Checked]) -> State:
    """Return works if all clauses passed, partial if some did, else not yet."""
    good = sum(clause.judgement is Judgement.PASSED for clause in clauses)
    if good and good == len(clauses):
        return State.WORKS
    return State.PARTIAL if good else State.NOT_YET


def missing_of(clauses: Sequence[Checked]) -> str:
    """Return what keeps the clauses from passing, in one line; empty if all did."""
    parts = [
        ("fails: " if clause.judgement is Judgement.FAILED else "") + clause.missing
        for clause in clauses
        if clause.judgement is not Judgement.PASSED
    ]
    return "; ".join(dict.fromkeys(parts))


def figure_of(clauses: Sequence[Checked]) -> str:
    """Return what was measured, in one line."""
    return "; ".join(clause.figure for clause in clauses if clause.figure)
