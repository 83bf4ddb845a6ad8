"""Error table of the cycle model over random shapes of every operator, in gates.

``python -m intaglio.api.bench_model [--config tiny] [--shapes 40] [--seed 1]`` prints it; it exits
with 1 if an output differs or the cycles of a COMPUTE are not those that the model has.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

import numpy as np

from intaglio.api.bench_random import KINDS, random_shape
from intaglio.api.bench_trial import Trial, run_trial
from intaglio.api.devices import open_device
from intaglio.spec.config_file import load_config
from intaglio.spec.device import Device
from intaglio.spec.errors import FitError

NOT_GOOD = 1
HEAD = (
    f"{'operator':22}{'shapes':>7}{'refused':>9}{'compared':>10}{'mismatches':>12}"
    f"{'compute cycles':>16}{'exact':>8}{'worst':>8}{'all cycles':>12}{'model':>9}{'worst':>9}"
)


def error_line(kind: str, device: Device, count: int, seed: int) -> tuple[str, bool]:
    """Return the line of one operator and whether every output and compute cycle was right."""
    trials, refused = [], 0
    for number in range(count):
        rng = np.random.default_rng([seed, list(KINDS).index(kind), number])
        shape = random_shape(kind, partial(_pick, rng))
        try:
            trials.append(run_trial(shape, device, seed + number))
        except FitError:
            refused += 1
    exact = sum(trial.compute == trial.model_compute for trial in trials)
    wrong = sum(trial.mismatches for trial in trials)
    share = f"{100 * exact / max(len(trials), 1):.1f} %"
    line = (
        f"{kind:22}{len(trials):7}{refused:9}{sum(t.compared for t in trials):10}{wrong:12}"
        f"{sum(t.compute for t in trials):16}{share:>8}{_worst(trials, compute=True):>8}"
        f"{sum(t.cycles for t in trials):12}{sum(t.model_cycles for t in trials):9}"
        f"{_worst(trials, compute=False):>9}"
    )
    return line, wrong == 0 and exact == len(trials)


def _pick(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def _worst(trials: Sequence[Trial], *, compute: bool) -> str:
    """Return the largest relative error of the model."""
    errors = [
        t.model_compute / t.compute - 1 if compute else t.model_cycles / t.cycles - 1
        for t in trials
    ]
    return f"{100 * max(errors, key=abs, default=0.0):+.1f} %"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return the exit code."""
    parser = argparse.ArgumentParser(description="Cycle model against gates on random shapes.")
    parser.add_argument("--config", default="tiny", help="a preset or a TOML file")
    parser.add_argument("--shapes", type=int, default=40, help="shapes of each operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="default: all")
    chosen = parser.parse_args(arguments)
    config = load_config(chosen.config)
    device = open_device("sim", config, seed=chosen.seed)
    good = True
    try:
        sys.stdout.write(f"configuration {config.name}, seed {chosen.seed}\n{HEAD}\n")
        for kind in chosen.kind or KINDS:
            line, right = error_line(kind, device, chosen.shapes, chosen.seed)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
            good = good and right
    finally:
        device.close()
    return 0 if good else NOT_GOOD


if __name__ == "__main__":
    sys.exit(main())
