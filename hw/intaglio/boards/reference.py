"""Reference configurations: units and accelerators whose resources stand in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS, TFLITE
from intaglio.spec.quant import Rounding

UNIT_TARGET = "ulx3s-85f"


@dataclass(frozen=True)
class Reference:
    """One unit, or one preset, on one target.

    Parameters
    ----------
    name : str
        Its key in the file.
    target : str
        A folder of ``constraints/``.
    unit, form : str
        Of ``intaglio units``; empty for an accelerator.
    settings : mapping
        What differs from the unit's defaults.
    preset : str
        Name of an accelerator; empty for a unit.
    changes : mapping
        Keys of the preset's configuration that differ from it.
    array : mapping
        Lane keys of a configuration: the 128-lane array of ``default`` with them stands alone.
    quick : bool
        Small enough for every run of the tests.
    """

    name: str
    target: str = UNIT_TARGET
    unit: str = ""
    form: str = ""
    settings: Mapping[str, int | str] = field(default_factory=dict)
    preset: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    array: Mapping[str, Any] = field(default_factory=dict)
    quick: bool = False

    @property
    def config(self) -> ArrayConfig | None:
        """The accelerator, for its target; None for a unit."""
        keys = {**self.changes, "target": self.target}
        return replace(PRESETS[self.preset], **keys) if self.preset else None

    @property
    def command(self) -> str:
        """The command that shows what it costs."""
        if self.preset and not self.changes:
            return f"intaglio build {self.preset} --target {self.target}"
        if self.preset or self.array:
            return f"python -m intaglio.boards.limits {self.name}"
        pairs = "".join(f" --set {key}={value}" for key, value in self.settings.items())
        board = "" if self.target == UNIT_TARGET else f" --target {self.target}"
        return f"intaglio build --unit {self.unit} --format {self.form}{pairs}{board}"

    def verilog(self) -> tuple[str, str]:
        """Return (Verilog, top module)."""
        if self.array:
            return array_verilog(self.array)
        if self.unit:
            return unit_verilog(self.unit, self.form, self.settings)
        return whole(self.config or PRESETS[self.preset])


def unit_verilog(unit: str, form: str, settings: Mapping[str, int | str]) -> tuple[str, str]:
    """Return (Verilog, top module) of a unit.

    Raises
    ------
    ConfigError
        E202, E203, E206, E207: there is no such unit, format, setting or value.
    """
    from intaglio.gateware.emit import component_verilog
    from intaglio.gateware.units import find_unit

    top = f"intaglio_unit_{unit}_{form}".replace("-", "_")
    return component_verilog(find_unit(unit).make(form, settings), top), top


def array_verilog(keys: Mapping[str, Any]) -> tuple[str, str]:
    """Return (Verilog, top module) of the array alone: operands, lanes, drain chain."""
    from intaglio.gateware.array import MacArray
    from intaglio.gateware.emit import component_verilog

    top = "intaglio_array"
    return component_verilog(MacArray(replace(PRESETS["default"], **keys)), top), top


def whole(config: ArrayConfig) -> tuple[str, str]:
    """Return (Verilog, top module) of an accelerator."""
    from intaglio.gateware.emit import TOP, emit_verilog

    return emit_verilog(config), TOP


def _unit(
    name: str, unit: str, form: str, *, quick: bool = False, **settings: int | str
) -> Reference:
    return Reference(name, unit=unit, form=form, settings=settings, quick=quick)


def _row(name: str, unit: str, form: str, depth: int, columns: int) -> Reference:
    """Return lanes side by side, of registered blocks, with 32-bit accumulators."""
    settings: dict[str, int | str] = {"style": "ecp5"}
    settings |= {"depth": depth, "columns": columns}
    if unit != "mac-runtime":  # its accumulators have the width of its sums
        settings["acc_bits"] = 32
    return Reference(name, unit=unit, form=form, settings=settings)


def _macs128(name: str, **changes: Any) -> Reference:
    """Return an accelerator of 128 INT8 MACs that is not the preset `default`."""
    return Reference(f"macs128-{name}", preset="default", changes=changes)


_PLAIN: Mapping[str, Any] = {"grouped": False, "roundings": TFLITE}
_SCALED = {"group_scale": "integer", "group_size": 16}

REFERENCES: tuple[Reference, ...] = (
    _unit("mac-int8", "mac", "int8", quick=True),
    _unit("mac-int8-rows", "mac", "int8", style="rows"),
    _unit("mac-int4-rows", "mac", "int4", style="rows"),
    _row("lane-int8-d2", "mac", "int8", depth=2, columns=16),
    _row("lane-int8-d4", "mac", "int8", depth=4, columns=8),
    _unit("lane-int16-d2", "mac", "int16", style="ecp5", depth=2, columns=8),
    _row("lane-w4a8-d2", "mac", "w4a8", depth=2, columns=8),
    _row("lane-runtime-d2", "mac-runtime", "int4_int8_int16", depth=2, columns=2),
    _row("pair-int8-d2", "mac-packed", "int8", depth=2, columns=8),
    _row("quad-int4-d2", "mac-packed", "int4", depth=2, columns=4),
    _row("quad-int4-d4", "mac-packed", "int4", depth=4, columns=4),
    _unit("shift-pow2_4", "mac-shift", "pow2_4", quick=True),
    _unit("shift-sp2_4", "mac-shift", "sp2_4"),
    _unit("group-shift-int4", "group-shift", "int4"),
    _unit("group-scale-int4", "group-scale", "int4"),
    _unit("fp8-e4m3-fixed", "minifloat-dot", "fp8_e4m3", quick=True),
    _unit("fp8-e4m3-fp32", "minifloat-float-dot", "fp8_e4m3"),
    Reference("array-w4a8", array={"weight_bits": 4}),
    Reference("array-w4a8-shift", array={"weight_bits": 4, "group_scale": "shift"}),
    Reference("array-w4a8-scale", array={"weight_bits": 4, **_SCALED}),
    *(Reference(f"preset-{name}", preset=name) for name in ("tiny", "small", "default")),
    *(
        Reference(f"preset-{name}", target=name, preset=name)
        for name in ("ulx3s-25f", "tangnano20k", "icebreaker")
    ),
    # What shape, requantiser and operands decide: one after the other, then together.
    _macs128("d1", pixels=8, depth=1),
    _macs128("d1-k32", channels=32, depth=1),
    _macs128("d2-k32", pixels=2, channels=32),
    _macs128("d4", pixels=2, depth=4),
    _macs128("d4-k8", channels=8, depth=4),
    _macs128("q2", requant_lanes=2),
    _macs128("three-roundings", roundings=TFLITE),
    _macs128("one-rounding", roundings=(Rounding.SINGLE_UP,)),
    _macs128("ungrouped", grouped=False),
    _macs128("d2-plain", **_PLAIN),
    _macs128("d1-k32-plain", channels=32, depth=1, **_PLAIN),
    _macs128("d4-plain", pixels=2, depth=4, **_PLAIN),
)
