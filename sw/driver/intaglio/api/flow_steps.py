"""The steps of a flow: each takes what is given and returns a JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from intaglio.api.check_findings import check_model
from intaglio.api.estimates import estimate_rewritten, fit_findings
from intaglio.api.golden_pass import PASSED, golden_check, golden_state
from intaglio.api.model import Model, load
from intaglio.api.plan import compile as compile_model
from intaglio.api.report_inputs import simulated
from intaglio.api.reports import make_report, save_report
from intaglio.explore.costing import Choice
from intaglio.spec.errors import DeviceError, Finding, IntaglioError, ModelError

Progress = Callable[[str], None]
MOST_CYCLES = 2_000_000  # a network up to this long is simulated; the gates are checked in any case


@dataclass(frozen=True)
class Flow:
    """What all steps share.

    Parameters
    ----------
    path : Path
        The model.
    choice : Choice
        Configuration, target, memory, coefficients.
    folder : Path
        Where results are written.
    reproduce : str
        The command.
    progress : callable
        Told in one line what is under way.
    """

    path: Path
    choice: Choice
    folder: Path
    reproduce: str
    progress: Progress = lambda _: None

    @cached_property
    def model(self) -> Model:
        """The network."""
        return load(self.path)

    def result(self, step: str) -> dict[str, Any]:
        """Return what a step that has run wrote."""
        found: dict[str, Any] = json.loads((self.folder / f"{step}.json").read_text("utf-8"))
        return found


def check(flow: Flow) -> dict[str, Any]:
    """All that stands in the way of the model; an error if there is anything."""
    found = check_model(flow.path, flow.choice.config)
    if found.findings:
        raise _error(found.exit_code)(found.findings)
    return found.as_dict()


def cost(flow: Flow) -> dict[str, Any]:
    """The estimate, and what the part lacks."""
    chosen = replace(flow.choice, golden=golden_state(flow.choice.config))
    found = estimate_rewritten(flow.model.graph, chosen)
    return {**found.as_dict(), "findings": [asdict(f) for f in fit_findings(found)]}


def compiled(flow: Flow) -> dict[str, Any]:
    """The program file."""
    plan = compile_model(flow.model, flow.choice.config)
    file = plan.save(flow.folder / "network.program")
    return {
        "file": str(file),
        "commands": plan.command_count,
        "constant_bytes": len(plan.program.constants),
        "tensor_bytes": plan.program.tensor_bytes,
    }


def verify(flow: Flow) -> dict[str, Any]:
    """The golden check of the gates, and the network in the gates where that is quick."""
    config = flow.choice.config
    golden = golden_check(config, flow.progress)
    if golden != PASSED:
        raise DeviceError(_mismatch(config.name, golden))
    cycles = flow.result("estimate")["summary"]["cycles"]["value"]
    if cycles > MOST_CYCLES:
        return {"golden": golden, "run": None, "why": f"{cycles:,} cycles: not simulated here"}
    run = simulated(flow.model, config, None, flow.progress)
    if run["mismatches"]:
        raise DeviceError(_mismatch(flow.model.name, f"{run['mismatches']} elements differ"))
    return {"golden": golden, "run": run}


def build(flow: Flow) -> dict[str, Any]:
    """Area and clock after place and route."""
    from intaglio.api.board_build import build as place

    return place(flow.choice.config, flow.choice.target.name, progress=flow.progress).as_dict()


def report(flow: Flow) -> dict[str, Any]:
    """The report of all that."""
    built = flow.folder / "build.json"
    data = make_report(
        flow.model,
        flow.choice,
        run=flow.result("verify")["run"],
        build=flow.result("build") if built.exists() else None,
        check=False,
        reproduce=flow.reproduce,
    )
    files = save_report(data, flow.folder / "report")
    return {"files": [str(file) for file in files], "checks": data["checks"]}


STEPS: Mapping[str, Callable[[Flow], dict[str, Any]]] = {
    "check": check,
    "estimate": cost,
    "compile": compiled,
    "verify": verify,
    "build": build,
    "report": report,
}


def _mismatch(name: str, have: str) -> Finding:
    return Finding(
        "E703",
        f"{name}: {have}",
        where="verify",
        have=have,
        need="0 mismatches",
        help="intaglio run MODEL --device sim --check golden names the first difference",
    )


def _error(exit_code: int) -> type[IntaglioError]:
    kinds: tuple[type[IntaglioError], ...] = (ModelError, *IntaglioError.__subclasses__())
    return next((kind for kind in kinds if kind.exit_code == exit_code), ModelError)
