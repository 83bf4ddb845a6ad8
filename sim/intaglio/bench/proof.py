"""What a proof of an arithmetic unit is: steps that each show a part, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Settings = Mapping[str, int | str]
EXHAUSTIVE, PROVED, COMPOSED, OPEN = "exhaustive", "proved", "composed", "open"
STATES = (PROVED, EXHAUSTIVE, COMPOSED, OPEN)


@dataclass(frozen=True)
class Shown:
    """What a step showed.

    Parameters
    ----------
    combinations : int
        Input combinations that were run through the gates; 0 where a solver took all at once.
    faults : tuple of str
        What does not hold, or could not be decided; empty: the step is proved.
    """

    combinations: int = 0
    faults: tuple[str, ...] = ()


class Step(Protocol):
    """A part of a proof.

    Attributes
    ----------
    state : str
        EXHAUSTIVE or PROVED: what a proof of this step alone is; empty: it goes with others.
    engine : str
        What shows it.
    """

    @property
    def state(self) -> str:
        """See above."""

    @property
    def engine(self) -> str:
        """See above."""

    def show(self, component: Any, verilog: Callable[[str], str]) -> Shown:
        """Return what holds of `component`, whose Verilog is `verilog` of a module name."""


@dataclass(frozen=True)
class Proof:
    """A unit in one format that is proved equal to its definition.

    Parameters
    ----------
    unit, form : str
        A unit of `intaglio units` and one of its formats.
    steps : callable
        From the component to the steps. Each is shown by itself; together they are the proof.
    argument : str
        Why the steps are a proof of the unit: what the data sheet says.
    settings : mapping
        What differs from the unit's defaults.
    """

    unit: str
    form: str
    steps: Callable[[Any], Sequence[Step]]
    argument: str
    settings: Settings = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``unit-format``, and the settings."""
        chosen = [f"{key}={value}" for key, value in self.settings.items()]
        return "-".join((self.unit, self.form, *chosen))

    def build(self) -> Any:
        """Return the component."""
        from intaglio.gateware.units import find_unit

        return find_unit(self.unit).make(self.form, self.settings)


@dataclass(frozen=True)
class Proved:
    """What became of a proof.

    Parameters
    ----------
    name, unit, form : str
        Of the proof, and what it is of.
    state : str
        PROVED by solvers for all inputs, EXHAUSTIVE, COMPOSED of steps of both kinds, or OPEN.
    engine : str
        What showed the steps.
    combinations : int
        Input combinations run through the gates.
    seconds : float
        Time that it took.
    faults : tuple of str
        Why it is open.
    cached : bool
        It was shown before, for the same gates and the same definition.
    """

    name: str
    unit: str
    form: str
    state: str
    engine: str
    combinations: int
    seconds: float
    faults: tuple[str, ...] = ()
    cached: bool = False


def add_up(states: Sequence[str], faults: Sequence[str]) -> str:
    """Return the state of a proof whose steps have `states`."""
    kinds = set(states) - {""}
    if faults or not kinds:
        return OPEN
    return kinds.pop() if len(kinds) == 1 else COMPOSED
