"""Jobs of their own that load the network's inputs and store its outputs."""

from __future__ import annotations

from intaglio.compiler.buffers import View, transfers
from intaglio.compiler.encode import Stream
from intaglio.compiler.flow import Flow
from intaglio.compiler.layer import whole
from intaglio.compiler.memory import MemoryPlan
from intaglio.spec.commands import Memory, Opcode, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph
from intaglio.spec.tensor import blocks_of


def edge_commands(
    graph: Graph, flow: Flow, config: ArrayConfig, memory: MemoryPlan
) -> tuple[bytes, bytes]:
    """Return the commands that load the inputs which stay in the buffer, and store the outputs."""
    found = []
    for opcode, numbers in ((Opcode.LOAD, graph.inputs), (Opcode.STORE, graph.outputs)):
        stream = Stream(config, memory.tensor_bytes // config.bus_bytes)
        extra = {"memory": int(Memory.ACTS)} if opcode is Opcode.LOAD else {}
        for root in dict.fromkeys(flow.roots[number] for number in numbers):
            home = memory.homes[root]
            if home.address < 0 or home.offset < 0:
                continue
            blocks = (0, blocks_of(home.image[2], config.channels))
            view = View.of_home(home, 0)
            for fields in transfers(home, whole(home.image), blocks, view, config.bus_bytes):
                fields |= {"region": int(Region.TENSORS), **extra}
                stream.append(opcode, fields, (0, graph.tensors[root].name))
        found.append(stream.to_bytes())
    return found[0], found[1]
