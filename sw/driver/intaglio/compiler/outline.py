"""The commands of a network without its bytes: all that a cost model reads, in a second or two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intaglio.compiler.buffers import Ring
from intaglio.compiler.check import check_graph
from intaglio.compiler.constants import Context
from intaglio.compiler.encode import Constants, Stream
from intaglio.compiler.flow import plan_flow
from intaglio.compiler.lane import layer_of
from intaglio.compiler.layer import Layer
from intaglio.compiler.memory import plan_memory
from intaglio.compiler.places import host_reason
from intaglio.compiler.schedule import schedule_layer
from intaglio.spec.commands import RECORDS, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph
from intaglio.spec.tap_list import with_lists

Command = tuple[Opcode, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Outline:
    """A network as a device would run it.

    Parameters
    ----------
    graph : Graph
        The network.
    config : ArrayConfig
        The accelerator.
    layers : mapping
        Node index to the layer that the array runs; the others run on the host.
    jobs : tuple of tuple of (Opcode, fields)
        Commands of each job, as :func:`intaglio.compiler.compile.compile_graph` writes them.
    constant_bytes, tensor_bytes : int
        Sizes of the two regions of memory.
    reference : str
        Engine whose rounding is obeyed.
    """

    graph: Graph
    config: ArrayConfig
    layers: Mapping[int, Layer]
    jobs: tuple[tuple[Command, ...], ...]
    constant_bytes: int
    tensor_bytes: int
    reference: str = "litert"

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates for one input."""
        return sum(layer.macs for layer in self.layers.values())

    def host_reason(self, index: int) -> str:
        """Return why a node that is no layer is not on the array."""
        node = self.graph.nodes[index]
        return host_reason(self.graph, node, self.reference, self.config) or "no byte is moved"


def outline_graph(graph: Graph, config: ArrayConfig, *, reference: str = "litert") -> Outline:
    """Return the outline of `graph`; parameters and errors of ``compile_graph``."""
    check_graph(graph, config, reference)
    flow = plan_flow(graph, reference, config)
    layers = {
        index: layer_of(graph, index, reference, config)
        for stage in flow.stages
        if not stage.host
        for index in stage.nodes
    }
    memory = plan_memory(graph, flow, layers, config, keep_all=False, reuse=False)
    constants = Constants(config.bus_bytes)
    jobs: list[tuple[Command, ...]] = []
    for stage in (stage for stage in flow.stages if not stage.host):
        sketch = _Sketch(config, memory.tensor_bytes // config.bus_bytes)
        context = Context(
            config=config,
            stream=sketch,
            constants=constants,
            weights=Ring(config.weight_words),
            params=Ring(config.param_words),
            lists=Ring(config.list_words),
            homes=memory.homes,
            passage=memory.passage,
        )
        for index in stage.nodes:
            schedule_layer(context, layers[index], memory.tilings[index])
        commands = sketch.decoded()
        if config.tap_list:
            commands = tuple(with_lists(commands, config, constants.to_bytes()))
        jobs.append(commands)
    sizes = len(constants.to_bytes()), memory.tensor_bytes
    return Outline(graph, config, layers, tuple(jobs), *sizes, reference)


_RANGES = {
    opcode: {field.name: (field.format.min, field.format.max) for field in RECORDS[opcode].fields}
    for opcode in Opcode
}


class _Sketch(Stream):
    """Commands that are counted and never packed."""

    def __init__(self, config: ArrayConfig, tensor_beats: int) -> None:
        super().__init__(config, tensor_beats)
        self._sketched: list[tuple[Opcode, dict[str, int]]] = []

    def append(self, opcode: Opcode, fields: Mapping[str, int], layer: tuple[int, str]) -> None:
        """Append a command; one that cannot be packed is refused as it is there."""
        ranges = _RANGES[opcode]
        for name, value in fields.items():
            least, most = ranges[name]
            if not least <= value <= most:
                super().append(opcode, fields, layer)
        index, _ = layer
        command = {**dict.fromkeys(ranges, 0), **fields, "opcode": int(opcode), "layer": index}
        command |= self._tracker.waits(opcode, command)
        if opcode is Opcode.COMPUTE:
            self._last[index] = len(self)
        self._sketched.append((opcode, command))

    def __len__(self) -> int:
        return len(self._sketched)

    def decoded(self) -> tuple[Command, ...]:
        """Return the commands; the last COMPUTE of each layer carries its mark."""
        marked = set(self._last.values())
        return tuple(
            (opcode, fields | {"mark": 1} if at in marked else fields)
            for at, (opcode, fields) in enumerate(self._sketched)
        )
