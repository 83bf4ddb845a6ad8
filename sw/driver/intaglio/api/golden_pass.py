"""Whether the gates of a configuration were compared with the golden model, by content."""

from __future__ import annotations

from collections.abc import Callable

from intaglio.spec.config import ArrayConfig
from intaglio.tooling import cache

KIND = "golden"
PASSED = "passed, 0 mismatches"
NOT_RUN = "not run; intaglio power and intaglio report run it"


def golden_key(config: ArrayConfig) -> str:
    """Return the content that a pass stands for: the configuration and the gateware's sources."""
    from intaglio.bench.source import source_digest

    return cache.digest(config.digest, source_digest())


def golden_state(config: ArrayConfig) -> str:
    """Return what is known of the golden check of `config`; nothing is run."""
    return PASSED if cache.has(KIND, golden_key(config)) else NOT_RUN


def golden_check(config: ArrayConfig, progress: Callable[[str], None] = lambda _: None) -> str:
    """Run the shipped network in the gates of `config` unless that has passed before.

    Returns :data:`PASSED`, or how many elements differ.

    Raises
    ------
    EnvironmentFault, ToolError
        The gates cannot be simulated here.
    """
    found = ""

    def make(work: object) -> None:
        nonlocal found
        found = _compare(config, progress)
        if found != PASSED:
            raise _FailedError

    try:
        cache.entry(KIND, golden_key(config), make)
    except _FailedError:
        return found
    return PASSED


def note_pass(config: ArrayConfig) -> None:
    """Remember that the gates of `config` gave what the golden model gives."""
    cache.entry(KIND, golden_key(config), lambda _: None)


class _FailedError(Exception):
    """Leaves no entry behind."""


def _compare(config: ArrayConfig, progress: Callable[[str], None]) -> str:
    from intaglio.api.checking import Settings, check
    from intaglio.api.model import load
    from intaglio.api.plan import compile as compile_model
    from intaglio.api.tour import demo_digits

    digits = demo_digits()
    plan = compile_model(load(digits.model), config)
    x = {plan.program.tensor(plan.program.inputs[0]).name: digits.images[:4]}
    progress(f"golden check: the shipped network in the gates of {config.name}")
    done = check(plan, x, Settings("sim", progress=progress))
    return PASSED if not done.mismatches else f"{done.mismatches} elements differ"
