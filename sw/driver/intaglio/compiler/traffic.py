"""What a program moves between memory and chip, and how much memory its tensors need at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from intaglio.compiler.flow import plan_flow
from intaglio.compiler.lane import words_image
from intaglio.compiler.lives import uses_of
from intaglio.spec.commands import Opcode, Region, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph
from intaglio.spec.program import Program


@dataclass(frozen=True)
class Traffic:
    """Bytes that the array's jobs move for one input; those of host operators do not count.

    Parameters
    ----------
    tensors_read, constants_read, commands_read : int
        Activations, weights and parameters, and the commands themselves.
    written : int
        Activations.
    """

    tensors_read: int
    constants_read: int
    commands_read: int
    written: int

    @property
    def total(self) -> int:
        """All bytes on the bus."""
        return self.tensors_read + self.constants_read + self.commands_read + self.written


@dataclass(frozen=True)
class Peak:
    """The most bytes of activations that are alive at once, as they lie in memory.

    Parameters
    ----------
    size : int
        Bytes.
    layer : str
        The operator at which that is.
    """

    size: int
    layer: str


def traffic_of(program: Program, config: ArrayConfig) -> Traffic:
    """Return the bytes that the commands of a program move."""
    moved = {"tensors": 0, "constants": 0, "written": 0}
    for opcode, fields in decode(program.commands):
        if opcode is Opcode.COMPUTE:
            continue
        size = fields["row_beats"] * fields["rows"] * config.bus_bytes
        loads = "tensors" if fields["region"] == Region.TENSORS else "constants"
        moved["written" if opcode is Opcode.STORE else loads] += size
    return Traffic(moved["tensors"], moved["constants"], len(program.commands), moved["written"])


def peak_of(graph: Graph, config: ArrayConfig, reference: str = "litert") -> Peak:
    """Return the peak of a checked graph: no plan of memory, however good, needs less."""
    uses = uses_of(graph, plan_flow(graph, reference))
    alive = [0] * (len(graph.nodes) + 1)
    for root, use in uses.items():
        size = math.prod(words_image(graph.tensors[root], config))
        for index in range(max(use.made, 0), max((*use.read, use.made)) + 1):
            alive[index] += size
    at = max(range(len(graph.nodes)), key=lambda index: alive[index])
    return Peak(alive[at], graph.nodes[at].name)
