"""What a pass did to a network, and to its results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Certificate:
    """What a pass did.

    Parameters
    ----------
    name : str
        Of the pass.
    changed : int
        Operators that it rewrote.
    exact : bool
        The results are the same to the bit.
    sqnr_db : float or None
        Else how far the error lies below the signal: the result in real numbers.
    layers : tuple of str
        The operators that it rewrote, where they have names.
    compared : int
        Elements that were compared, before and after.
    before_db : float or None
        With `sqnr_db`: that of the operators that were there before.
    """

    name: str
    changed: int
    exact: bool
    sqnr_db: float | None = None
    layers: tuple[str, ...] = ()
    compared: int = 0
    before_db: float | None = None

    @property
    def text(self) -> str:
        """The certificate in words."""
        if not self.exact:
            was = "" if self.before_db is None else f", {self.before_db:.1f} dB before"
            return f"SQNR {self.sqnr_db:.1f} dB{was}"
        return f"bit-exact on {self.compared} codes" if self.compared else "bit-exact"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for ``--json``."""
        return {
            "pass": self.name,
            "changed": self.changed,
            "certificate": "bit-exact" if self.exact else "sqnr",
            "sqnr_db": self.sqnr_db,
            "before_db": self.before_db,
            "layers": list(self.layers),
            "compared": self.compared,
        }
