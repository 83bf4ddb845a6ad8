"""Named configurations."""

from __future__ import annotations

from intaglio.spec.config import ArrayConfig
from intaglio.spec.quant import Rounding

DEFAULT = "default"
TFLITE = (Rounding.DOUBLE, Rounding.SINGLE_UP, Rounding.SINGLE_AWAY)

PRESETS: dict[str, ArrayConfig] = {
    config.name: config
    for config in (
        ArrayConfig(),
        # The smallest array with more than one of everything: quick to build, awkward sizes.
        ArrayConfig(
            name="tiny",
            pixels=2,
            channels=4,
            depth=2,
            requant_lanes=2,
            acts_kib=16,
            weights_kib=8,
            params_kib=4,
            burst_beats=16,
            outstanding=2,
            target="generic",
        ),
        ArrayConfig(
            name="small",
            pixels=2,
            channels=8,
            depth=2,
            requant_lanes=2,
            acts_kib=64,
            weights_kib=32,
            params_kib=8,
            grouped=False,
            target="generic",
        ),
        # For small boards, each named after the one that it fills; TFLite's roundings alone.
        ArrayConfig(
            name="ulx3s-25f",
            pixels=2,
            channels=8,
            depth=1,
            requant_lanes=2,
            acts_kib=64,
            weights_kib=24,
            params_kib=8,
            roundings=TFLITE,
            burst_beats=16,
            outstanding=2,
            target="ulx3s-25f",
        ),
        ArrayConfig(
            name="tangnano20k",
            pixels=2,
            channels=8,
            depth=1,
            requant_lanes=1,
            acts_kib=32,
            weights_kib=16,
            params_kib=8,
            roundings=TFLITE,
            grouped=False,
            burst_beats=16,
            outstanding=2,
            target="tangnano20k",
        ),
        ArrayConfig(
            name="icebreaker",
            pixels=1,
            channels=4,
            depth=1,
            requant_lanes=1,
            acts_kib=1,
            weights_kib=1,
            params_kib=1,
            max_terms=4096,
            roundings=(Rounding.DOUBLE, Rounding.SINGLE_AWAY),
            grouped=False,
            burst_beats=16,
            outstanding=1,
            command_queue=0,
            counters=False,
            address_bits=17,
            target="icebreaker",
        ),
        # For benchmarks in simulation: tensors of whole layers stay on chip.
        ArrayConfig(
            name="bench256",
            pixels=8,
            channels=16,
            depth=2,
            requant_lanes=16,
            acts_kib=2048,
            weights_kib=256,
            params_kib=36,
            precisions=(16, 8, 4),
            target="generic",
        ),
    )
}
