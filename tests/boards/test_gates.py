"""Mapping to gates: counts of designs that are known."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.boards.activity import simulate
from intaglio.boards.gate_cells_generic import generic_library
from intaglio.boards.gates import GateDesign, map_gates
from intaglio.spec.errors import ToolError

PARITY = "module tiny(input [3:0] a, output y); assign y = ^a; endmodule"
REGISTER = """\
module tiny(input clk, input rst, input en, input d, output reg q, output reg v);
  always @(posedge clk) if (en) q <= d;
  always @(posedge clk) if (rst) v <= 0; else if (en) v <= d;
endmodule"""


def test_a_parity_of_four_is_three_gates() -> None:
    net = map_gates(GateDesign(PARITY, "tiny"), generic_library())
    assert sum(net.counts.get(kind, 0) for kind in ("$_XOR_", "$_XNOR_")) == 3
    assert (len(net.gates), len(net.flops), net.area) == (3, 0, 9.0)


def test_a_register_keeps_its_enable_and_its_reset_is_gates() -> None:
    net = map_gates(GateDesign(REGISTER, "tiny"), generic_library())
    assert sorted(cell.name for cell in net.flops) == ["$_DFFE_PP_", "$_DFF_P_"]
    assert len(net.gates) > 0
    columns = {"rst": "100010", "en": "011100", "d": "110111"}
    given = {n: np.array([[int(b)] for b in t], np.uint8) for n, t in columns.items()}
    outputs = simulate(net, given).outputs
    assert outputs["q"].ravel().tolist() == [0, 0, 1, 0, 1, 1]
    assert outputs["v"].ravel().tolist() == [0, 0, 1, 0, 1, 0]


def test_verilog_that_yosys_refuses_is_said() -> None:
    with pytest.raises(ToolError, match="yosys failed"):
        map_gates(
            GateDesign("module tiny(input a); assign b = c; endmodule", "other"), generic_library()
        )
