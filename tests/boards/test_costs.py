from __future__ import annotations

import pytest

from intaglio.boards.costs import COSTS
from intaglio.boards.flows import FLOWS
from intaglio.spec.target import FAMILIES


def test_every_family_has_costs_and_a_flow() -> None:
    assert set(COSTS) == set(FLOWS) == set(FAMILIES)


@pytest.mark.parametrize(
    ("family", "cells", "luteq"),
    [
        ("ecp5", {"LUT4": 3, "CCU2C": 5, "TRELLIS_DPR16X4": 7, "PFUMX": 9, "L6MUX21": 2}, 55),
        ("ice40", {"SB_LUT4": 3, "SB_CARRY": 9}, 3),
        ("gowin", {"LUT1": 1, "LUT4": 2, "ALU": 3, "MUX2_LUT5": 9, "RAM16SDP4": 1}, 10),
        ("xilinx", {"LUT6": 4, "CARRY4": 9, "RAM32M": 2, "MUXF7": 1}, 12),
        ("generic", {"$lut": 4, "$mul": 1}, 4),
    ],
)
def test_lut_equivalents(family: str, cells: dict[str, int], luteq: int) -> None:
    assert COSTS[family].total(cells)["luteq"] == luteq


def test_blocks_and_flip_flops() -> None:
    ecp5 = {"TRELLIS_FF": 2, "MULT18X18D": 3, "DP16KD": 4, "PDPW16KD": 1}
    assert COSTS["ecp5"].total(ecp5) == {"luteq": 0, "ff": 2, "dsp": 3, "bram": 5}
    xilinx = {"FDRE": 1, "FDSE": 1, "FDCE": 1, "RAMB36E1": 1, "RAMB18E1": 1, "DSP48E1": 2}
    assert COSTS["xilinx"].total(xilinx) == {"luteq": 0, "ff": 3, "dsp": 2, "bram": 3}
    gowin = {"DFFE": 1, "MULT9X9": 1, "MULT18X18": 1, "SDPX9B": 2}
    assert COSTS["gowin"].total(gowin) == {"luteq": 0, "ff": 1, "dsp": 3, "bram": 2}
