"""The reader of liberty libraries, on a small one written for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intaglio.boards.activity import simulate
from intaglio.boards.gate_cells import interpolate
from intaglio.boards.gate_energy import energy
from intaglio.boards.gates import GateDesign, map_gates
from intaglio.boards.liberty import read_liberty
from intaglio.boards.liberty_function import truth_table
from intaglio.boards.liberty_text import LibertySyntaxError, parse_liberty
from intaglio.spec.errors import UsageError

TABLE = """\
 index_1 ("0.1, 0.2, 0.4"); index_2 ("1, 3");
 values ("1, 2", "{low}, {high}", "5, 6");
"""


def arc(kind: str, low: float, high: float) -> str:
    return f"{kind} (grid) {{ {TABLE.format(low=low, high=high)} }}"


def output(function: str, within: float, kind: str = "combinational") -> str:
    """Return an output pin: 10 ps and 2 ps for each fF when it rises, twice that when it falls."""
    return f"""
    pin (Y) {{ direction : output; function : "{function}";
      timing () {{ related_pin : "A"; timing_type : {kind};
        {arc("cell_rise", 0.012, 0.016)} {arc("cell_fall", 0.024, 0.032)}
        {arc("rise_transition", 0.01, 0.02)} {arc("fall_transition", 0.01, 0.02)} }}
      internal_power () {{
        {arc("rise_power", within, within)} {arc("fall_power", within, within)} }}
    }}"""


def inputs(*names: str) -> str:
    return "".join(f"pin ({n}) {{ direction : input; capacitance : 2.0; }}" for n in names)


INVERTER = f"cell (INV) {{ area : 1.0; {inputs('A')} {output('!A', 0.5)} }}"
NAND = f"cell (NAND2) {{ area : 1.5; {inputs('A', 'B')} {output('!(A * B)', 0.75)} }}"
NOR = f"cell (NOR2) {{ area : 1.5; {inputs('A', 'B')} {output('!(A + B)', 0.75)} }}"
BUFFER = f"cell (BUF) {{ area : 1.2; {inputs('A')} {output('A', 0.5)} }}"
FLOP = f"""
cell (DFF) {{ area : 5.0; ff (IQ, IQN) {{ next_state : "D"; clocked_on : "CK"; }}
  {inputs("D")}
  pin (CK) {{ direction : input; clock : true; capacitance : 1.0;
    internal_power () {{ {arc("rise_power", 3, 3)} {arc("fall_power", 1, 1)} }} }}
  {output("IQ", 4.0, "rising_edge").replace("(Y)", "(Q)")}
}}"""
LATCH = """cell (LATCH) { area : 4; latch (IQ, IQN) { enable : "G"; data_in : "D"; } }"""
PORTS = "input clk, input a, output reg q"
HEAD = """\
/* a library
   for tests */
library (small) {
  time_unit : "1ns"; nom_voltage : 2.0; capacitive_load_unit (1, ff);
  lu_table_template (grid) {
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0.1, 0.2, 0.4"); index_2 ("1, 3");
  }
"""


def write(folder: Path, *cells: str) -> Path:
    path = folder / "small.lib"
    path.write_text(HEAD + "\n".join(cells) + "}\n")
    return path


def test_cells_have_their_tables(tmp_path: Path) -> None:
    library = read_liberty(write(tmp_path, INVERTER, NAND, NOR, FLOP, LATCH))
    assert sorted(library.cells) == ["DFF", "INV", "NAND2", "NOR2"]
    assert (library.load_energy, library.wire_load) == (2.0, 1.0)
    inverter, nand, flop = (library.cells[name] for name in ("INV", "NAND2", "DFF"))
    assert (inverter.table, nand.table) == (0b01, 0b0111)
    assert (inverter.area, inverter.loads) == (1.0, (2.0,))
    # At the middle slew: mean of (12, 16) and (24, 32) ps at loads 1 and 3.
    assert interpolate(inverter.delay, 1.0) == pytest.approx(18.0)
    assert interpolate(inverter.delay, 3.0) == pytest.approx(24.0)
    assert interpolate(nand.energy, 2.0) == pytest.approx(0.75)
    assert (flop.clock, flop.inputs, flop.output) == ("CK", ("D",), "Q")
    # Both edges of the clock: twice the mean of 3 and 1, and twice half C V**2 of its pin.
    assert flop.clock_energy == pytest.approx(2 * 2.0 + 2 * 1.0 * 2.0)


def test_a_design_is_mapped_and_its_energy_summed(tmp_path: Path) -> None:
    path = write(tmp_path, INVERTER, BUFFER, NAND, NOR, FLOP)
    verilog = f"module tiny({PORTS}); always @(posedge clk) q <= ~a; endmodule"
    net = map_gates(GateDesign(verilog, "tiny"), read_liberty(path), path)
    assert net.counts == {"INV": 1, "DFF": 1}
    assert net.area == 6.0
    activity = simulate(net, {"a": np.array([[1], [0], [0]], np.uint8)}, skip=1)
    spent = energy(net, activity)
    # One fall of a: 2 + 1 fF of wire; the inverter's output drives as much; then Q rises.
    assert spent.inputs == pytest.approx(3 * 2.0)
    assert spent.gates == pytest.approx(0.5 + 3 * 2.0)
    assert spent.flops == pytest.approx(4.0)
    assert spent.clock == pytest.approx(2 * 8.0)


@pytest.mark.parametrize(
    ("function", "inputs", "table"),
    [
        ("A B", "AB", 0b1000),
        ("A' + B", "AB", 0b1101),
        ("!(A&B)|C", "ABC", 0b11110111),
        ("A^B", "AB", 0b0110),
        ("(A+B)'", "AB", 0b0001),
    ],
)
def test_functions(function: str, inputs: str, table: int) -> None:
    assert truth_table(function, tuple(inputs)) == table


@pytest.mark.parametrize(
    ("cells", "lacks"),
    [
        ((INVERTER, NAND, NOR, LATCH), "a rising-edge flip-flop"),
        ((INVERTER, FLOP), "a NAND or NOR, three kinds of gates"),
        ((INVERTER, NAND, FLOP), "three kinds of gates"),
        ((NAND, FLOP), "an inverter"),
    ],
)
def test_a_library_without_a_needed_cell(
    tmp_path: Path, cells: tuple[str, ...], lacks: str
) -> None:
    with pytest.raises(UsageError, match=f"lacks {lacks}") as caught:
        read_liberty(write(tmp_path, *cells))
    assert caught.value.findings[0].code == "E101"


@pytest.mark.parametrize(
    "text", ["", "cell (A) { }", HEAD, "library (x) { cell (A) = 3; }", HEAD.replace("2.0", "two")]
)
def test_text_that_is_no_library(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.lib"
    path.write_text(text + ("}" if "two" in text else ""))
    with pytest.raises(UsageError, match="no liberty library"):
        read_liberty(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_liberty(tmp_path / "none.lib")
    assert caught.value.findings[0].code == "E103"


def test_functions_that_are_none() -> None:
    with pytest.raises(LibertySyntaxError):
        truth_table("(A", ("A",))


def test_attributes_of_a_group() -> None:
    group = parse_liberty('library (x) { a : "b c"; d (1, "2, 3"); ; e (f) { g : 1.5; } }')
    assert (group.values, group.lists) == ({"a": "b c"}, {"d": ["1", "2, 3"]})
    assert [g.number("g") for g in group.all("e")] == [1.5]
