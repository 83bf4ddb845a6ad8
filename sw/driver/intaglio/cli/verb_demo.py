"""``intaglio demo``: the guided tour, from an estimate to digits classified in simulated gates."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intaglio.cli import verb_doctor, verb_estimate
from intaglio.cli.common import Config
from intaglio.cli.run_view import layer_table, payload
from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.api.checking import Checked
    from intaglio.api.model import Model
    from intaglio.api.tour import DemoDigits
    from intaglio.spec.config import ArrayConfig

NOT_GOOD = 1
PICTURES = 4
STEPS = 6


def demo(
    context: typer.Context,
    target: Annotated[
        str, typer.Option("--target", metavar="NAME", help="Board that Verilog is written for.")
    ] = "ulx3s-85f",
    config: Config = "default",
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for what is written.")
    ] = Path("build/demo"),
    stalls: Annotated[
        float, typer.Option("--stalls", metavar="P", help="Probability that an AXI channel rests.")
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the stalls.")] = 1,
) -> int:
    """Estimate a network, write Verilog, classify 64 digits in simulated gates, write a report.

    The first run builds the simulator (a minute or two); later runs find it in the cache.
    """
    from intaglio import api

    terminal: Terminal = context.obj
    began = time.monotonic()
    _head(terminal, 1, "tools")
    health = api.doctor()
    verb_doctor.show(terminal, health)
    health.check()
    digits = api.demo_digits()
    model = api.load(digits.model)
    _head(terminal, 2, "what the shipped network costs, before any tool runs")
    verb_estimate.show(terminal, api.estimate(model, config, target))
    _head(terminal, 3, f"the accelerator as Verilog, for {target}")
    with terminal.waiting() as progress:
        made = api.generate(config, output / "rtl", target, progress)
    terminal.say(
        f"{made.config.macs} INT8 MACs a cycle, {made.modules} modules, {made.lines} lines of "
        f"Verilog: {made.files[0]}"
    )
    _head(terminal, 4, "layer by layer in simulated gates")
    plan = api.compile(model, made.config)
    x = {plan.program.tensor(plan.program.inputs[0]).name: digits.images}
    with terminal.waiting() as progress:
        settings = api.Settings("sim", stalls=stalls, seed=seed, progress=progress)
        done = api.check(plan, x, settings)
    layer_table(terminal, done.run)
    _head(terminal, 5, f"{len(digits.images)} digits that it was not trained on")
    counts = _digits(terminal, digits, done)
    report = {**payload(done, settings, made.config.digest), **counts}
    outputs = api.save_run(output / "run", plan, done.run, x, report)
    program = plan.save(output / "digits.program")
    _head(terminal, 6, "written")
    written = [*made.files, program, *map(Path, outputs.values()), output / "run" / "run.json"]
    page, *others = _page(model, made.config, target, done, output / "report")
    for path in [*written, page]:
        terminal.say(f"  {path}")
    written += [page, *others]
    terminal.say(f"{time.monotonic() - began:.1f} s; look at {page} ({len(others)} more)")
    terminal.result({**report, "outputs": outputs, "files": [str(path) for path in written]})
    return 0 if counts["equal"] == len(digits.images) and not done.mismatches else NOT_GOOD


def _page(
    model: Model, config: ArrayConfig, target: str, done: Checked, folder: Path
) -> list[Path]:
    """Write the report of this run; gates that gave what they should have passed their check."""
    from intaglio import api
    from intaglio.api.golden_pass import note_pass
    from intaglio.api.report_inputs import run_dict
    from intaglio.explore.costing import choose

    if done.comparison is not None and not done.mismatches:
        note_pass(config)
    data = api.make_report(
        model,
        choose(config, target),
        run=run_dict(done),
        check=False,
        reproduce="intaglio demo",
    )
    return api.save_report(data, folder)


def _head(terminal: Terminal, number: int, text: str) -> None:
    terminal.say(f"\n[{number}/{STEPS}] {text}", style="bold")


def _digits(terminal: Terminal, digits: DemoDigits, done: Checked) -> dict[str, Any]:
    """Print pictures and counts of right answers, and return the counts."""
    from intaglio.api.tour import picture

    codes = next(iter(done.run.outputs.values()))
    answers = codes.reshape(len(codes), -1).argmax(axis=1)
    shown = [picture(image) for image in digits.images[:PICTURES]]
    for lines in zip(*shown, strict=True):
        terminal.say("  ".join(lines))
    width = len(shown[0][0]) + 2
    captions = (f"gates {a}, label {b}" for a, b in zip(answers, digits.labels, strict=True))
    terminal.say("".join(f"{next(captions):<{width}}" for _ in shown))
    right = int(digits.right(codes).sum())
    count = len(codes)
    wrong = done.comparison.wrong_inputs if done.comparison else frozenset(range(count))
    equal = count - len(wrong)
    terminal.say(
        f"{equal} of {count} outputs equal the golden model's, {right} of {count} labels are right",
        style="bold green" if equal == count else "bold red",
    )
    return {"digits": count, "equal": equal, "correct": right}
