"""Cells of a netlist as resources: what each family's cells cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

RESOURCES = ("luteq", "ff", "dsp", "bram")


@dataclass(frozen=True)
class Costs:
    """Resources by cell type; a type is a pattern of the shell, weights are whole numbers.

    Parameters
    ----------
    luteq, ff, dsp, bram : mapping
        Weight of each pattern. A type may count in several.
    formula : str
        `luteq` in words.
    multiplier, block : str
        What one `dsp` and one `bram` is.
    """

    luteq: Mapping[str, int]
    ff: Mapping[str, int]
    dsp: Mapping[str, int]
    bram: Mapping[str, int]
    formula: str
    multiplier: str
    block: str

    def of(self, kind: str) -> tuple[int, int, int, int]:
        """Return what one cell of type `kind` costs, in the order of :data:`RESOURCES`."""
        return (
            _weight(self.luteq, kind),
            _weight(self.ff, kind),
            _weight(self.dsp, kind),
            _weight(self.bram, kind),
        )

    def total(self, cells: Mapping[str, int]) -> dict[str, int]:
        """Return what `cells` (number by type) cost, by name of the resource."""
        sums = [0, 0, 0, 0]
        for kind, count in cells.items():
            for place, weight in enumerate(self.of(kind)):
                sums[place] += weight * count
        return dict(zip(RESOURCES, sums, strict=True))


def _weight(weights: Mapping[str, int], kind: str) -> int:
    return next((weight for name, weight in weights.items() if fnmatchcase(kind, name)), 0)


COSTS: dict[str, Costs] = {
    "ecp5": Costs(
        luteq={"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
        ff={"TRELLIS_FF": 1},
        dsp={"MULT18X18D": 1},
        bram={"DP16KD": 1, "PDPW16KD": 1},
        formula="LUT4 + 2*CCU2C + 6*TRELLIS_DPR16X4",
        multiplier="MULT18X18D",
        block="DP16KD, 18 Kibit",
    ),
    "ice40": Costs(
        luteq={"SB_LUT4": 1},
        ff={"SB_DFF*": 1},
        dsp={"SB_MAC16": 1},
        bram={"SB_RAM40_4K*": 1},
        formula="SB_LUT4; an SB_CARRY lies in the logic cell of its LUT",
        multiplier="SB_MAC16",
        block="SB_RAM40_4K, 4 Kibit",
    ),
    "gowin": Costs(
        luteq={"LUT[1-4]": 1, "ALU": 1, "RAM16SDP4": 4},
        ff={"DFF*": 1},
        dsp={"MULT9X9*": 1, "MULT18X18*": 2, "MULT36X36*": 8, "MULTALU*": 2, "MULTADDALU*": 4},
        bram={"SDP*": 1, "DP[BX]*": 1, "SP[X]*": 1, "pROM*": 1},
        formula="LUT1 to LUT4 + ALU + 4*RAM16SDP4",
        multiplier="MULT9X9; a MULT18X18 counts 2",
        block="BSRAM, 18 Kibit",
    ),
    "xilinx": Costs(
        luteq={
            "LUT[1-6]": 1,
            "RAM32M": 4,
            "RAM64M": 4,
            "RAM32X1D": 2,
            "RAM64X1D": 2,
            "RAM128X1D": 4,
            "SRL*": 1,
        },
        ff={"FD[RSCP]E*": 1},
        dsp={"DSP48E1": 1},
        bram={"RAMB18E1": 1, "RAMB36E1": 2},
        formula="LUT1 to LUT6 + 4*RAM32M + 4*RAM64M + 2*RAM32X1D + 2*RAM64X1D + SRL",
        multiplier="DSP48E1",
        block="RAMB18E1, 18 Kibit; a RAMB36E1 counts 2",
    ),
    "generic": Costs(
        luteq={"$lut": 1},
        ff={"$_DFF*": 1, "$_SDFF*": 1},
        dsp={"$mul": 1},
        bram={"$mem_v2": 1},
        formula="4-input LUTs of abc -lut 4, adders among them; multipliers and memories apart",
        multiplier="product of any size",
        block="memory of any size",
    ),
}
