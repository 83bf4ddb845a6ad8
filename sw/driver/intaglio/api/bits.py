"""Bits of each tensor of a network, as a file between verbs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intaglio.api.files import read_file
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError, ModelError
from intaglio.spec.graph import Graph

SCHEMA = 1
KEPT_BITS = 8


@dataclass(frozen=True)
class Bits:
    """Bits of the activation tensors of a network, by name; weights share those they meet.

    Parameters
    ----------
    bits : mapping
        Tensors that are not named keep eight.
    ranges : mapping
        Numbers that codes of fewer than eight bits cover: (low, high).
    """

    bits: Mapping[str, int]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def to_json(self, **more: Any) -> str:
        """Return the file that ``--allocation`` reads."""
        found = {"schema": SCHEMA, "bits": dict(self.bits), "ranges": dict(self.ranges), **more}
        return json.dumps(found, indent=1) + "\n"

    def converted(self, graph: Graph, config: ArrayConfig) -> Graph:
        """Return the network with these bits.

        Raises
        ------
        ModelError
            E307: a tensor of that name does not exist.
        FitError
            E405: the lanes have no such width.
        """
        from intaglio.compiler.convert import convert

        known = {t.name: t.number for t in graph.tensors.values() if t.data is None}
        strange = [name for name in self.bits if name not in known]
        if strange:
            raise _unfit(f"the network has no tensor {strange[0]}", strange[0])
        lacking = sorted(set(self.bits.values()) - {KEPT_BITS, *config.lanes.widths})
        if lacking or KEPT_BITS not in config.lanes.widths:
            raise FitError(
                Finding(
                    "E405",
                    f"{config.name} has no lanes of {lacking[0] if lacking else KEPT_BITS} bits",
                    where="--allocation",
                    have=", ".join(map(str, config.lanes.widths)),
                    need="8 and the widths of the allocation",
                    help="choose a configuration with array.precisions",
                )
            )
        chosen = {known[name]: width for name, width in self.bits.items()}
        ranges = {known[name]: ends for name, ends in self.ranges.items() if name in known}
        return convert(graph, config, lambda t: chosen.get(t.number, KEPT_BITS), ranges)


def read_bits(text: str, where: str) -> Bits:
    """Return the allocation that a file holds.

    Raises
    ------
    ModelError
        E307: it is none.
    """
    try:
        found = json.loads(text)
        if found["schema"] != SCHEMA:
            raise _unfit(f"{where} has schema {found['schema']}", str(found["schema"]))
        bits = {str(name): int(width) for name, width in found["bits"].items()}
        ranges = {str(n): (float(low), float(high)) for n, (low, high) in found["ranges"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unfit(f"{where} is no allocation: {error}", str(error)) from error
    return Bits(bits, ranges)


def read_bits_file(path: Path) -> Bits:
    """Return the allocation in a file.

    Raises
    ------
    UsageError
        E103: it cannot be read.
    ModelError
        E307: it is none.
    """
    data = read_file(path, "an allocation of intaglio allocate")
    return read_bits(data.decode("utf-8", "replace"), str(path))


def _unfit(message: str, have: str) -> ModelError:
    need = "a file that intaglio allocate has written for this network"
    return ModelError(Finding("E307", message, "--allocation", have, need, "allocate again"))
