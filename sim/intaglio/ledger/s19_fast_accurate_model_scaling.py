"""System 19: Fast & accurate model scaling."""

from __future__ import annotations

from math import log, prod

from intaglio.api.study_scaling import (
    RULES,
    activation_exponent,
    dimensions,
    factors,
    network,
)
from intaglio.bench.library import MemorySettings
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, draw, run

BASE, SCALE = (2, 32, 16), 4.0
SLOW = MemorySettings(bytes_per_cycle=0.5)


def products() -> Verdict:
    """Multiply the factors of every rule and scale."""
    worst = max(
        abs(d * w**2 * r**2 / scale - 1)
        for rule in RULES.values()
        for scale in (1.5, 2.0, 4.0, 8.0)
        for d, w, r in (factors(rule, scale),)
    )
    return judge(worst < 0.01, f"{len(RULES)} rules, 4 scales: within {100 * worst:.1e} %")


def exponents() -> Verdict:
    """Compute the powers that activations grow with."""
    fast, plain = (activation_exponent(RULES[name]) for name in ("d1_w8_r1", "dwr"))
    return judge((round(fast, 3), round(plain, 3)) == (0.6, 0.833), f"{fast:.3f}, {plain:.3f}")


def latency() -> Verdict:
    """Run networks before and after scaling in gates whose memory is slow."""
    parts, right = [], []
    for name in ("d1_w8_r1", "dwr"):
        cycles, activations, macs = [], [], []
        for scale in (1.0, SCALE):
            graph = network(*dimensions(name, scale, BASE))
            ran = run(graph, TINY, draw(graph), SLOW)
            shapes = [graph.tensors[node.outputs[0]].shape for node in graph.nodes]
            cycles.append(ran.cycles)
            activations.append(sum(map(prod, shapes)))
            macs.append(sum(layer.macs for layer in ran.program.layers))
        powers = [log(pair[1] / pair[0]) / log(SCALE) for pair in (cycles, activations, macs)]
        right.append(abs(powers[0] - powers[1]) < abs(powers[0] - powers[2]))
        parts.append(
            f"{name}: cycles s^{powers[0]:.2f}, activations s^{powers[1]:.2f}, MACs "
            f"s^{powers[2]:.2f}"
        )
    return judge(
        all(right), f"in gates at {SLOW.bytes_per_cycle} bytes a cycle: {'; '.join(parts)}"
    )


ENTRY = Entry(
    number=19,
    name="Fast & accurate model scaling",
    kind="C",
    claim="Compound scaling mainly on width; activations grow ~sqrts",
    operator="scaling pass + activation-traffic report",
    clauses=(
        Clause("d*w^2*r^2 = s within 1 %", products),
        Clause("activation exponent 0.600 for d1_w8_r1 vs 0.833 for dwr (from code)", exponents),
        Clause(
            "simulated latency on a bandwidth-limited array follows activations, not MACs", latency
        ),
    ),
)
