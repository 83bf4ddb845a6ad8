"""Energy of a layer: accesses and steps times coefficients, part by part.

E = macs * e_multiply + accesses * e_ram + cycles * (e_clock + LUTs * activity * e_toggle)
  + P_static * cycles / f + bytes * e_dram
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from intaglio.estimate.area import unread
from intaglio.estimate.coefficients import Coefficient, Coefficients
from intaglio.estimate.counts import Counts
from intaglio.estimate.memories import Ram, memories
from intaglio.estimate.sram import sram_access
from intaglio.spec.config import ArrayConfig
from intaglio.spec.figure import Figure, total
from intaglio.spec.target import Target

PARTS = (
    *("multiply", "accumulate", "activations", "weights", "parameters"),
    *("logic", "clock", "static", "dram"),
)
PJ_PER_UJ = 1e6
RELATIVE = "relative only"


@dataclass(frozen=True)
class Setting:
    """What the energy of a layer depends on beside its counts.

    Parameters
    ----------
    config : ArrayConfig
        The accelerator.
    target : Target
        The part; a generic one stands for a 45 nm ASIC.
    coefficients : Coefficients
        Their file.
    area : mapping
        Figures ``luteq`` and ``ff``.
    clock_mhz : float or None
        Clock; None: static energy is not known.
    activity : mapping
        Measured toggle rates that replace defaults: ``multiply`` (share of the nominal energy of
        a multiplication) and ``logic`` (toggles of a LUT in a cycle), each (low, value, high).
    """

    config: ArrayConfig
    target: Target
    coefficients: Coefficients
    area: Mapping[str, Figure]
    clock_mhz: float | None
    activity: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """Prefix of the coefficients' names."""
        return "asic45" if self.target.family == "generic" else self.target.family

    def names(self) -> dict[str, str]:
        """Return the coefficient of each part; empty where a part takes none."""
        family = self.family
        if family == "asic45":
            return {
                "multiply": self._multiply("int8_multiply"),
                "accumulate": "asic45.int32_add",
                "clock": "asic45.register_bit",
                "dram": "dram.access",
            }
        found = {
            "multiply": self._multiply("multiply"),
            "activations": f"{family}.ram_access",
            "weights": f"{family}.ram_access",
            "parameters": f"{family}.ram_access",
            "logic": f"{family}.logic_toggle",
            "clock": f"{family}.clock_tree",
            "static": f"{family}.static_power",
            "dram": "dram.access",
        }
        if family == "ecp5":
            found["clock"] = "ecp5.clock_flip_flop"
            found["static"] = f"ecp5.static_power_{self.target.device.partition('-')[2][:2]}"
        if family == "xilinx":
            size = "35t" if "35t" in self.target.device.lower() else "unknown"
            found["static"] = f"xilinx.static_power_{size}"
        return found

    def _multiply(self, plain: str) -> str:
        """Return the coefficient of a product; one of another lane has a name of its own."""
        config = self.config
        if not unread(config):
            return f"{self.family}.{plain}"
        return f"{self.family}.{config.lane}_{config.act_bits}x{config.weight_bits}_multiply"

    def used(self) -> list[Coefficient]:
        """Return the coefficients that enter, each once."""
        names = [*self.names().values()]
        if self.coefficients.get(f"{self.family}.logic_toggle") and "logic" not in self.activity:
            names.append("activity.logic")
        found = (self.coefficients.get(name) for name in dict.fromkeys(names))
        return [row for row in found if row is not None]

    @property
    def label(self) -> str:
        """:data:`RELATIVE` where a coefficient that enters is assumed; else empty."""
        return RELATIVE if any(row.kind == "assumed" for row in self.used()) else ""


def layer_energy(setting: Setting, counts: Counts, cycles: float) -> dict[str, Figure]:
    """Return the energy of each of the parts that the target has, in uJ."""
    config, names = setting.config, setting.names()
    macs = counts.steps * config.macs
    rams = {ram.name: ram for ram in memories(config)}
    accesses = {
        "activations": (counts.act_reads + counts.act_writes, rams["activations"]),
        "weights": (counts.weight_reads + counts.weight_writes, rams["weights"]),
        "parameters": (counts.param_reads + counts.param_writes, rams["parameters"]),
    }
    amounts: dict[str, tuple[float, float, float] | None] = {"multiply": _same(macs)}
    if "multiply" in setting.activity:
        low, value, high = setting.activity["multiply"]
        amounts["multiply"] = (macs * low, macs * value, macs * high)
    if setting.family == "asic45":
        amounts["accumulate"] = _same(macs)
        # Two registers of an accumulator's width in each lane: the sum and its copy to drain.
        amounts["clock"] = _same(cycles * config.macs // config.depth * 2 * config.acc.bits)
    else:
        for name, (count, ram) in accesses.items():
            amounts[name] = _same(count * _blocks(ram, setting.target.family))
        ff = setting.area["ff"]
        per_cycle = setting.family == "ecp5"
        amounts["clock"] = _scaled(ff, cycles) if per_cycle else _same(cycles)
        amounts["logic"] = _logic(setting, cycles)
        amounts["static"] = _time(setting.clock_mhz, cycles)
    amounts["dram"] = _same(counts.dram_bytes)
    found = {part: _part(setting, names[part], amounts[part]) for part in PARTS if part in amounts}
    if setting.family == "asic45":
        for name, (count, ram) in accesses.items():
            found[name] = sram_access(setting.coefficients.sram, ram).times(count / PJ_PER_UJ, "uJ")
    return {part: found[part] for part in PARTS if part in found}


def energy_sum(parts: Mapping[str, Figure]) -> Figure:
    """Return the sum of the parts; not known if one of them is not."""
    return total(parts.values(), "sum of " + ", ".join(parts))


def _part(setting: Setting, name: str, amounts: tuple[float, float, float] | None) -> Figure:
    row = setting.coefficients.get(name)
    if row is None:
        return Figure(None, "uJ", "estimated", f"no coefficient: {name}")
    if amounts is None:
        return Figure(None, "uJ", "estimated", f"{name}: no clock or no area is known")
    low, value, high = amounts
    return Figure(
        value * row.value / PJ_PER_UJ,
        "uJ",
        "estimated",
        f"{name} ({row.label})",
        low * row.low / PJ_PER_UJ,
        high * row.high / PJ_PER_UJ,
    )


def _same(amount: float) -> tuple[float, float, float]:
    return amount, amount, amount


def _scaled(figure: Figure, factor: float) -> tuple[float, float, float] | None:
    if figure.value is None:
        return None
    low, high = figure.bounds
    return low * factor, figure.value * factor, high * factor


def _logic(setting: Setting, cycles: float) -> tuple[float, float, float] | None:
    """Return the toggles of all LUTs."""
    luts = setting.area["luteq"]
    row = setting.coefficients.get("activity.logic")
    rate = setting.activity.get("logic")
    if rate is None and row is not None:
        rate = (row.low, row.value, row.high)
    if luts.value is None or rate is None:
        return None
    low, high = luts.bounds
    return low * rate[0] * cycles, luts.value * rate[1] * cycles, high * rate[2] * cycles


def _time(clock_mhz: float | None, cycles: float) -> tuple[float, float, float] | None:
    """Return the run time in ns: with mW, ns give pJ."""
    return None if not clock_mhz else _same(cycles * 1000 / clock_mhz)


def _blocks(ram: Ram, family: str) -> int:
    """Return the blocks that one access to one of these memories touches."""
    return max(ram.blocks(family) // ram.count, 1)
