"""What to change first: rules on an estimate, each with the most that it could gain."""

from __future__ import annotations

from collections import Counter

from intaglio.explore.cost_result import Estimate

RULES = {
    "requantise": ("A01", "more requantiser lanes (array.requant_lanes)"),
    "memory": ("A02", "a faster external memory, or larger buffers (memory.acts_kib, weights_kib)"),
    "activations": ("A03", "fewer strided taps at once: a smaller array.pixels or depth"),
    "vector": ("A04", "more requantiser lanes serve pools and sums too"),
}
LEAST_SHARE = 0.05


def advice(estimate: Estimate) -> list[dict[str, str]]:
    """Return advice, the greatest possible gain first.

    The gain is what would be left of the layers' cycles if they took the array's steps alone, so
    it is never less than what the change can bring.
    """
    spare: Counter[str] = Counter()
    total = 0.0
    for layer in estimate.layers:
        cycles = layer.figures["cycles"].value
        if cycles is None:
            continue
        total += cycles
        spare[layer.bound] += round(cycles - (layer.figures["array_cycles"].value or 0.0))
    found = []
    for bound, cycles in spare.most_common():
        if bound in RULES and total and cycles / total >= LEAST_SHARE:
            rule, text = RULES[bound]
            found.append({"rule": rule, "text": text, "gain": f"-{cycles / total:.0%} of cycles"})
    return found
