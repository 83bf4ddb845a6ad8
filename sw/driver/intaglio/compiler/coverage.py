"""Which operators are taken, from which formats, and where they run: read from the code."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.compiler.load_onnx_table import operators_of
from intaglio.compiler.load_schema import KINDS, operator_name
from intaglio.compiler.load_schema_more import MORE
from intaglio.compiler.lower import array_operators
from intaglio.compiler.places import HOST, SOMETIMES
from intaglio.spec.graph import Op

ALIAS = "nothing is moved where both shapes are the same bytes; else on the host"


@dataclass(frozen=True)
class Coverage:
    """One operator of the graph.

    Parameters
    ----------
    op : str
        Intaglio's name.
    tflite, onnx : tuple of str
        Operators of the formats that become it.
    where : str
        ``"array"`` or ``"host"``.
    why : str
        Why it runs on the host, or under which condition.
    """

    op: str
    tflite: tuple[str, ...]
    onnx: tuple[str, ...]
    where: str
    why: str = ""


def coverage() -> tuple[Coverage, ...]:
    """Return every operator, in the order of :class:`intaglio.spec.graph.Op`."""
    return tuple(_row(op) for op in Op)


def _row(op: Op) -> Coverage:
    known = [(code, kind.op) for code, kind in KINDS.items()]
    known += [(code, more.op) for code, more in MORE.items()]
    tflite = sorted(operator_name(code) for code, made in known if made is op)
    on_array = op in array_operators()
    why = SOMETIMES.get(op, "") if on_array else ALIAS if op is Op.RESHAPE else HOST[op]
    return Coverage(op.value, tuple(tflite), operators_of(op), "array" if on_array else "host", why)
