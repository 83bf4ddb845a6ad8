"""The base of our components, so that members made from a signature have a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amaranth.lib import wiring


class Component(wiring.Component):
    """An Amaranth component; its members come from the signature given to ``__init__``."""

    if TYPE_CHECKING:
        # Members are set from the signature at run time, which a type checker cannot follow.
        def __getattr__(self, name: str) -> Any: ...
