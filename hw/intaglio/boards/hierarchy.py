"""Where the cells of a flat netlist come from: resources by instance.

Synthesis flattens the design and maps across the borders of instances. The names of nets and cells
tell what a cell belongs to, except for look-up tables within a cloud of logic: those belong to
where most of what they feed belongs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from intaglio.boards.costs import RESOURCES, Costs
from intaglio.boards.names import DERIVED, Scopes, scopes_of

OUTPUTS = ("Z", "Q", "O", "F", "LO", "COUT", "S0", "S1", "SUM", "Y")


@dataclass(frozen=True)
class Branch:
    """One instance with everything below it.

    Parameters
    ----------
    path : str
        Names of instances joined by dots; empty for the whole.
    luteq, ff, dsp, bram : int
        What it costs; see :mod:`intaglio.boards.costs`.
    """

    path: str
    luteq: int
    ff: int
    dsp: int
    bram: int

    @property
    def depth(self) -> int:
        """0 for the whole, 1 for what it places, and so on."""
        return self.path.count(".") + 1 if self.path else 0

    def as_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def tree(module: Mapping[str, Any], costs: Costs, verilog: str = "") -> list[Branch]:
    """Return the resources of every instance of a flat module in Yosys' JSON.

    Parameters
    ----------
    module : mapping
        ``cells`` and ``netnames`` of the module.
    costs : Costs
        What each type of cell costs.
    verilog : str
        What it was made from: its modules tell which names of a net are mere inputs.
    """
    owners = owners_of(module, scopes_of(module, verilog))
    sums: dict[str, list[int]] = {"": [0, 0, 0, 0]}
    for name, cell in module["cells"].items():
        cost = costs.of(cell["type"])
        if any(cost):
            for path in _with_parents(owners.get(name, "")):
                entry = sums.setdefault(path, [0, 0, 0, 0])
                for place, value in enumerate(cost):
                    entry[place] += value
    ordered = sorted(sums, key=lambda path: path.split(".") if path else [])
    return [Branch(path, **dict(zip(RESOURCES, sums[path], strict=True))) for path in ordered]


def owners_of(module: Mapping[str, Any], scopes: Scopes) -> dict[str, str]:
    """Return the instance of each cell, by name of the cell.

    Its own name says it, if that is of the design; else the nets that it drives; else it belongs
    where most of what reads them does; else where the name that synthesis gave it hints.
    """
    net_owner = _net_owners(module, scopes)
    owner: dict[str, str] = {}
    pending: dict[str, list[int]] = {}
    readers: dict[int, list[str]] = {}
    for name, cell in module["cells"].items():
        if cell["type"] == "$scopeinfo":
            continue
        drives, reads = _bits(cell)
        for bit in reads:
            readers.setdefault(bit, []).append(name)
        own = None if DERIVED.search(name) else scopes.path_of(name)
        found = [net_owner[bit] for bit in drives if bit in net_owner]
        if own is not None or found:
            owner[name] = max(found, key=_depth) if own is None else own
        else:
            pending[name] = drives
    _spread(pending, readers, owner)
    return owner | {name: scopes.path_of(name) or "" for name in pending}


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _net_owners(module: Mapping[str, Any], scopes: Scopes) -> dict[int, str]:
    """Return the instance that drives each net: the innermost of those that name it.

    A net that is an input of an instance is driven outside of it, whatever it is called within.
    """
    named: dict[int, set[str]] = {}
    reads: dict[int, set[str]] = {}
    for name, net in module["netnames"].items():
        path = None if DERIVED.search(name) else scopes.path_of(name)
        if path is None:
            continue
        table, place = (
            (named, path) if (reader := scopes.read_by(name)) is None else (reads, reader)
        )
        for bit in net["bits"]:
            if isinstance(bit, int):
                table.setdefault(bit, set()).add(place)
    owners = {}
    for bit, paths in named.items():
        outside = [path for path in paths if not _within(path, reads.get(bit, ()))]
        if outside:
            owners[bit] = max(outside, key=lambda path: (_depth(path), path))
    return owners


def _within(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}.") for place in places)


def _bits(cell: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """Return the nets that a cell drives and those that it reads."""
    ways = cell.get("port_directions", {})
    drives: list[int] = []
    reads: list[int] = []
    for port, bits in cell["connections"].items():
        out = ways.get(port, "output" if port in OUTPUTS else "input") == "output"
        (drives if out else reads).extend(bit for bit in bits if isinstance(bit, int))
    return drives, reads


def _spread(
    pending: dict[str, list[int]], readers: Mapping[int, list[str]], owner: dict[str, str]
) -> None:
    """Give each cell of `pending` the owner of most cells that read it, from the outputs back."""
    while pending:
        settled = {}
        for name, drives in pending.items():
            votes = Counter(
                owner[reader]
                for bit in drives
                for reader in readers.get(bit, ())
                if reader in owner
            )
            if votes:
                settled[name] = min(votes, key=lambda path: (-votes[path], path))
        if not settled:
            return
        owner.update(settled)
        for name in settled:
            del pending[name]


def _with_parents(path: str) -> list[str]:
    """Return `path` and everything above it, the whole included."""
    parts = path.split(".") if path else []
    return ["", *(".".join(parts[: count + 1]) for count in range(len(parts)))]
