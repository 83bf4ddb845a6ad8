"""The code that a check uses, as one digest: its module and all that it imports, of this project.

Imports are found in the text, so that nothing is loaded; imports within functions count too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = "intaglio"
_IMPORT = re.compile(
    rf"^\s*(?:from\s+({PROJECT}[\w.]*)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+({PROJECT}[\w.]*))",
    re.MULTILINE,
)
_RESOURCES = {".cpp", ".h", ".v", ".toml", ".csv"}


@cache
def closure(module: str) -> tuple[str, ...]:
    """Return `module` and every module of the project that it leads to, sorted."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += imported(name)
    return tuple(sorted(found))


@cache
def code_digest(module: str) -> str:
    """Return the SHA-256 of the sources of :func:`closure` and of the files beside them.

    Files of C++, Verilog and data in a package count if any of its modules does.
    """
    total = hashlib.sha256()
    names = closure(module)
    packages = sorted({name.rpartition(".")[0] for name in names})
    paths = [_source(name) for name in names]
    for package in packages:
        folder = _place(package)
        if folder is not None and folder.is_dir():
            paths += sorted(p for p in folder.iterdir() if p.suffix in _RESOURCES)
    for path in paths:
        if path is not None:
            data = path.read_bytes()
            total.update(path.name.encode() + len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


@cache
def imported(module: str) -> tuple[str, ...]:
    """Return the modules of the project that the text of `module` imports."""
    path = _source(module)
    return tuple(sorted(set(_targets(path.read_text("utf-8"))))) if path else ()


def _targets(text: str) -> Iterator[str]:
    for package, names, plain in _IMPORT.findall(text):
        yield package or plain
        for name in re.findall(r"\w+", names):
            if package and _source(f"{package}.{name}"):
                yield f"{package}.{name}"


@cache
def _source(module: str) -> Path | None:
    """Return the file of a module; None if `module` is none of the project's."""
    place = _place(module)
    if place is None:
        return None
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in files if path.is_file()), None)


@cache
def _place(module: str) -> Path | None:
    """Return where a module lies, without ending; the project is a namespace of several folders."""
    import intaglio

    first, *rest = module.split(".")
    if first != PROJECT or not rest:
        return None
    roots = [Path(root) for root in intaglio.__path__ if (Path(root) / rest[0]).is_dir()]
    return roots[0].joinpath(*rest) if roots else None
