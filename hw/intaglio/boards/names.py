"""Names in a flat netlist: which instance they belong to, and which only synthesis gave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FLATTEN = re.compile(r"\$flatten((?:\\[^\\]+\.)+)")
# What synthesis appends to the name of a net to name a cell or another net behind it.
DERIVED = re.compile(
    r"_(?:TRELLIS_\w+?|LUT[1-6]|CCU2C|PFUMX|L6MUX21|MULT\d\w*?|DP16KD|SB_\w+?|ALU|DFF[A-Z]*|"
    r"MUX2_LUT\d|RAM16SDP4|SDPX?\d?\w*?|\$\w+)_[A-Z]\w*.*$"
)


@dataclass(frozen=True)
class Scopes:
    """The instances that were flattened.

    Parameters
    ----------
    modules : mapping
        Module of each instance by its path.
    inputs : mapping
        Names of the input ports by module.
    """

    modules: Mapping[str, str]
    inputs: Mapping[str, frozenset[str]]

    def path_of(self, name: str) -> str | None:
        """Return the instance that `name` belongs to; None where it does not say."""
        found = _FLATTEN.match(name)
        if found:
            return self._known(found[1].replace("\\", "").rstrip("."))
        return None if name.startswith("$") else self._known(name.rpartition(".")[0])

    def read_by(self, name: str) -> str | None:
        """Return the instance that has the net called `name` as an input; None for no input."""
        path = self.path_of(name)
        if not path or not name.startswith(path):
            return None
        port = re.split(r"[.\[]", name[len(path) + 1 :], maxsplit=1)[0]
        return path if port in self.inputs.get(self.modules[path], frozenset()) else None

    def _known(self, path: str) -> str:
        """Return the longest beginning of `path` that is an instance."""
        while path and path not in self.modules:
            path = path.rpartition(".")[0]
        return path


def scopes_of(module: Mapping[str, Any], verilog: str) -> Scopes:
    """Return the instances of a flat module in Yosys' JSON, made from `verilog`."""
    return Scopes(
        {
            _scope_path(name): cell["attributes"].get("module", "")
            for name, cell in module["cells"].items()
            if cell["type"] == "$scopeinfo"
        },
        _inputs(verilog),
    )


def _scope_path(name: str) -> str:
    found = _FLATTEN.match(name)
    if found is None:
        return name
    return found[1].replace("\\", "") + name[found.end() :].lstrip("\\")


def _inputs(verilog: str) -> dict[str, frozenset[str]]:
    """Return the input ports of every module, as Yosys writes Verilog."""
    found = {}
    for body in re.split(r"^module ", verilog, flags=re.MULTILINE)[1:]:
        name = re.split(r"[\s(#]", body, maxsplit=1)[0].lstrip("\\")
        ports = re.findall(r"^\s*input\s+(?:\[[^\]]*\]\s*)?(\w+)", body, re.MULTILINE)
        found[name] = frozenset(ports)
    return found
