"""And-inverter graphs: equal functions that are built alike are one node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

FALSE, TRUE = 0, 1


class Logic:
    """A graph of AND and XOR gates; a literal is twice a node's number, plus 1 where inverted.

    Node 0 is the constant; literal 0 is false and literal 1 is true.
    """

    def __init__(self) -> None:
        self._gates: list[tuple[int, int] | None] = [None]  # operands; None: a variable
        self._known: dict[tuple[int, int], int] = {}

    def variable(self) -> int:
        """Return a new free literal."""
        self._gates.append(None)
        return 2 * (len(self._gates) - 1)

    def both(self, a: int, b: int) -> int:
        """Return a AND b."""
        if a > b:
            a, b = b, a
        if a == FALSE or a ^ 1 == b:
            return FALSE
        return b if a in (TRUE, b) else self._gate(a, b)

    def either(self, a: int, b: int) -> int:
        """Return a OR b."""
        return self.both(a ^ 1, b ^ 1) ^ 1

    def differ(self, a: int, b: int) -> int:
        """Return a XOR b; its gate is told from an AND by the order of its operands."""
        inverted = (a ^ b) & 1
        a, b = a & ~1, b & ~1
        if a == b:
            return FALSE ^ inverted
        if FALSE in (a, b):
            return (a | b) ^ inverted
        return self._gate(max(a, b), min(a, b)) ^ inverted

    def choose(self, condition: int, yes: int, no: int) -> int:
        """Return `yes` where `condition` holds, else `no`."""
        if yes == no:
            return yes
        if yes ^ 1 == no:
            return self.differ(condition, no)
        return self.either(self.both(condition, yes), self.both(condition ^ 1, no))

    def any(self, literals: Iterable[int]) -> int:
        """Return the OR of literals."""
        total = FALSE
        for literal in literals:
            total = self.either(total, literal)
        return total

    def _gate(self, a: int, b: int) -> int:
        key = (a, b)
        if key not in self._known:
            self._gates.append(key)
            self._known[key] = len(self._gates) - 1
        return 2 * self._known[key]

    def __len__(self) -> int:
        """Return how many nodes there are, the constant among them."""
        return len(self._gates)

    def forget(self, size: int) -> None:
        """Remove all nodes but the first `size`; literals of the others are void from then on."""
        for gate in self._gates[size:]:
            if gate is not None:
                del self._known[gate]
        del self._gates[size:]

    def cone(self, roots: Sequence[int]) -> list[int]:
        """Return the nodes that `roots` depend on, operands first, without the constant."""
        found: list[int] = []
        seen = {0}
        stack = [root >> 1 for root in roots]
        while stack:
            node = stack[-1]
            gate = self._gates[node]
            waiting = [x >> 1 for x in gate or () if x >> 1 not in seen]
            if node in seen or not waiting:
                stack.pop()
                if node not in seen:
                    seen.add(node)
                    found.append(node)
            else:
                stack += waiting
        return found

    def compose(self, roots: Sequence[int], given: Mapping[int, int]) -> list[int]:
        """Return `roots` with variables and gates replaced by what `given` has for their literals.

        To replace a gate by a constant is to assume that it has that value.
        """
        values = {0: FALSE}
        for node in self.cone(roots):
            gate = self._gates[node]
            if 2 * node in given:
                values[node] = given[2 * node]
            elif gate is None:
                values[node] = 2 * node
            else:
                a, b = (values[x >> 1] ^ (x & 1) for x in gate)
                values[node] = self.both(a, b) if gate[0] < gate[1] else self.differ(a, b)
        return [values[root >> 1] ^ (root & 1) for root in roots]

    def simulate(self, roots: Sequence[int], values: Mapping[int, int], mask: int) -> list[int]:
        """Return `roots` for many assignments at once, one a bit of `mask`; variables by literal.

        A variable that has no value is 0.
        """
        known = {0: 0}
        for node in self.cone(roots):
            gate = self._gates[node]
            if gate is None:
                known[node] = values.get(2 * node, 0)
            else:
                a, b = (known[x >> 1] ^ (mask if x & 1 else 0) for x in gate)
                known[node] = a & b if gate[0] < gate[1] else a ^ b
        return [known[root >> 1] ^ (mask if root & 1 else 0) for root in roots]

    def extend(self, values: list[int], mask: int, draw: Callable[[int], int]) -> None:
        """Append the values of the nodes that `values` lacks; `draw` gives those of variables."""
        if not values:
            values.append(0)
        for node in range(len(values), len(self._gates)):
            gate = self._gates[node]
            if gate is None:
                values.append(draw(2 * node))
            else:
                a, b = (values[x >> 1] ^ (mask if x & 1 else 0) for x in gate)
                values.append(a & b if gate[0] < gate[1] else a ^ b)

    def chance(self, root: int, rng: Random, patterns: int = 512) -> dict[int, int] | None:
        """Return values of variables, found by chance, for which `root` is true."""
        mask = (1 << patterns) - 1
        nodes = [node for node in self.cone([root]) if self._gates[node] is None]
        # Some variables nearly always 0 or 1, so that deep conjunctions are met too.
        values = {2 * node: draw(rng, patterns) for node in nodes}
        hits = self.simulate([root], values, mask)[0]
        if not hits:
            return None
        at = hits.bit_length() - 1
        return {literal: value >> at & 1 for literal, value in values.items()}

    def dimacs(self, root: int) -> tuple[str, list[int]]:
        """Return clauses that hold where `root` is true, and the node of each variable, from 1."""
        nodes = self.cone([root])
        number = {node: n for n, node in enumerate(nodes, 1)}

        def name(literal: int) -> int:
            return -number[literal >> 1] if literal & 1 else number[literal >> 1]

        lines = [f"{name(root)} 0"]
        for node in nodes:
            gate = self._gates[node]
            if gate is None:
                continue
            out, a, b = number[node], name(gate[0]), name(gate[1])
            if gate[0] < gate[1]:
                lines += [f"{-out} {a} 0", f"{-out} {b} 0", f"{out} {-a} {-b} 0"]
            else:
                lines += [f"{-out} {a} {b} 0", f"{-out} {-a} {-b} 0"]
                lines += [f"{out} {-a} {b} 0", f"{out} {a} {-b} 0"]
        return f"p cnf {len(nodes)} {len(lines)}\n" + "\n".join(lines) + "\n", nodes


def draw(rng: Random, patterns: int) -> int:
    """Return bits by chance: evenly, mostly 0, or mostly 1."""
    kind = rng.randrange(4)
    bits = rng.getrandbits(patterns)
    if kind == 0:
        return bits & rng.getrandbits(patterns) & rng.getrandbits(patterns)
    if kind == 1:
        return bits | rng.getrandbits(patterns) | rng.getrandbits(patterns)
    return bits
