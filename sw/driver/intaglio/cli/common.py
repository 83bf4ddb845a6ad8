"""Options that every verb has, and the types that several verbs share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

COMMON = {
    "json": "Print one JSON object on standard output, everything else on standard error.",
    "no_progress": "Show no progress; this is the default where CI is set.",
    "debug": "Show tracebacks of errors.",
}

Reference = Annotated[
    str,
    typer.Option(
        "--reference",
        metavar="litert|tflm|onnxruntime|own",
        help="Engine whose rounding is obeyed.",
    ),
]
Convert = Annotated[
    bool,
    typer.Option(
        "--convert",
        help="Quantise weights and activations anew, to the lanes of the configuration.",
    ),
]
Bits = Annotated[
    int,
    typer.Option("--bits", metavar="4|8|16", help="Convert to this width, where lanes switch."),
]
Allocation = Annotated[
    Path | None,
    typer.Option(
        "--allocation",
        metavar="FILE",
        help="Convert to the bits of each tensor, as intaglio allocate wrote them.",
    ),
]
Config = Annotated[
    str, typer.Option("--config", metavar="NAME|FILE", help="A preset or a TOML file.")
]


def chosen_bits(bits: int, allocation: Path | None) -> int | Any:
    """Return the width of all tensors, or the bits of each that a file holds."""
    if allocation is None:
        return bits
    from intaglio.api.bits import read_bits_file

    if bits:
        from intaglio.spec.errors import Finding, UsageError

        both = f"--bits {bits} and --allocation {allocation}"
        raise UsageError(
            Finding("E102", f"{both} exclude each other", "--bits", both, "one", "leave one out")
        )
    return read_bits_file(allocation)


def flag_of(name: str) -> str:
    """Return how a common option is written."""
    return f"--{name.replace('_', '-')}"


def with_common(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Return `function` with the common options in its signature.

    They are listed in the help; :func:`intaglio.cli.app.run` has read them before the parser,
    because errors of the parser obey them too.
    """
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function).parameters.values()
    ]
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False,
            annotation=Annotated[bool, typer.Option(flag_of(name), help=text)],
        )
        for name, text in COMMON.items()
    ]

    @functools.wraps(function)
    def verb(**values: Any) -> int | None:
        return function(**{name: value for name, value in values.items() if name not in COMMON})

    parameters = [*own, *shared]
    verb.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    verb.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return verb


def require_format(form: str, formats: Sequence[str]) -> None:
    """Refuse a ``--format`` that a verb has not.

    Raises
    ------
    UsageError
        E101.
    """
    from intaglio.spec.errors import Finding, UsageError

    if form not in formats:
        message, need = f"no format is called {form!r}", ", ".join(formats)
        raise UsageError(Finding("E101", message, "--format", form, need, "take one of these"))


def require_unit(unit: str | None, form: str | None) -> tuple[str, str]:
    """Return both; refuse ``--unit`` without ``--format`` and the other way round.

    Raises
    ------
    UsageError
        E101: one is missing.
    """
    from intaglio.spec.errors import Finding, UsageError

    if not unit or not form:
        missing, need = "--format" if unit else "--unit", "--unit NAME --format NAME"
        help_text = "intaglio units lists both"
        raise UsageError(
            Finding("E101", f"{missing} is missing", missing, "nothing", need, help_text)
        )
    return unit, form
