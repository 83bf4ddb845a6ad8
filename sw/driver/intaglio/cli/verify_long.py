"""What ``intaglio verify --mutants`` and ``--sweep`` print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.bench.mutant_report import Broken

NOT_GOOD = 1
LEAST_PER_CENT = 95.0


def sweep(
    terminal: Terminal, units: Sequence[str], *, vectors: int | None, seed: int, every: bool
) -> int:
    """Run long sweeps and show what each compared."""
    from intaglio import api

    with terminal.waiting() as progress:
        results = api.sweep_units(units, vectors=vectors, seed=seed, every=every, progress=progress)
    terminal.table(
        ("unit", "format", ">vectors", ">mismatches", ">seconds", "row"),
        [
            (
                result.unit,
                result.form,
                str(result.vectors),
                str(result.mismatches),
                "kept" if result.cached else f"{result.seconds:.1f}",
                result.name,
            )
            for result in results
        ],
        flexible=5,
    )
    wrong = [result for result in results if result.mismatches]
    for result in wrong:
        terminal.say(f"{result.name}: {result.fault}")
    total = sum(result.vectors for result in results)
    seen = len({result.unit for result in results})
    terminal.say(
        f"{len(results)} sweeps of {seen} units, {total} vectors, {len(wrong)} with mismatches"
    )
    keys = ("vectors", "mismatches", "seconds", "cached", "cycles", "fault")
    terminal.result(
        {
            "seed": seed,
            "mismatches": sum(result.mismatches for result in results),
            "units": [
                {
                    "name": result.unit,
                    "format": result.form,
                    "row": result.name,
                    **{key: getattr(result, key) for key in keys},
                }
                for result in results
            ],
        }
    )
    return NOT_GOOD if wrong else 0


def mutants(terminal: Terminal, units: Sequence[str], *, count: int | None, seed: int) -> int:
    """Break units and show how many breaks were noticed, by unit and by family."""
    from intaglio import api

    with terminal.waiting() as progress:
        results = api.break_units(units, count=count, seed=seed, progress=progress)
    terminal.table(
        ("unit", ">mutants", ">killed", ">equal", ">others", ">%", ">% not equal", ">seconds"),
        [_line(f"{one.unit} {one.form}", [one]) for one in results],
    )
    families = list(dict.fromkeys(one.family for one in results))
    of = {family: [one for one in results if one.family == family] for family in families}
    terminal.table(
        ("family", ">mutants", ">killed", ">equal", ">others", ">%", ">% not equal", ">seconds"),
        [_line(family, of[family]) for family in families],
    )
    for one in results:
        for left in one.survived:
            if left.kind != "equivalent":
                terminal.say(f"{one.unit} {one.form}: {left.mutant}: {left.kind}: {left.reason}")
    low = [family for family in families if _shares(of[family])[1] < LEAST_PER_CENT]
    every, real = _shares(results)
    terminal.say(
        f"{sum(one.noticed for one in results)} of {sum(one.generated for one in results)} mutants "
        f"killed: {every:.1f} %, of those that are not equivalent {real:.1f} %"
    )
    if low:
        terminal.say(f"below {LEAST_PER_CENT:.0f} %: {', '.join(low)}")
    terminal.result({"seed": seed, "families": [_entry(one) for one in results], "below": low})
    return NOT_GOOD if low else 0


def _shares(results: Iterable[Broken]) -> tuple[float, float]:
    """Return the per cent killed of all mutants, and of those not proved equivalent."""
    chosen = list(results)
    killed = sum(one.noticed for one in chosen)
    made = sum(one.generated for one in chosen)
    real = made - sum(one.equivalent for one in chosen)
    return 100.0 * killed / max(made, 1), 100.0 * killed / real if real else 100.0


def _line(name: str, results: list[Broken]) -> tuple[str, ...]:
    made, killed, equal = (
        sum(getattr(one, key) for one in results) for key in ("generated", "noticed", "equivalent")
    )
    every, real = _shares(results)
    kept = all(one.cached for one in results)
    seconds = "kept" if kept else f"{sum(one.seconds for one in results):.0f}"
    numbers = (made, killed, equal, made - killed - equal)
    return (name, *map(str, numbers), f"{every:.1f}", f"{real:.1f}", seconds)


def _entry(one: Broken) -> dict[str, Any]:
    every, real = _shares([one])
    return {
        "name": one.family,
        "unit": one.unit,
        "format": one.form,
        "generated": one.generated,
        "killed": one.noticed,
        "killed_by": one.killed,
        "equivalent": one.equivalent,
        "survived": [
            {"mutant": left.mutant, "class": left.kind, "reason": left.reason}
            for left in one.survived
        ],
        "killed_per_cent": round(every, 2),
        "killed_per_cent_not_equivalent": round(real, 2),
        "baseline": "pass",
        "vectors": one.vectors,
        "seconds": one.seconds,
        "cached": one.cached,
    }
