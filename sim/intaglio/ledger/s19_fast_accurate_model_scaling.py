"""System 19: Fast & accurate model scaling."""

from __future__ import annotations

from math import log, prod

from intaglio.api.inputs import random_inputs
from intaglio.api.model import Model
from intaglio.api.plan import compile as compile_model
from intaglio.api.study_scaling import (
    CONFIG,
    RULES,
    SLOW,
    activation_exponent,
    dimensions,
    exponents,
    factors,
    network,
    scaling,
)
from intaglio.bench.library import MemorySettings
from intaglio.ledger.entry import Clause, Entry, Verdict, judge

SCALES = (1.5, 2.0, 4.0, 8.0, 16.0)
SMALL = (1, 32, 48)  # depth, width and size of what gates simulate in seconds, yet no buffer holds
FAST, PLAIN = "d1_w8_r1", "dwr"


def product() -> Verdict:
    """Multiply the factors of every rule at several scales."""
    errors = [
        abs(d * w**2 * r**2 / scale - 1)
        for rule in RULES.values()
        for scale in SCALES
        for d, w, r in [factors(rule, scale)]
    ]
    return judge(max(errors) <= 0.01, f"{len(errors)} rules and scales, worst {max(errors):.2e}")


def growth() -> Verdict:
    """Compare the rule's exponents with the published ones, and with those of networks."""
    study = scaling(rules=(PLAIN, FAST))
    texts, good = [], True
    for name, published in ((PLAIN, 0.833), (FAST, 0.600)):
        rule = activation_exponent(RULES[name])
        built = exponents(study, name)["activations"]
        good &= round(rule, 3) == published and abs(built - published) < 0.03
        texts.append(f"{name}: {rule:.3f} by the rule, {built:.3f} in networks")
    return judge(good, "; ".join(texts))


def latency() -> Verdict:
    """Simulate a network and one of 8 times its MACs in gates, with a slow memory."""
    cycles, activations, macs = [], [], []
    for scale in (1.0, 8.0):
        graph = network(*dimensions(FAST, scale, SMALL))
        plan = compile_model(Model(graph), CONFIG)
        x = random_inputs(plan.program, 1)
        run = plan.simulate(x, memory=MemorySettings(bytes_per_cycle=SLOW))
        cycles.append(float(run.cycles or 0))
        activations.append(sum(prod(graph.tensors[node.outputs[0]].shape) for node in graph.nodes))
        macs.append(plan.macs)
    time, acts, ops = (log(v[1] / v[0]) / log(8) for v in (cycles, activations, macs))
    text = (
        f"{FAST} in gates at {SLOW:g} bytes a cycle: cycles grow with s^{time:.3f}, activations "
        f"with s^{acts:.3f}, MACs with s^{ops:.3f}"
    )
    return judge(abs(time - acts) < abs(time - ops) / 2, text)


ENTRY = Entry(
    number=19,
    name="Fast & accurate model scaling",
    kind="C",
    claim="Compound scaling mainly on width; activations grow ~sqrts",
    operator="scaling pass + activation-traffic report",
    clauses=(
        Clause("d*w^2*r^2 = s within 1 %", product),
        Clause("activation exponent 0.600 for d1_w8_r1 vs 0.833 for dwr (from code)", growth),
        Clause(
            "simulated latency on a bandwidth-limited array follows activations, not MACs", latency
        ),
    ),
)
