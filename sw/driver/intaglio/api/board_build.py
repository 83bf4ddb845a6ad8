"""Boards, and what a design costs on one: synthesised, placed and routed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.errors import FitError
from intaglio.spec.figure import Figure, Source
from intaglio.spec.target import Target, load_target, target_names

if TYPE_CHECKING:
    from intaglio.boards.critical import Step
    from intaglio.boards.hierarchy import Branch
    from intaglio.boards.route import Routed
    from intaglio.boards.synth import Netlist

UNITS = {"luteq": "LUT equivalent", "ff": "flip-flop", "dsp": "multiplier", "bram": "RAM block"}
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """What :func:`build` measured.

    Parameters
    ----------
    name : str
        The configuration or unit.
    about : mapping
        What it was made from: ``config``, or ``unit``, ``format`` and ``settings``.
    target : Target
        Where it was placed.
    netlist : Netlist
        Cells without pads.
    routed : tuple of Routed
        One for each seed; empty where no open place-and-route exists.
    """

    name: str
    about: Mapping[str, Any]
    target: Target
    netlist: Netlist
    routed: tuple[Routed, ...]

    @property
    def best(self) -> Routed | None:
        """The placement with the highest clock."""
        return max(self.routed, key=lambda one: one.fmax_mhz, default=None)

    @property
    def summary(self) -> dict[str, Figure]:
        """`luteq`, `ff`, `dsp`, `bram` and `fmax`."""
        counts = {key: self._count(key, value) for key, value in self.netlist.resources.items()}
        return {**counts, "fmax": self.fmax}

    @property
    def fmax(self) -> Figure:
        """The best clock of all seeds; `low` is that of the worst."""
        best = self.best
        if best is None:
            how = f"not placed: no open place-and-route for {self.target.family}"
            return Figure(None, "MHz", "estimated", how)
        clocks = [one.fmax_mhz for one in self.routed]
        how = best.how + (f", best of {len(clocks)} seeds" if len(clocks) > 1 else "")
        return Figure(best.fmax_mhz, "MHz", "post-route", how, min(clocks), max(clocks))

    @property
    def hierarchy(self) -> list[Branch]:
        """Resources by instance; the first is the whole."""
        return self.netlist.hierarchy

    @property
    def critical_path(self) -> list[Step]:
        """The slowest path of the best placement."""
        from intaglio.boards.critical import steps

        return steps(self.best.report["path"]) if self.best else []

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON; each figure is an object with its source."""
        best = self.best
        return {
            "schema_version": 1,
            "kind": "build",
            **self.about,
            "target": {
                key: value
                for key, value in asdict(self.target).items()
                if key in ("name", "family", "device", "package", "speed_grade", "clock_mhz")
            },
            "summary": {key: figure.as_dict() for key, figure in self.summary.items()},
            "share": {key: figure.as_dict() for key, figure in self.share.items()},
            "hierarchy": [self._branch(branch) for branch in self.hierarchy],
            "critical_path": [
                {
                    "kind": step.kind,
                    "from": step.start,
                    "to": step.end,
                    "delay": Figure(
                        step.delay_ns, "ns", "post-route", best.how if best else "-"
                    ).as_dict(),
                }
                for step in self.critical_path
            ],
            "seeds": [
                {
                    "seed": one.seed,
                    "fmax": Figure(one.fmax_mhz, "MHz", "post-route", one.how).as_dict(),
                }
                for one in self.routed
            ],
            "cells": dict(self.netlist.cells),
            "tools": [self.netlist.tool, *([best.tool] if best else [])],
        }

    @property
    def share(self) -> dict[str, Figure]:
        """The part of what the target has, by resource; empty for no certain part."""
        from intaglio.boards.fit import available

        has = available(self.target) or {}
        return {
            key: Figure(value / has[key], "1", self._source, f"of the {has[key]} of the part")
            for key, value in self.netlist.resources.items()
            if has.get(key)
        }

    @property
    def _source(self) -> Source:
        return "post-route" if self.routed else "estimated"

    def _count(self, key: str, value: int) -> Figure:
        costs = self.netlist.flow.costs
        words = {"luteq": costs.formula, "dsp": costs.multiplier, "bram": costs.block}.get(key)
        how = self.netlist.how + (f": {words}" if words else "")
        return Figure(value, UNITS[key], self._source, how)

    def _branch(self, branch: Branch) -> dict[str, Any]:
        counts = {
            key: Figure(getattr(branch, key), unit, self._source, self.netlist.how).as_dict()
            for key, unit in UNITS.items()
        }
        return {"path": branch.path, "depth": branch.depth, **counts}


def boards() -> list[dict[str, Any]]:
    """Return every target with what its part has and how far it was tested."""
    return [asdict(load_target(name)) for name in target_names()]


def build(
    config: ArrayConfig | str = "default",
    target: str | None = None,
    *,
    unit: str = "",
    form: str = "",
    settings: Sequence[str] | Mapping[str, int | str] = (),
    seeds: Sequence[int] = (1,),
    progress: Progress = lambda _: None,
) -> Built:
    """Synthesise an accelerator or one unit, place and route it within a scan wrapper.

    The clock is the only pin, so that any core can be placed on any part; every path is register
    to register. What was built before comes from the cache.

    Parameters
    ----------
    config : ArrayConfig or str
        A configuration, a preset's name or a TOML file; without meaning for a unit.
    target : str, optional
        None: the configuration's own; for a unit ``ulx3s-85f``.
    unit, form, settings
        A unit of :func:`units`, its format, and ``key=value``; empty for an accelerator.
    seeds : sequence of int
        One placement for each.
    progress : callable
        Told in one line what takes long.

    Raises
    ------
    ConfigError
        The configuration, unit or target is not as it should be.
    EnvironmentFault
        E501, E502: a tool is missing or too old.
    FitError
        E406: it does not fit, by how much, and the nearest preset that does.
    ToolError
        E601: a tool failed.
    """
    from intaglio.boards.misfit import advised, check_fit
    from intaglio.boards.route import route
    from intaglio.boards.synth import synthesise

    name, about, macs, verilog, top, usual = _design(config, unit, form, settings, target, progress)
    place = load_target(target or usual)
    netlist = synthesise(verilog, top, place, progress)
    check_fit(netlist.resources, place, name, macs)
    try:
        routed = route(netlist, seeds, progress) if netlist.flow.router else []
    except FitError as error:
        raise advised(error, place, name, macs) from error
    return Built(name, about, place, netlist, tuple(routed))


def _design(
    config: ArrayConfig | str,
    unit: str,
    form: str,
    settings: Sequence[str] | Mapping[str, int | str],
    target: str | None,
    progress: Progress,
) -> tuple[str, dict[str, Any], int, str, str, str]:
    """Return name, origin, MACs, Verilog, top module and usual target."""
    if unit:
        from intaglio.api.unit_files import parsed
        from intaglio.boards.reference import UNIT_TARGET, unit_verilog
        from intaglio.gateware.units import find_unit

        found = find_unit(unit)
        chosen = settings if isinstance(settings, Mapping) else parsed(settings, found.settings)
        verilog, top = unit_verilog(unit, form, chosen)
        used = {**found.settings, **chosen}
        about: dict[str, Any] = {"unit": unit, "format": form, "settings": used}
        return f"{unit} {form}", about, 0, verilog, top, UNIT_TARGET
    from intaglio.bench.source import accelerator_verilog
    from intaglio.gateware.emit import TOP

    chosen_config = load_config(config) if isinstance(config, str) else config
    if target:  # its multiplier blocks, not those of the configuration's own
        chosen_config = replace(chosen_config, target=load_target(target).name)
    about = {"config": {"name": chosen_config.name, "digest": chosen_config.digest}}
    verilog = accelerator_verilog(chosen_config, progress)
    usual = chosen_config.target
    return chosen_config.name, about, chosen_config.macs, verilog, TOP, usual
