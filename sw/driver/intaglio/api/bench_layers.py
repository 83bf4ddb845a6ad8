"""Reads layer tables: one operator a line, with figures of other accelerators beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from intaglio.api.bench_shapes import Shape
from intaglio.api.files import read_file
from intaglio.spec.config import ArrayConfig
from intaglio.spec.edges import MODES
from intaglio.spec.errors import Finding, UsageError
from intaglio.spec.graph import Op, same_padding

REFERENCE = "vela_u55_256_npu_cycles"
OPERATORS = {
    "conv": Op.CONV,
    "group_conv": Op.CONV,
    "depthwise": Op.DEPTHWISE,
    "gemm": Op.CONV,
    "fully_connected": Op.DENSE,
    "transposed_conv": Op.TRANSPOSED_CONV,
}
NUMBERS = ("H", "W", "C", "N", "kh", "kw", "stride", "dilation", "groups")
CHECKED = ("OH", "OW")  # derived from the others; where a table has them they have to agree
COLUMNS = ("layer", "op", "act_bits", "weight_bits", *NUMBERS, "padding")
PADDINGS = {"same": "same", "none": "valid", "valid": "valid", **{m: "same" for m in MODES[1:]}}
NEED = "a CSV file with the columns " + ",".join(COLUMNS)


@dataclass(frozen=True)
class LayerRow:
    """One line of a layer table.

    Parameters
    ----------
    name, op : str
        As the table has them.
    act_bits, weight_bits : int
        Bits of activation and weight codes.
    shape : Shape
        The operator.
    columns : mapping
        The whole line, by column.
    """

    name: str
    op: str
    act_bits: int
    weight_bits: int
    shape: Shape
    columns: Mapping[str, str]

    def unsupported(self, config: ArrayConfig) -> str:
        """Return why an accelerator cannot run the layer; empty if it may."""
        lane = config.lanes
        widths = lane.widths
        weights = min(self.act_bits, 8) if lane.switched else lane.weight_bits
        if self.act_bits in widths and self.weight_bits == weights:
            return ""
        return (
            f"{self.act_bits}-bit activations and {self.weight_bits}-bit weights: {config.name} is"
            f" built for activations of {', '.join(map(str, widths))} bits"
        )


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV file by column.

    Raises
    ------
    UsageError
        E103: it cannot be read, or is no table.
    """
    data = read_file(path, NEED)
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(_bad(path, f"it is no CSV file: {error}", str(error))) from error
    if not rows:
        raise UsageError(_bad(path, "it has no line below its heading", f"{len(data)} bytes"))
    return [{key: value or "" for key, value in row.items() if key} for row in rows]


def read_layers(path: Path) -> list[LayerRow]:
    """Return the layers of a table.

    Raises
    ------
    UsageError
        E103: it cannot be read, a column is missing or a line is not as it should be; all
        together.
    """
    rows = read_rows(path)
    missing = [name for name in COLUMNS if name not in rows[0]]
    if missing:
        have = ", ".join(rows[0])
        raise UsageError(_bad(path, f"it has no column {', '.join(missing)}", have))
    layers, findings = [], []
    for number, row in enumerate(rows, 2):
        try:
            layers.append(_layer(row))
        except ValueError as error:
            where = f"{path}:{number}"
            findings.append(_bad(path, f"line {number}: {error}", row["layer"], where))
    if findings:
        raise UsageError(findings)
    return layers


def read_reference(text: str, default: str = REFERENCE) -> tuple[list[dict[str, str]], str]:
    """Return the lines and the column that ``FILE[:column]`` names.

    Raises
    ------
    UsageError
        E103: the file cannot be read or has no such column, or none called ``layer``.
    """
    name, column = text, default
    if not Path(text).exists() and ":" in text:
        name, _, column = text.rpartition(":")
    path = Path(name)
    rows = read_rows(path)
    for wanted in ("layer", column):
        if wanted not in rows[0]:
            have = ", ".join(rows[0])
            raise UsageError(_bad(path, f"it has no column {wanted}", have))
    return rows, column


def cycles_in(row: Mapping[str, str], column: str) -> float | None:
    """Return a figure of a line, None where it has none.

    Raises
    ------
    UsageError
        E103: it is no positive number.
    """
    text = row.get(column, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(
            _bad(Path(column), f"{column} of {row['layer']} is {text!r}", text, row["layer"])
        )
    return value


def _layer(row: Mapping[str, str]) -> LayerRow:
    numbers = {name: _number(row, name) for name in (*NUMBERS, "act_bits", "weight_bits")}
    kind, padding = row["op"], row["padding"]
    if kind not in OPERATORS:
        raise ValueError(f"op is {kind!r}, not one of {', '.join(OPERATORS)}")
    if padding not in PADDINGS:
        raise ValueError(f"padding is {padding!r}, not one of {', '.join(PADDINGS)}")
    inner, outer, groups = (numbers[name] for name in ("C", "N", "groups"))
    if kind == "depthwise" and (groups != inner or outer % inner):
        raise ValueError(f"depthwise has {groups} groups, {inner} inputs and {outer} outputs")
    if inner % groups or outer % groups:
        raise ValueError(f"{groups} groups do not divide {inner} inputs and {outer} outputs")
    shape = Shape(
        op=OPERATORS[kind],
        image=(numbers["H"], numbers["W"], inner),
        outputs=outer,
        kernel=(numbers["kh"], numbers["kw"]),
        stride=(numbers["stride"],) * 2,
        dilation=(numbers["dilation"],) * 2,
        groups=1 if kind == "depthwise" else groups,
        padding=PADDINGS[padding],
    )
    shape = _stated(shape, padding)
    if min(shape.places) < 1:
        raise ValueError("the kernel is larger than the image")
    for name, places in zip(CHECKED, shape.places, strict=True):
        if row.get(name) and _number(row, name) != places:
            raise ValueError(f"{name} is {row[name]}, the other columns give {places}")
    return LayerRow(
        row["layer"], kind, numbers["act_bits"], numbers["weight_bits"], shape, dict(row)
    )


def _stated(shape: Shape, padding: str) -> Shape:
    """Return a shape with its padding in numbers, where the operator has no word for it."""
    spans = tuple(zip(shape.image, shape.kernel, shape.stride, shape.dilation, strict=False))
    if shape.op is Op.TRANSPOSED_CONV:
        if padding not in ("same", "none", "valid") or shape.dilation != (1, 1):
            raise ValueError(f"transposed_conv has padding {padding!r} and {shape.dilation}")
        cuts = [max(k - s, 0) if padding == "same" else 0 for _, k, s, _ in spans]
        more = [max(s - k, 0) if padding == "same" else 0 for _, k, s, _ in spans]
        (top, left), (bottom, right) = [n // 2 for n in cuts], [n - n // 2 for n in cuts]
        return replace(shape, padding=(top, bottom, left, right), out_padding=(more[0], more[1]))
    if padding in MODES[1:]:
        (top, bottom), (left, right) = (same_padding(*span) for span in spans[:2])
        return replace(shape, padding=(top, bottom, left, right), edge=padding)
    return shape


def _number(row: Mapping[str, str], name: str) -> int:
    text = row[name].strip()
    if not text.isdecimal() or not 0 < int(text) <= 1 << 20:
        raise ValueError(f"{name} is {text!r}, not a whole number from 1 to {1 << 20}")
    return int(text)


def _bad(path: Path, message: str, have: str, where: str = "") -> Finding:
    return Finding(
        "E103",
        f"{path} cannot be read: {message}",
        where=where or str(path),
        have=have,
        need=NEED,
        help="correct the table",
    )
