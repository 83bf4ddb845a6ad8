"""System 18: Efficiency of ConvNets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from intaglio.api.bench_bound import Command, demands
from intaglio.api.bench_layers import LayerRow
from intaglio.api.bench_measure import Task, measure
from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.api.devices import open_device
from intaglio.api.estimates import estimate
from intaglio.api.layer_cycles import memory_model
from intaglio.api.model import Model
from intaglio.api.models import mobilenet_v2
from intaglio.bench.library import MemorySettings
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.objective import compile_for
from intaglio.compiler.traffic import Traffic, traffic_of
from intaglio.golden.network import run_graph
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import Net, draw
from intaglio.runtime.run import run_program
from intaglio.spec.commands import COMMAND_BYTES, decode
from intaglio.spec.graph import Graph, Op
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import Job, Program
from intaglio.spec.tensor import tensor_bytes

ROUNDING = 1e-9  # of floating point
CLOSE = 0.10  # of the cycles that are predicted
CONFIG = PRESETS["default"]
SLOW = MemorySettings(bytes_per_cycle=1.0)  # where traffic limits layers, fusion pays
SIDE = 14


def identity() -> Verdict:
    """Multiply time, peak rate and efficiency of MobileNetV2's layers, and of the whole."""
    found = estimate(Model(mobilenet_v2()))
    figures = [layer.figures for layer in found.layers if layer.where == "array"]
    worst = max(
        abs((f["cycles"].value or 0) * found.peak * (f["utilisation"].value or 0) - f["macs"].value)
        / max(f["macs"].value, 1)
        for f in [*figures, found.summary]
        if f["macs"].value is not None
    )
    text = f"{len(figures)} layers and the whole, worst relative difference {worst:.1e}"
    return judge(worst <= ROUNDING, text)


def _shapes() -> Iterator[Shape]:
    """Yield layers as the stages of usual networks have them, at several widths."""
    for side, channels in ((28, 32), (28, 64), (14, 96), (14, 128), (7, 192), (7, 256)):
        image = (side, side, channels)
        yield Shape(Op.CONV, image, channels, (1, 1))
        yield Shape(Op.CONV, image, channels, (3, 3), padding="same")
        yield Shape(Op.CONV, image, channels, (3, 3), groups=channels // 8, padding="same")
        yield Shape(Op.DEPTHWISE, image, channels, (3, 3), padding="same")
        yield Shape(Op.DEPTHWISE, image, channels, (7, 7), padding="same")


def waterline() -> Verdict:
    """Predict layers by the unit that they need longest at its effective rate; count in gates."""
    memory = MemorySettings()
    errors = []
    for shape in _shapes():
        row = LayerRow(str(shape), shape.op.value, 8, 8, shape, {})
        found = measure(Task(row, CONFIG, "sim", memory, 1, streamed=False)).resident
        if found is None or found.mismatches:
            return judge(False, f"{shape} does not run")
        program = compile_graph(graph_of(shape, "layer", 1), CONFIG, resident_io=True)
        needs = demands(decode(_job(program, 1)), CONFIG, memory_model(memory))
        needs.pop("memory")  # activations are on chip
        errors.append(max(needs.values()) / found.cycles - 1)
    worst = max(errors, key=abs)
    text = f"{len(errors)} layers on {CONFIG.name}, worst {100 * worst:+.1f} % of cycles in gates"
    return judge(len(errors) >= 20 and abs(worst) <= CLOSE, text)


def _job(program: Program, number: int) -> bytes:
    job = [step for step in program.steps if isinstance(step, Job)][number]
    first = job.first * COMMAND_BYTES
    return program.commands[first : first + job.count * COMMAND_BYTES]


def _blocks() -> dict[str, Graph]:
    """Return grouped 3x3, expand, function, project; and an inverted residual."""
    first = Net("ConvFirst", 18)
    x = first.input(SIDE, SIDE, 32)
    grouped = first.conv(x, first.rng.integers(-127, 128, (32, 3, 3, 8)), padding="same")
    wide = first.conv(grouped, outputs=128)
    bent = first.table(wide, "gelu", first.scale(wide))
    one = first.graph(first.conv(bent, outputs=32))
    second = Net("inverted residual", 18)
    x = second.input(SIDE, SIDE, 24)
    wide = second.conv(x, outputs=144)
    deep = second.conv(wide, depthwise=True, kernel=(3, 3), padding="same")
    return {
        "ConvFirst": one,
        "inverted residual": second.graph(second.add(second.conv(deep, outputs=24), x)),
    }


def _run(
    graph: Graph, program: Program, memory: MemorySettings | None = None
) -> tuple[int, int, int]:
    """Return cycles and bytes read and written in gates; every output equals golden."""
    inputs = draw(graph)
    device = open_device("sim", CONFIG, memory=memory)
    try:
        result = run_program(program, device, inputs)
    finally:
        device.close()
    expected = run_graph(graph, inputs)
    for number in graph.outputs:
        np.testing.assert_array_equal(result.outputs[number].reshape(-1), expected[number].ravel())
    beats = result.stats.counters
    read, written = (beats[name] * CONFIG.bus_bytes for name in ("READ_BEATS", "WRITE_BEATS"))
    return int(result.stats.cycles or 0), read, written


def traffic() -> Verdict:
    """Count bytes on the bus of fused blocks: input, output, weights and commands, once each."""
    texts, good = [], True
    for name, graph in _blocks().items():
        program = compile_for(graph, CONFIG, "energy")
        moved: Traffic = traffic_of(program, CONFIG)
        _, read, written = _run(graph, program)
        sizes = [_bytes(graph, numbers) for numbers in (graph.inputs, graph.outputs)]
        # A word of the memory may end behind the last constant.
        spare = len(program.constants) - moved.constants_read
        weights = moved.constants_read
        good &= [moved.tensors_read, moved.written] == sizes and written == sizes[1]
        good &= read == sizes[0] + weights + moved.commands_read
        good &= 0 <= spare <= 2 * CONFIG.bus_bytes
        texts.append(f"{name} {sizes[0]} in, {weights} of weights, {sizes[1]} out")
    return judge(good, "; ".join(texts))


def _bytes(graph: Graph, numbers: tuple[int, ...]) -> int:
    shapes = (graph.tensors[number].shape for number in numbers)
    return sum(tensor_bytes(h, w, c, CONFIG.channels, 8) for _, h, w, c in shapes)


def speed() -> Verdict:
    """Compare the speed-up of fusion in gates with that of the waterline.

    Judged with the memory of all benchmarks; that of a sixteenth of its rate is told beside it.
    """
    texts, good = [], True
    for name, graph in _blocks().items():
        programs = compile_graph(graph, CONFIG, keep_all=True), compile_graph(graph, CONFIG)
        for memory in (MemorySettings(), SLOW):
            predicted = [_waterline(program, memory) for program in programs]
            counted = [_run(graph, program, memory)[0] for program in programs]
            ratios = [counted[0] / counted[1], predicted[0] / predicted[1]]
            good &= memory is SLOW or ratios[0] >= ratios[1]
            rate = f"{memory.bytes_per_cycle or CONFIG.bus_bytes:g} bytes a cycle"
            texts.append(f"{name} at {rate} {ratios[0]:.2f}x, {ratios[1]:.2f}x predicted")
    return judge(good, "; ".join(texts))


def _waterline(program: Program, memory: MemorySettings) -> float:
    """Return the cycles of a program's layers, each by the unit that it needs longest."""
    layers: dict[int, list[Command]] = {}
    for opcode, fields in decode(program.commands):
        layers.setdefault(fields["layer"], []).append((opcode, fields))
    model = memory_model(memory)
    return sum(max(demands(commands, CONFIG, model).values()) for commands in layers.values())


ENTRY = Entry(
    number=18,
    name="Efficiency of ConvNets",
    kind="C",
    claim=(
        "Lavin: Latency = ops/(peak*efficiency); efficiency-gap plots, waterline, block-fusion; "
        "ConvFirst about 4x faster than ConvNeXt"
    ),
    operator="report + fused-block scheduler (grouped 3x3 gw=8 -> PW expand -> act -> PW project)",
    clauses=(
        Clause("Report identity T*peak*E = ops holds per layer and per model", identity),
        Clause("waterline prediction within 10 % of simulated cycles on >= 20 layers", waterline),
        Clause(
            (
                "fused block DRAM bytes = input+output+weights exactly (intermediates never leave "
                "SRAM)"
            ),
            traffic,
        ),
        Clause("fused >= predicted speed-up", speed),
    ),
)
