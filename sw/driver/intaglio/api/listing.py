"""Lists for people who choose: named configurations and targets."""

from __future__ import annotations

from typing import Any

from intaglio.spec.presets import PRESETS
from intaglio.spec.target import load_target, target_names


def presets() -> list[dict[str, Any]]:
    """Return every named configuration: `name`, `macs` by precision, `target`, `buffers_kib`."""
    return [
        {
            "name": config.name,
            "macs": {"int8": config.macs},
            "target": config.target,
            "buffers_kib": config.acts_kib + config.weights_kib + config.params_kib,
            "shape": {"pixels": config.pixels, "channels": config.channels, "depth": config.depth},
            "memories_kib": {
                "acts": config.acts_kib,
                "weights": config.weights_kib,
                "params": config.params_kib,
            },
            "digest": config.digest,
        }
        for config in PRESETS.values()
    ]


def targets() -> list[dict[str, Any]]:
    """Return every target that Verilog can be generated for: `name`, `family`, `description`."""
    return [
        {
            "name": target.name,
            "family": target.family,
            "device": target.device,
            "clock_mhz": target.clock_mhz,
            "description": target.description,
        }
        for target in map(load_target, target_names())
    ]
