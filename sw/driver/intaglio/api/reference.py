"""Reference pages that are written from the code.

``python -m intaglio.api.reference [--check]`` writes them to ``docs/reference``, or says which of
them are stale.
"""

from __future__ import annotations

import argparse
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from intaglio.api.board_pages import boards_markdown
from intaglio.api.files import write_file
from intaglio.api.ops_table import ops_markdown
from intaglio.api.register_files import commands_markdown, registers_markdown
from intaglio.spec import errors
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import to_toml
from intaglio.spec.presets import DEFAULT, PRESETS

FOLDER = Path("docs/reference")
NOTE = "<!-- Written by `make docs` from the code; do not edit. -->\n\n"
STALE = 1
EXIT_CODES = {"E602": 1}  # a bench that fails is a finding, not a fault of a tool
FAMILIES = {
    "E1": errors.UsageError,
    "E2": errors.ConfigError,
    "E3": errors.ModelError,
    "E4": errors.FitError,
    "E5": errors.EnvironmentFault,
    "E6": errors.ToolError,
    "E7": errors.DeviceError,
    "E9": errors.IntaglioError,
}


def pages() -> dict[str, str]:
    """Return the text of each reference page by its file name."""
    texts = {
        "registers.md": registers_markdown(),
        "commands.md": commands_markdown(),
        "configuration.md": configuration_markdown(),
        "errors.md": errors_markdown(),
        "operators.md": ops_markdown(),
        "boards.md": boards_markdown(),
        "cli.md": _cli_markdown(),
    }
    return {name: NOTE + text for name, text in texts.items()}


def configuration_markdown() -> str:
    """Return the page of configuration keys and presets."""
    default = PRESETS[DEFAULT]
    meanings = _parameters(ArrayConfig)
    lines = [
        "# Configuration",
        "",
        (
            "`--config` takes a preset or a TOML file. Keys are strict: one that does not exist is "
            "an error that names the nearest one, and all faults are reported together. A key that "
            "is left out has the value of the preset `default`."
        ),
    ]
    for section, table in tomllib.loads(to_toml(default)).items():
        if isinstance(table, dict):
            lines += ["", f"## [{section}]", "", "| key | default | meaning |", "|---|---|---|"]
            for key, value in table.items():
                name = "target" if section == "target" else key
                lines.append(f"| `{key}` | `{value}` | {meanings[name]} |")
        else:
            lines += ["", f"`{section} = {table}` is the version of this format."]
    lines += ["", "## Presets", ""]
    lines += ["| preset | P x K x D | Q | INT8 MACs a cycle | acts, weights, params KiB | target |"]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| `{c.name}` | {c.pixels} x {c.channels} x {c.depth} | {c.requant_lanes} | {c.macs} "
        f"| {c.acts_kib}, {c.weights_kib}, {c.params_kib} | {c.target} |"
        for c in PRESETS.values()
    ]
    lines += ["", "The preset `default` as a file:", "", "```toml", to_toml(default).rstrip()]
    return "\n".join([*lines, "```"]) + "\n"


def errors_markdown() -> str:
    """Return the page of error codes and exit codes."""
    lines = [
        "# Errors",
        "",
        (
            "An error prints its code, what is wrong, where, what was found (`have`), what is "
            "allowed (`need`) and what to do (`help`). With `--json` standard output holds "
            '`{"errors": [{"code", "message", "where", "have", "need", "help"}]}`. All faults that '
            "can be found together are reported together. Codes keep their meaning."
        ),
        "",
        "| code | meaning | exit code |",
        "|---|---|---|",
    ]
    lines += [
        f"| {code} | {meaning} | {EXIT_CODES.get(code, FAMILIES[code[:2]].exit_code)} |"
        for code, meaning in errors.CODES.items()
    ]
    lines += [
        "",
        (
            "Exit code 0: fine. 1: checked and not good: a mismatch, or a failing bench. 130: "
            "interrupted; children have been ended and no half-written file is left."
        ),
    ]
    return "\n".join(lines) + "\n"


def write_pages(folder: Path = FOLDER) -> list[Path]:
    """Write every page to `folder`."""
    return [write_file(folder / name, text) for name, text in pages().items()]


def stale_pages(folder: Path = FOLDER) -> list[Path]:
    """Return the pages in `folder` that are not what the code says."""
    found = []
    for name, text in pages().items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            found.append(path)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Write the pages; with ``--check`` only compare them, and return 1 if one is stale."""
    parser = argparse.ArgumentParser(prog="python -m intaglio.api.reference")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--output", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    if not chosen.check:
        for path in write_pages(chosen.output):
            sys.stdout.write(f"{path}\n")
        return 0
    stale = stale_pages(chosen.output)
    for path in stale:
        sys.stderr.write(f"{path} is stale: run make docs\n")
    return STALE if stale else 0


def _cli_markdown() -> str:
    """Return the page of the command; the command writes it, because nothing here may import it."""
    done = subprocess.run(
        [sys.executable, "-m", "intaglio.cli.page"], capture_output=True, text=True, check=True
    )
    return done.stdout


def _parameters(kind: type) -> dict[str, str]:
    """Return name and meaning of each entry of the Parameters section of a data sheet."""
    text = inspect.getdoc(kind) or ""
    section = re.split(r"\n\w+\n-+\n", text.split("Parameters\n----------\n")[1])[0]
    meanings: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", section.strip()):
        head, _, body = block.partition("\n")
        names, _, kind_name = head.partition(" : ")
        words = f"{' '.join(body.split())} ({kind_name.strip()})"
        meanings |= dict.fromkeys((name.strip() for name in names.split(",")), words)
    return meanings


if __name__ == "__main__":
    sys.exit(main())
