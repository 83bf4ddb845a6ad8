"""System 45: ShiftAddViT."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.pairs_shift import BY_NAME, shift_row
from intaglio.bench.row import Values
from intaglio.boards.activity import simulate
from intaglio.boards.gate_cells_generic import generic_library
from intaglio.boards.gate_energy import energy
from intaglio.boards.gates import GateDesign, map_gates
from intaglio.estimate.operation_energy import BAND, CAVEATS, OPERATIONS, product_energy
from intaglio.gateware.mac import MacLane
from intaglio.gateware.pipeline import Streamed
from intaglio.gateware.shift_add import ShiftProduct
from intaglio.ledger.area import DIVIDERS, MULTIPLIERS, cells
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.measure import gates, gates_equal, once, row
from intaglio.spec.formats import INT8, INT32

PUBLISHED = {"multiply": 0.2, "add": 0.03, "shift": 0.024}
DESIGNS = {
    "multiply": "(input signed [7:0] a, input signed [7:0] b, output signed [15:0] y); "
    "assign y = a * b; endmodule",
    "add": "(input [7:0] a, input [7:0] b, output [7:0] y); assign y = a + b; endmodule",
    "shift": "(input signed [7:0] a, input [2:0] b, output signed [7:0] y); "
    "assign y = a >>> b; endmodule",
}
CYCLES = 5000
OUTPUTS, TERMS, COLUMNS = 64, 64, 64


def shifts() -> Verdict:
    """Shift in gates: exactly, and with the published floor of an arithmetic shift."""
    form = BY_NAME["pow2_5"]
    rows = [
        shift_row(form, INT8, False, 100_000),
        shift_row(form, INT8, True, 100_000),
        shift_row(form, INT32, True, 100_000),
    ]
    minus = np.array([-1, -3, -7]) >> 2
    if minus.tolist() != [-1, -1, -2]:
        raise ValueError("a shift of numpy does not floor")
    return gates_equal(rows, "sign * 2**-p exact and floored")


def masks() -> Verdict:
    """Add under masks in gates; compare with a matrix product with 0 and 1."""
    rng = np.random.default_rng(45)
    mask = rng.integers(0, 2, (OUTPUTS, TERMS))
    values = rng.integers(INT8.min, INT8.max + 1, (TERMS, COLUMNS))
    act = np.broadcast_to(values.T[None], (OUTPUTS, COLUMNS, TERMS)).reshape(-1, 2)
    wgt = np.broadcast_to(mask[:, None], (OUTPUTS, COLUMNS, TERMS)).reshape(-1, 2)
    last = np.arange(len(act)) % (TERMS // 2) == TERMS // 2 - 1
    inputs: Values = {"i": Columns(act=act, wgt=wgt, last=last)}
    product = ShiftProduct(BY_NAME["mask"], INT8)
    width = product.sum_format(TERMS).bits
    lane = partial(MacLane, product, 2, width, TERMS // 2)
    expected = (mask @ values).reshape(-1, 1).tolist()
    (done,) = gates([row("mask-gemm", lane, once(inputs), lambda _: {"o": expected})])
    return passed(
        f"{OUTPUTS}x{TERMS}x{COLUMNS} GEMM with a mask: {done.vectors} payloads, 0 differ"
    )


def _measured() -> dict[str, float]:
    """Return the energy of 8-bit operations in gates with delays, on uniform data."""
    library = generic_library()
    rng = np.random.default_rng(45)
    found = {}
    for name, text in DESIGNS.items():
        netlist = map_gates(GateDesign(f"module {name}{text}\n", name), library)
        stimulus = {
            port: rng.integers(0, 2, (CYCLES, len(netlist.ports[port])), np.uint8)
            for port in netlist.inputs
        }
        found[name] = energy(netlist, simulate(netlist, stimulus)).total / CYCLES
    return found


def energies() -> Verdict:
    """Compare the table with the published one, and with the ratios of gates with delays."""
    table = {name: OPERATIONS[name, 8] for name in PUBLISHED}
    ours = _measured()
    parts, within = [], []
    for name in ("add", "shift"):
        published, measured = table["multiply"] / table[name], ours["multiply"] / ours[name]
        within.append(published / BAND <= measured <= published * BAND)
        parts.append(f"multiply/{name} {published:.2f}, in gates here {measured:.1f}")
    ways = product_energy()
    saved = 100 * (1 - ways.shift / ways.multiply)
    return judge(
        table == PUBLISHED and all(within) and ours["add"] < ours["multiply"] > ours["shift"],
        f"table 0.2/0.03/0.024 pJ: {', '.join(parts)}; a shift-add product takes {saved:.0f} % "
        f"less than a multiply-add; caveats: {'; '.join(CAVEATS)}",
    )


def multipliers() -> Verdict:
    """Look for multipliers in the sources of every shift and mask unit."""
    units = [Streamed(ShiftProduct(form, INT8)) for form in BY_NAME.values()]
    wrong = sum(cells(unit, "operators").count(*MULTIPLIERS, *DIVIDERS) for unit in units)
    blocks = cells(units[3], "ecp5").multiplier_blocks
    return judge(
        wrong + blocks == 0, f"{len(units)} units: {wrong} multipliers in the netlist, {blocks} DSP"
    )


ENTRY = Entry(
    number=45,
    name="ShiftAddViT",
    kind="A",
    claim=(
        "Shift layers + add-only (binary Q/K) attention + MoE of primitives. <=5.18x latency, "
        "-42.9 % energy"
    ),
    operator="shift PE (sign*2^-p), masked-add PE, expert router",
    clauses=(
        Clause("Shift PE bit-exact incl. arithmetic-shift floor on negatives", shifts),
        Clause("mask-add equals GEMM with {0,1}", masks),
        Clause(
            "per-op energy table reproduces 0.2/0.03/0.024 pJ (8-bit mul/add/shift) ratios",
            energies,
        ),
        Clause("netlist shows 0 multipliers", multipliers),
    ),
)
