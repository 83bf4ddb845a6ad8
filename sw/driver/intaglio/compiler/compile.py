"""The steps from a graph to a program, in a row."""

from __future__ import annotations

from intaglio.compiler.buffers import Home, Ring
from intaglio.compiler.check import activations, check_graph
from intaglio.compiler.constants import Context
from intaglio.compiler.edges import edge_commands
from intaglio.compiler.encode import Constants, Stream
from intaglio.compiler.flow import is_alias, plan_flow
from intaglio.compiler.host import host_step
from intaglio.compiler.lane import layer_of
from intaglio.compiler.layer import Layer, image_of
from intaglio.compiler.memory import plan_memory
from intaglio.compiler.places import host_reason
from intaglio.compiler.schedule import schedule_layer
from intaglio.spec.commands import COMMAND_BYTES
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph
from intaglio.spec.program import HostStep, Job, LayerPlan, Program, TensorPlan
from intaglio.spec.requant import format_of, quant_of


def compile_graph(
    graph: Graph,
    config: ArrayConfig,
    *,
    reference: str = "litert",
    keep_all: bool = False,
    reuse: bool = False,
    resident_io: bool = False,
    solver: str = "",
) -> Program:
    """Compile a network for one configuration.

    The result is the same bytes for equal arguments.

    Parameters
    ----------
    graph : Graph
        A quantised network, batch 1.
    config : ArrayConfig
        The accelerator; the program runs on no other.
    reference : str
        Engine whose rounding is obeyed: one of :data:`intaglio.spec.rounding.REFERENCES`.
    keep_all : bool
        Every operator's output is written to a place of its own, so that each can be compared;
        else tensors stay in the activation buffer where they fit.
    reuse : bool
        Memory of tensors that nothing reads any more is used again, so that fewer can be read
        back at the end.
    resident_io : bool
        Inputs and outputs of the network stay in the activation buffer: a first job loads the
        inputs, a last one stores the outputs, and the jobs between move constants alone, as far
        as all other tensors fit too.
    solver : str
        With `reuse`: searches the smallest memory; ``"enum"`` or ``"cpsat"``.

    Raises
    ------
    ModelError
        E303, E304: what is not supported, all together.
    FitError
        E401: a layer is too large for the buffers, or with `resident_io` inputs and outputs are.
        E402: an accumulator could overflow. E403: a number exceeds the range of its command
        field.
    """
    check_graph(graph, config, reference)
    flow = plan_flow(graph, reference, config)
    layers = {
        index: layer_of(graph, index, reference, config)
        for stage in flow.stages
        if not stage.host
        for index in stage.nodes
    }
    memory = plan_memory(
        graph,
        flow,
        layers,
        config,
        keep_all=keep_all,
        reuse=reuse and not keep_all,
        edges=resident_io,
        solver=solver,
    )
    edges = edge_commands(graph, flow, config, memory) if resident_io else (b"", b"")
    constants = Constants(config.bus_bytes)
    steps: list[Job | HostStep] = []
    commands = edges[0]
    if edges[0]:
        steps.append(Job(0, len(edges[0]) // COMMAND_BYTES, ()))
    for stage in flow.stages:
        if stage.host:
            steps.append(host_step(graph, stage.nodes[0], reference, constants))
            continue
        context = Context(
            config=config,
            stream=Stream(config, memory.tensor_bytes // config.bus_bytes),
            constants=constants,
            weights=Ring(config.weight_words),
            params=Ring(config.param_words),
            lists=Ring(config.list_words),
            homes=memory.homes,
            passage=memory.passage,
            late=frozenset(graph.outputs) if resident_io else frozenset(),
        )
        for index in stage.nodes:
            schedule_layer(context, layers[index], memory.tilings[index])
        steps.append(Job(len(commands) // COMMAND_BYTES, len(context.stream), stage.nodes))
        commands += context.stream.to_bytes()
    if edges[1]:
        steps.append(Job(len(commands) // COMMAND_BYTES, len(edges[1]) // COMMAND_BYTES, ()))
        commands += edges[1]
    return Program(
        model=graph.name,
        config_name=config.name,
        config_digest=config.digest,
        tensors=tuple(
            _tensor_plan(graph, number, memory.homes[number]) for number in sorted(flow.roots)
        ),
        layers=tuple(
            _layer_plan(graph, index, layers, reference, config)
            for index in range(len(graph.nodes))
        ),
        steps=tuple(steps),
        inputs=graph.inputs,
        outputs=graph.outputs,
        tensor_bytes=memory.tensor_bytes,
        constants=constants.to_bytes(),
        commands=commands,
    )


def _tensor_plan(graph: Graph, number: int, home: Home) -> TensorPlan:
    tensor = graph.tensors[number]
    quant = quant_of(tensor)
    return TensorPlan(
        number=number,
        name=tensor.name,
        shape=tensor.shape,
        image=image_of(tensor),
        bits=format_of(tensor).bits,
        offset=home.offset,
        scale=quant.scale,
        zero_point=quant.zero_point,
    )


def _layer_plan(
    graph: Graph, index: int, layers: dict[int, Layer], reference: str, config: ArrayConfig
) -> LayerPlan:
    node = graph.nodes[index]
    layer = layers.get(index)
    reason = "" if layer is not None else host_reason(graph, node, reference, config)
    if is_alias(graph, index):
        reason = "both shapes are the same bytes: nothing is moved"
    return LayerPlan(
        name=node.name,
        op=node.op.value,
        where="host" if layer is None else "array",
        macs=0 if layer is None else layer.macs,
        inputs=activations(node),
        output=node.outputs[0],
        reason=reason,
    )
