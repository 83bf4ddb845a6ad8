"""One step of a netlist of single gates as logic, for any of its mutants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from intaglio.bench.mutant_logic import FALSE, TRUE, Logic
from intaglio.bench.mutant_netlist import SELECT
from intaglio.spec.errors import Finding, ToolError

Bits = list[int]
_CONSTANT = {"0": FALSE, "1": TRUE, "x": FALSE, "z": FALSE}
CONTROL_BITS = 16
_REGISTER = "$_DFF_P_"
_GATES: dict[str, Callable[[Logic, int, int], int]] = {
    "$_AND_": lambda g, a, b: g.both(a, b),
    "$_OR_": lambda g, a, b: g.either(a, b),
    "$_XOR_": lambda g, a, b: g.differ(a, b),
    "$_NAND_": lambda g, a, b: g.both(a, b) ^ 1,
    "$_NOR_": lambda g, a, b: g.either(a, b) ^ 1,
    "$_XNOR_": lambda g, a, b: g.differ(a, b) ^ 1,
    "$_ANDNOT_": lambda g, a, b: g.both(a, b ^ 1),
    "$_ORNOT_": lambda g, a, b: g.either(a, b ^ 1),
}


@dataclass(frozen=True)
class Step:
    """A step of a netlist over literals of inputs and registers.

    Parameters
    ----------
    outputs : mapping of str to list of int
        Literals of each output port, bit 0 first.
    following : list of int
        Next value of each register.
    gates : list of int
        Value of each gate, operands first.
    """

    outputs: Mapping[str, Bits]
    following: Bits
    gates: Bits


class GateNetlist:
    """A netlist as Yosys writes it in JSON, of single gates and registers of one clock.

    Parameters
    ----------
    module : mapping
        Of :class:`intaglio.bench.mutant_netlist.MutantNetlist`.

    Attributes
    ----------
    inputs : mapping of str to list of int
        Literals of each input port but the clock and the choice of the mutant.
    registers : list of int
        Literals of all registers.
    initial : list of int
        Their values in the beginning, as literals.
    control : list of int
        Literals of the registers of few bits, narrow ones first: they tell what is under way.

    Raises
    ------
    ToolError
        E602: a cell is neither a gate nor a register.
    """

    def __init__(self, module: Mapping[str, Any]) -> None:
        self.logic = Logic()
        self.inputs: dict[str, Bits] = {}
        self.registers: Bits = []
        self.initial: Bits = []
        self._outputs: dict[str, list[Any]] = {}
        self._known: dict[Any, int] = dict(_CONSTANT)
        self._select: list[Any] = []
        self._next: list[Any] = []
        for name, port in module["ports"].items():
            if port["direction"] == "output":
                self._outputs[name] = port["bits"]
            elif name == SELECT:
                self._select = port["bits"]
            else:
                self.inputs[name] = [self._free(bit) for bit in port["bits"]]
        starts = _starts(module["netnames"])
        gates = []
        for cell in module["cells"].values():
            kind, pins = cell["type"], {k: v[0] for k, v in cell["connections"].items()}
            if kind == _REGISTER:
                self.registers.append(self._free(pins["Q"]))
                self.initial.append(_CONSTANT[starts.get(pins["Q"], "0")])
                self._next.append(pins["D"])
            elif kind in _GATES or kind in ("$_NOT_", "$_BUF_", "$_MUX_"):
                gates.append((kind, pins))
            elif kind != "$scopeinfo":
                raise _strange(kind)
        self.control = _control(module["netnames"], self._known, set(self.registers))
        self._gates = _ordered(gates, {*self._known, *self._select})

    def _free(self, bit: Any) -> int:
        literal = self.logic.variable()
        self._known[bit] = literal
        return literal

    def step(
        self,
        mutant: int,
        given: Mapping[int, int] | None = None,
        beside: Step | None = None,
        merge: Callable[[int, int], int] = lambda _, value: value,
    ) -> Step:
        """Return a step of `mutant`; 0 is the netlist itself.

        Parameters
        ----------
        given : mapping of int to int
            What inputs and registers are, where they are not literals of their own.
        beside : Step
            Of the same gates: each value goes through `merge` with the value of its gate there.
        merge : callable
            Gets a value of `beside` and another of this step; returns what is used for this one.
        """
        given = given or {}
        known = {bit: given.get(literal, literal) for bit, literal in self._known.items()}
        known.update({bit: mutant >> n & 1 for n, bit in enumerate(self._select)})
        logic = self.logic
        values = []
        for at, (kind, pins) in enumerate(self._gates):
            a = known[pins["A"]]
            if kind == "$_MUX_":
                select = known[pins["S"]]
                if select in (FALSE, TRUE):
                    value = known[pins["B"]] if select else a
                else:
                    value = logic.choose(select, known[pins["B"]], a)
            elif kind in _GATES:
                value = _GATES[kind](logic, a, known[pins["B"]])
            else:
                value = a ^ (kind == "$_NOT_")
            if beside is not None and beside.gates[at] != value:
                value = merge(beside.gates[at], value)
            known[pins["Y"]] = value
            values.append(value)
        outputs = {name: [known[bit] for bit in bits] for name, bits in self._outputs.items()}
        return Step(outputs, [known[bit] for bit in self._next], values)


def _starts(nets: Mapping[str, Any]) -> dict[Any, str]:
    """Return the initial value of each bit that has one."""
    found: dict[Any, str] = {}
    for net in nets.values():
        text = net.get("attributes", {}).get("init", "")
        found |= {
            bit: value
            for bit, value in zip(net["bits"], reversed(text), strict=False)
            if value in "01"
        }
    return found


def _control(nets: Mapping[str, Any], known: Mapping[Any, int], registers: set[int]) -> Bits:
    """Return the registers in nets of at most `CONTROL_BITS` bits."""
    found: dict[int, None] = {}
    for net in sorted(nets.values(), key=lambda net: len(net["bits"])):
        literals = [known.get(bit, FALSE) for bit in net["bits"]]
        if len(literals) <= CONTROL_BITS and set(literals) <= registers:
            found |= dict.fromkeys(literals)
    return list(found)


def _ordered(
    gates: list[tuple[str, dict[str, Any]]], known: set[Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the gates in an order in which operands come first."""
    drivers = {pins["Y"]: (kind, pins) for kind, pins in gates}
    done = set(known)
    found = []
    for goal in drivers:
        stack = [goal]
        while stack:
            bit = stack[-1]
            if bit in done:
                stack.pop()
                continue
            if bit not in drivers:
                raise _strange(f"bit {bit} without a driver")
            pins = drivers[bit][1]
            waiting = [pins[name] for name in "ABS" if name in pins and pins[name] not in done]
            if waiting:
                stack += waiting
            else:
                done.add(bit)
                found.append(drivers[bit])
                stack.pop()
    return found


def _strange(kind: str) -> ToolError:
    return ToolError(
        Finding(
            "E602",
            f"the netlist has a {kind}",
            where="mutants",
            have=kind,
            need="gates of two inputs, multiplexers and registers of one clock",
            help="intaglio.bench.mutant_netlist prepares netlists",
        )
    )
