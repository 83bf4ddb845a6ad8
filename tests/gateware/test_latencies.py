"""The cycle model's latencies are those that the blocks state."""

from __future__ import annotations

from intaglio.gateware.array import MacArray
from intaglio.gateware.drain import Drain
from intaglio.gateware.gather import Gather
from intaglio.gateware.vector import VectorUnit
from intaglio.spec import timing_compute


def test_the_cycle_model_counts_with_the_latencies_of_the_gates() -> None:
    assert timing_compute.ARRAY_CYCLES == MacArray.latency_cycles
    assert timing_compute.VECTOR_CYCLES == VectorUnit.latency_cycles
    assert timing_compute.DRAIN_CYCLES == Drain.latency_cycles
    assert timing_compute.GATHER_CYCLES == Gather.latency_cycles
