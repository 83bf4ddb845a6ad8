"""The base of our components, so that members made from a signature have a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amaranth import Signal
from amaranth.lib import data, wiring


class Component(wiring.Component):
    """An Amaranth component; its members come from the signature given to ``__init__``.

    One whose parameters are refused leaves no warning that it was never used.
    """

    _MustUse__silence = True

    def __init__(self, signature: Any = None) -> None:
        super().__init__(signature)
        self._MustUse__silence = False

    if TYPE_CHECKING:
        # Members are set from the signature at run time, which a type checker cannot follow.
        def __getattr__(self, name: str) -> Any: ...


def fields_of(layout: data.Layout, **options: Any) -> Any:
    """Return a signal with the fields of `layout`; the type checker takes it for a bare signal."""
    return Signal(layout, **options)
