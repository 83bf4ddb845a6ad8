"""Where the cells of a flat netlist come from: resources by instance.

Synthesis flattens the design and maps across the borders of instances. The names of nets and cells
tell what a cell belongs to, except for look-up tables within a cloud of logic: those belong to
where most of what they feed belongs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from intaglio.boards.costs import RESOURCES, Costs

_FLATTEN = re.compile(r"\$flatten((?:\\[^\\]+\.)+)")
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


def tree(module: Mapping[str, Any], costs: Costs) -> list[Branch]:
    """Return the resources of every instance of a flat module in Yosys' JSON.

    Parameters
    ----------
    module : mapping
        ``cells`` and ``netnames`` of the module.
    costs : Costs
        What each type of cell costs.
    """
    scopes = scopes_of(module)
    owners = owners_of(module, scopes)
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


def scopes_of(module: Mapping[str, Any]) -> frozenset[str]:
    """Return the paths of all instances that were flattened."""
    return frozenset(
        _scope_path(name, cell)
        for name, cell in module["cells"].items()
        if cell["type"] == "$scopeinfo"
    )


def owners_of(module: Mapping[str, Any], scopes: frozenset[str]) -> dict[str, str]:
    """Return the instance of each cell that costs something, by name of the cell."""
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
        path = path_of(name, scopes)
        if path is None:
            found = [net_owner[bit] for bit in drives if bit in net_owner]
            path = max(found, key=len) if found else None
        if path is None:
            pending[name] = drives
        else:
            owner[name] = path
    _spread(pending, readers, owner)
    return owner


def path_of(name: str, scopes: frozenset[str]) -> str | None:
    """Return the instance that a name of a flat netlist belongs to; None where it does not say."""
    found = _FLATTEN.match(name)
    if found:
        path = found[1].replace("\\", "").rstrip(".")
        return _known(path, scopes)
    if name.startswith("$"):
        return None
    return _known(name.rpartition(".")[0], scopes)


def _known(path: str, scopes: frozenset[str]) -> str:
    """Return the longest beginning of `path` that is an instance."""
    while path and path not in scopes:
        path = path.rpartition(".")[0]
    return path


def _scope_path(name: str, cell: Mapping[str, Any]) -> str:
    names = cell["attributes"].get("cell_hdlname", "") or cell["attributes"].get("hdlname", "")
    if name.startswith("$"):
        found = _FLATTEN.match(name)
        inner = name.rpartition("\\")[2]
        prefix = found[1].replace("\\", "") if found else ""
        return prefix + inner
    return ".".join(names.split()) if names else name


def _net_owners(module: Mapping[str, Any], scopes: frozenset[str]) -> dict[int, str]:
    """Return the instance of each net that has a name of the design: the innermost."""
    owners: dict[int, str] = {}
    for name, net in module["netnames"].items():
        path = path_of(name, scopes)
        if path is None:
            continue
        for bit in net["bits"]:
            if isinstance(bit, int) and len(owners.get(bit, "")) <= len(path):
                owners[bit] = path
    return owners


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
