"""z3, imported when it is first used: tables of proofs can be read without a solver."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Late:
    """The module z3."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("z3"), name)


z3: Any = _Late()
