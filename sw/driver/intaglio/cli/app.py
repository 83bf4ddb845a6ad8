"""The command line as a function: arguments in, exit code out."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated

import typer

from intaglio.cli import (
    verb_allocate,
    verb_bench,
    verb_boards,
    verb_build,
    verb_check,
    verb_compare,
    verb_compare_formats,
    verb_compare_peers,
    verb_compile,
    verb_demo,
    verb_doctor,
    verb_estimate,
    verb_evaluate,
    verb_explain,
    verb_explore,
    verb_flow,
    verb_generate,
    verb_lists,
    verb_ops,
    verb_power,
    verb_quantise,
    verb_report,
    verb_run,
    verb_study,
    verb_systems,
    verb_units,
    verb_verify,
    verb_version,
)
from intaglio.cli.common import COMMON, flag_of, with_common
from intaglio.cli.terminal import Terminal

USAGE = 2
INTERRUPTED = 130
EXIT_CODES = {
    0: "fine",
    1: "checked and not good",
    2: "usage",
    3: "configuration or model",
    4: "does not fit",
    5: "tool missing or too old",
    6: "tool failed",
    7: "device",
    70: "internal error, a bug",
    INTERRUPTED: "interrupted",
}
EPILOG = (
    "Examples:  intaglio demo  |  intaglio run model.tflite --device sim --check golden  |  "
    "intaglio generate --target ulx3s-85f --output build/rtl.  Exit codes: "
    + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())
    + "."
)
VERBS = (
    ("doctor", verb_doctor.doctor),
    ("presets", verb_lists.presets),
    ("targets", verb_lists.targets),
    ("boards", verb_boards.boards),
    ("units", verb_units.units),
    ("ops", verb_ops.ops),
    ("check", verb_check.check),
    ("estimate", verb_estimate.estimate),
    ("generate", verb_generate.generate),
    ("build", verb_build.build),
    ("compile", verb_compile.compile_model),
    ("run", verb_run.run),
    ("quantise", verb_quantise.quantise),
    ("allocate", verb_allocate.allocate),
    ("evaluate", verb_evaluate.evaluate),
    ("verify", verb_verify.verify),
    ("bench", verb_bench.bench),
    ("compare-formats", verb_compare_formats.compare_formats),
    ("systems", verb_systems.systems),
    ("power", verb_power.power),
    ("explore", verb_explore.explore),
    ("compare-peers", verb_compare_peers.compare_peers),
    ("flow", verb_flow.flow),
    ("study", verb_study.study),
    ("report", verb_report.report),
    ("compare", verb_compare.compare),
    ("demo", verb_demo.demo),
    ("explain", verb_explain.explain),
    ("version", verb_version.version),
)


def application() -> typer.Typer:
    """Return the command with all its verbs."""
    app = typer.Typer(
        name="intaglio",
        help="Generate an INT8 accelerator, and run quantised networks on it bit-exactly.",
        epilog=EPILOG,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    app.callback(invoke_without_command=True)(with_common(_root))
    for name, function in VERBS:
        app.command(name)(with_common(function))
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from importlib import metadata

        sys.stdout.write(f"intaglio {metadata.version('intaglio')}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
        raise typer.Exit(USAGE)


def run(arguments: Sequence[str]) -> int:
    """Run `arguments` and return the exit code; nothing but exit codes leaves this function."""
    terminal = Terminal(**{name: flag_of(name) in arguments for name in COMMON})
    try:
        code = application()(list(arguments), obj=terminal, standalone_mode=False)
        sys.stdout.flush()
        code = int(code or 0)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone: nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from intaglio.cli.failures import report

        return report(error, terminal)
    if code == INTERRUPTED:  # Typer returns it too, for a KeyboardInterrupt that it has caught
        from intaglio.cli.children import end_children

        warnings.simplefilter("ignore")  # half-built components complain that nobody used them
        end_children()
        terminal.interrupted()
    return int(code)
