"""Gates as formulas: what Yosys writes as SMT-LIB, stepped symbolically with z3."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.lint import python_path, yosys
from intaglio.tooling import cache
from intaglio.tooling.process import run

TOP = "top"
_NAMED = re.compile(r"^; yosys-smt2-(?:input|register|wire) ([^\s/]\S*) \d+$", re.MULTILINE)
_TERM = re.compile(
    r"\(define-fun \|top_n ([^|/]+)\| \(\(state \|top_s\|\)\) (Bool|\(_ BitVec \d+\))"
)
_INPUT = re.compile(r"^; yosys-smt2-input (\S+) \d+$", re.MULTILINE)


def smt2(verilog: str, cut: Sequence[str] = ()) -> str:
    """Return what Yosys writes of the module ``top``.

    Parameters
    ----------
    cut : sequence of str
        Modules whose outputs become free values: what they hold is proved elsewhere.

    Raises
    ------
    EnvironmentFault
        E501: Yosys is missing.
    ToolError
        E601: it failed.
    """
    script = [
        "read_verilog top.v",
        f"hierarchy -top {TOP}",
        "proc",
        *(f"cutpoint {module}/o:*" for module in cut),
        "flatten",
        "memory_map",
        "opt_expr",
        "opt_clean",
        "dffunmap",
        "opt_clean",
        "write_smt2 -wires top.smt2",
    ]
    work = Path(tempfile.mkdtemp(prefix="intaglio-proof-"))
    try:
        (work / "top.v").write_text(verilog)
        (work / "proof.ys").write_text("\n".join(script))
        env = {**os.environ, "PATH": python_path()}
        run((yosys(), "-q", "-s", "proof.ys"), cwd=work, env=env)
        return (work / "top.smt2").read_text()
    finally:
        cache.remove_tree(work)


class Gates:
    """The module ``top`` as z3 terms over its inputs and registers.

    Parameters
    ----------
    verilog : str
        Its text.
    cut : sequence of str
        As :func:`smt2`.

    Attributes
    ----------
    inputs : mapping
        A bit-vector for each input by name.
    wires : mapping
        Term of each named wire, register or output, as a bit-vector.
    leaves : list
        What wires are terms of: registers, pieces of inputs, outputs of cut modules.
    following : mapping
        Next value of each leaf that is a register, by its index in `leaves`.
    """

    def __init__(self, verilog: str, cut: Sequence[str] = ()) -> None:
        text = smt2(verilog, cut)
        sorts = dict(_TERM.findall(text))
        names = [name for name in dict.fromkeys(_NAMED.findall(text)) if name in sorts]
        probes = ["(declare-const |at 0| |top_s|)", "(declare-const |at 1| |top_s|)"]
        for name in names:
            probes += [
                f"(declare-const |probe {name}| {sorts[name]})",
                f"(assert (= |probe {name}| (|top_n {name}| |at 0|)))",
            ]
        probes.append("(assert (|top_t| |at 0| |at 1|))")
        *found, step = z3.parse_smt2_string(text + "\n".join(probes))
        self.wires = {
            name: _bits(equation.arg(1)) for name, equation in zip(names, found, strict=True)
        }
        after = {part.arg(1).decl().name(): part.arg(0) for part in _conjuncts(step)}
        leaves = _leaves([*self.wires.values(), *after.values()])
        known = {leaf.decl().name(): n for n, leaf in enumerate(leaves)}
        self.leaves = leaves
        self.following = {known[name]: term for name, term in after.items() if name in known}
        self.inputs = {name: self.wires[name] for name in _INPUT.findall(text) if name in sorts}

    def pieces(self, name: str, value: Any) -> list[tuple[Any, Any]]:
        """Return what stands for each leaf of an input whose value is `value`."""
        found, at = [], 0
        for part in map(z3.simplify, reversed(_parts(self.inputs[name]))):
            width = part.size()
            bits = z3.Extract(at + width - 1, at, value)
            at += width
            if part.decl().kind() == z3.Z3_OP_ITE:  # a bit whose leaf is a Bool
                found.append((part.arg(0), bits == 1))
            elif part.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                found.append((part, bits))
        return found


class Trace:
    """Gates over some cycles from any state at all, reset never given.

    Parameters
    ----------
    gates : Gates
    name : str
        Free values of traces of one name are the same ones.
    held : mapping
        Values of inputs by name that hold in every cycle, such as ``o__ready``: 1.
    """

    def __init__(self, gates: Gates, name: str = "", **held: Any) -> None:
        self.gates, self.name = gates, name
        self.held = {"rst": 0, "clk": 0, **held}
        self.cycles: list[list[tuple[Any, Any]]] = []
        self._states = [{n: self._fresh(f"state_{n}", gates.leaves[n]) for n in gates.following}]

    def cycle(self, **inputs: Any) -> int:
        """Let the gates see `inputs`, the others free, and return the number of the cycle."""
        at = len(self.cycles)
        pairs = [(self.gates.leaves[n], value) for n, value in self._states[at].items()]
        given = {**self.held, **inputs}
        for name, term in self.gates.inputs.items():
            value = given.get(name)
            width = term.size()
            if value is None:
                value = z3.BitVec(f"{self.name}{name}@{at}", width)
            pairs += self.gates.pieces(name, _vector(value, width))
        covered = {leaf.get_id() for leaf, _ in pairs}
        pairs += [
            (leaf, self._fresh(f"free_{n}@{at}", leaf))
            for n, leaf in enumerate(self.gates.leaves)
            if leaf.get_id() not in covered
        ]
        self.cycles.append(pairs)
        after = {
            n: z3.simplify(z3.substitute(term, *pairs)) for n, term in self.gates.following.items()
        }
        self._states.append(after)
        return at

    def registers(self, first: int, second: int) -> list[tuple[Any, Any]]:
        """Return every register at the beginning of one cycle and of another."""
        one, two = self._states[first], self._states[second]
        return [(one[n], two[n]) for n in one]

    def let(self, name: str, value: Any) -> None:
        """Give a register, a wire that is one, a value at the beginning of the next cycle."""
        leaf = z3.simplify(self.gates.wires[name])
        for n in self._states[-1]:
            if self.gates.leaves[n].get_id() == leaf.get_id():
                self._states[-1][n] = value
                return
        raise KeyError(name)

    def at(self, cycle: int, name: str) -> Any:
        """Return the value of a wire in a cycle as a bit-vector."""
        return z3.simplify(z3.substitute(self.gates.wires[name], *self.cycles[cycle]))

    def _fresh(self, name: str, leaf: Any) -> Any:
        return z3.Const(self.name + name, leaf.sort())


def _vector(value: Any, width: int) -> Any:
    return z3.BitVecVal(value, width) if isinstance(value, int) else value


def _bits(term: Any) -> Any:
    """Return a term as a bit-vector."""
    return z3.If(term, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1)) if z3.is_bool(term) else term


def _conjuncts(term: Any) -> list[Any]:
    if z3.is_and(term):
        return [part for argument in term.children() for part in _conjuncts(argument)]
    return [term] if z3.is_eq(term) else []


def _parts(term: Any) -> list[Any]:
    """Return the parts of a concatenation, the highest first."""
    if z3.is_app(term) and term.decl().kind() == z3.Z3_OP_CONCAT:
        return [part for argument in term.children() for part in _parts(argument)]
    return [term]


def _leaves(terms: Sequence[Any]) -> list[Any]:
    """Return every different application of a free function to the state."""
    seen: set[int] = set()
    found: dict[str, Any] = {}
    stack = list(terms)
    while stack:
        term = stack.pop()
        if term.get_id() in seen:
            continue
        seen.add(term.get_id())
        if term.decl().kind() == z3.Z3_OP_UNINTERPRETED and term.num_args():
            found[term.decl().name()] = term
        else:
            stack += term.children()
    return list(found.values())
