"""Study: networks scaled by depth, width and resolution; activations against cycles.

A scale s is spread by weights (d, w, r) with sum S: depth times s**(d/S), width times s**(w/2S),
resolution times s**(r/2S), so that MACs, which grow with depth * width**2 * resolution**2, grow
with s. Activations grow with depth * width * resolution**2: s**((d + w/2 + r) / S).
Source: P. Dollár et al., Fast and Accurate Model Scaling, arXiv:2103.06877.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log, prod

import numpy as np

from intaglio.api.models_random import RandomNet
from intaglio.api.study import Study
from intaglio.compiler.outline import outline_graph
from intaglio.explore.costing import choose, layer_cycles
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Activation, Graph
from intaglio.spec.presets import PRESETS

RULES: dict[str, tuple[float, float, float]] = {
    "dwr": (1, 1, 1),
    "d1_w8_r1": (1, 8, 1),
    "w": (0, 1, 0),
}
SCALES = (1.0, 2.0, 4.0, 8.0)
BASE = (4, 32, 64)  # depth, width, resolution
WIDTH_STEP, SIZE_STEP = 8, 4
SLOW = 0.5  # bytes a cycle: transfers decide
CONFIG = replace(PRESETS["default"], name="scaling", acts_kib=32)


@dataclass(frozen=True)
class Scaled:
    """A network of the study: its dimensions and what it takes."""

    rule: str
    scale: float
    depth: int
    width: int
    size: int
    macs: int
    activations: int
    slow: int
    fast: int


def factors(rule: tuple[float, float, float], scale: float) -> tuple[float, float, float]:
    """Return what depth, width and resolution are multiplied by."""
    whole = sum(rule)
    d, w, r = rule
    return scale ** (d / whole), scale ** (w / whole / 2), scale ** (r / whole / 2)


def activation_exponent(rule: tuple[float, float, float]) -> float:
    """Return the power of s that activations grow with."""
    d, w, r = rule
    return (d + w / 2 + r) / sum(rule)


def network(depth: int, width: int, size: int) -> Graph:
    """Return `depth` 1x1 convolutions of `width` channels on a `size` x `size` image.

    Few weights for many activations: what memory moves is activations.
    """
    net = RandomNet(f"scaled_{depth}_{width}_{size}", size, 1)
    x = net.conv(net.input, "stem", width, activation=Activation.RELU)
    for number in range(depth):
        x = net.conv(x, f"block{number}", width, activation=Activation.RELU)
    return net.builder.graph((net.input,), (x,))


def scaling(
    rules: Sequence[str] = tuple(RULES),
    scales: Sequence[float] = SCALES,
    config: ArrayConfig = CONFIG,
    progress: Callable[[str], None] = lambda _: None,
) -> Study:
    """Return cycles of scaled networks where memory is slow and where it is not.

    The measured exponents are those of a line through log(cycles) over log(s).
    """
    found = []
    for name in rules:
        for scale in scales:
            progress(f"{name} at {scale:g} times the MACs")
            found.append(_measure(name, scale, config))
    rows = [dict(vars(one)) for one in found]
    notes = []
    for name in rules:
        mine = [one for one in found if one.rule == name]
        slow, fast = (_exponent(mine, key) for key in ("slow", "fast"))
        notes.append(
            f"{name}: activations grow with s^{activation_exponent(RULES[name]):.3f} by the rule, "
            f"s^{_exponent(mine, 'activations'):.3f} in these networks; MACs with "
            f"s^{_exponent(mine, 'macs'):.3f}; cycles with s^{slow:.3f} at {SLOW:g} bytes a cycle "
            f"and s^{fast:.3f} with a whole beat."
        )
    series = {
        f"{name}, {words}": [
            (one.scale, float(getattr(one, key))) for one in found if one.rule == name
        ]
        for name in rules
        for key, words in (("slow", "slow memory"), ("fast", "fast memory"))
    }
    columns = ("rule", "scale", "depth", "width", "size", "macs", "activations", "slow", "fast")
    return Study(
        "scaling",
        "Model scaling: activations against cycles",
        columns,
        tuple(rows),
        tuple(notes),
        series,
        ("scale s", "cycles"),
    )


def exponents(study: Study, rule: str) -> dict[str, float]:
    """Return the measured powers of s of a rule: activations, macs, slow and fast cycles."""
    mine = [Scaled(**row) for row in study.rows if row["rule"] == rule]
    return {key: _exponent(mine, key) for key in ("activations", "macs", "slow", "fast")}


def dimensions(name: str, scale: float, base: tuple[int, int, int] = BASE) -> tuple[int, int, int]:
    """Return depth, width and size of `base` scaled by rule `name`, in the steps of each."""
    by_depth, by_width, by_size = factors(RULES[name], scale)
    depth = max(round(base[0] * by_depth), 1)
    width = max(round(base[1] * by_width / WIDTH_STEP), 1) * WIDTH_STEP
    return depth, width, max(round(base[2] * by_size / SIZE_STEP), 1) * SIZE_STEP


def _measure(name: str, scale: float, config: ArrayConfig) -> Scaled:
    depth, width, size = dimensions(name, scale)
    graph = network(depth, width, size)
    outline = outline_graph(graph, config)
    memory = choose(config).memory
    cycles = {
        rate: sum(layer_cycles(outline, replace(memory, bytes_per_cycle=rate)).values())
        for rate in (SLOW, None)
    }
    activations = sum(prod(graph.tensors[node.outputs[0]].shape) for node in graph.nodes)
    return Scaled(
        name,
        scale,
        depth,
        width,
        size,
        outline.macs,
        activations,
        cycles[SLOW],
        cycles[None],
    )


def _exponent(rows: Sequence[Scaled], key: str) -> float:
    if len(rows) < 2:
        return 0.0
    x = np.array([log(one.scale) for one in rows])
    y = np.array([log(getattr(one, key)) for one in rows])
    return float(np.polyfit(x, y, 1)[0])
