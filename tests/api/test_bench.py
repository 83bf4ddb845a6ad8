"""Benches of layer tables: reading, counting, comparing, drawing."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from intaglio import api
from intaglio.api.bench_chart import chart
from intaglio.api.bench_formula import formula_cycles
from intaglio.api.bench_layers import COLUMNS, read_layers, read_reference
from intaglio.api.bench_markdown import markdown
from intaglio.api.bench_measure import Task, measure
from intaglio.api.bench_model import model_errors
from intaglio.api.bench_random import KINDS, random_shape
from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.api.bench_table import geomean
from intaglio.api.bench_timed import START_ENTRY, counted_cycles, with_start_mark
from intaglio.api.bench_trial import run_trial
from intaglio.api.devices import default_memory
from intaglio.compiler.compile import compile_graph
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Opcode, decode
from intaglio.spec.errors import UsageError
from intaglio.spec.graph import Op
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import Job

TABLE = """\
layer,op,act_bits,weight_bits,H,W,C,OH,OW,N,kh,kw,stride,dilation,groups,padding,other
pointwise,conv,8,8,6,6,8,6,6,12,1,1,1,1,1,same,900
depth,depthwise,8,8,6,6,8,3,3,8,3,3,2,1,8,same,400
wide,conv,16,8,6,6,8,6,6,12,1,1,1,1,1,same,500
dense,fully_connected,8,8,1,1,30,1,1,10,1,1,1,1,1,none,300
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "layers.csv"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize("device", ["sim", "model"])
def test_layers_of_a_table(table: Path, device: str) -> None:
    result = api.bench(table, "tiny", device=device, against=f"{table}:other", workers=1)
    assert [layer.name for layer in result.layers] == ["pointwise", "depth", "wide", "dense"]
    assert (result.buffers_kib, result.streamed_buffers_kib) == (24, 384)
    wide = result.layers[2]
    assert (wide.cycles, wide.ratio) == (None, None)
    assert "16-bit activations" in wide.unsupported
    measured = [layer for layer in result.layers if layer is not wide]
    for layer in measured:
        # Commands are read between bursts of weights: a burst of 16 beats sooner or later.
        assert layer.model_cycles == pytest.approx(layer.cycles, abs=24)
        assert layer.cycles is not None and layer.reference_cycles is not None
        assert layer.ratio == layer.reference_cycles / layer.cycles
        assert layer.utilisation == layer.macs / layer.cycles / PRESETS["tiny"].macs
        assert layer.streamed_cycles is not None and layer.streamed_cycles > layer.cycles
        assert layer.mismatches == layer.streamed_mismatches == (0 if device == "sim" else None)
    assert result.layers[0].compared == (6 * 6 * 12 if device == "sim" else None)
    ratios = [layer.ratio or 0.0 for layer in measured]
    assert result.geomean == pytest.approx(math.prod(ratios) ** (1 / 3))
    found = result.as_dict()
    assert found["worst"]["ratio"] == min(ratios)
    assert found["unsupported"] == 1
    lines = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [line["cycles"] for line in lines] == [str(x.cycles or "") for x in result.layers]


def test_two_workers_give_what_one_gives(table: Path) -> None:
    one, two = (api.bench(table, "tiny", device="model", workers=n) for n in (1, 2))
    assert one.as_dict() == two.as_dict()
    assert one.geomean is None and one.worst is None


def test_a_wrong_output_is_counted(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def off_by_one(graph, inputs, reference="litert"):  # type: ignore[no-untyped-def]
        found = run_graph(graph, inputs, reference)
        number = graph.outputs[0]
        found[number] = found[number].copy()
        found[number].reshape(-1)[0] ^= 1
        return found

    monkeypatch.setattr("intaglio.golden.network.run_graph", off_by_one)
    task = Task(read_layers(table)[0], PRESETS["tiny"], "sim", default_memory(), 1, False)
    result = measure(task).resident
    assert result is not None and result.mismatches == 1


def test_cycles_are_counted_from_the_first_sum(table: Path) -> None:
    row = read_layers(table)[0]
    program = compile_graph(graph_of(row.shape, "x", 1), PRESETS["tiny"], resident_io=True)
    job = [step for step in program.steps if isinstance(step, Job)][1]
    commands = program.commands[job.first * 128 : (job.first + job.count) * 128]
    timed = list(decode(with_start_mark(commands, PRESETS["tiny"])))
    plain = list(decode(commands))
    at = [opcode for opcode, _ in plain].index(Opcode.COMPUTE)
    assert len(timed) == len(plain) + 1
    assert (timed[at][1]["layer"], timed[at][1]["mark"], timed[at][1]["hold"]) == (255, 1, 1)
    assert timed[at][1]["wait_load"] == plain[at][1]["wait_load"] > 0
    for (_, before), (_, after) in zip(plain[at:], timed[at + 1 :], strict=True):
        assert after["wait_compute"] == before["wait_compute"] + (before["wait_compute"] > 0)
    from intaglio.spec.device import RunStats

    assert counted_cycles(RunStats(marks={0: 90, START_ENTRY: 40})) == 50


def test_the_start_mark_changes_no_output(rng: np.random.Generator) -> None:
    shape = Shape(Op.CONV, (7, 7, 6), 9, (3, 3), padding="same")
    graph, config = graph_of(shape, "x", 3), PRESETS["tiny"]
    program = compile_graph(graph, config)
    marked = with_start_mark(program.commands, config)
    job = Job(0, len(marked) // 128, (0,))
    timed = type(program)(**{**vars(program), "commands": marked, "steps": (job,)})
    x = {0: rng.integers(-128, 128, (1, 7, 7, 6)).astype(np.int8)}
    number = graph.outputs[0]
    got = run_program(timed, GoldenDevice(config), x).outputs[number]
    np.testing.assert_array_equal(got, run_graph(graph, x)[number])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("H,W,C", "H,W,X"), "no column C"),
        (("conv,8,8,6", "convolve,8,8,6"), "op is 'convolve'"),
        (("6,6,8,6,6,12", "6,six,8,6,6,12"), "line 2: W is 'six'"),
        (("6,6,8,6,6,12", "6,6,8,5,6,12"), "OH is 5, the other columns give 6"),
        (("1,8,same", "1,4,same"), "depthwise has 4 groups"),
        (("1,1,none", "1,1,full"), "padding is 'full'"),
        (("1,1,none", "1,7,none"), "7 groups do not divide"),
        ((TABLE, ""), "no line below its heading"),
    ],
)
def test_bad_tables_are_refused(table: Path, change: tuple[str, str], message: str) -> None:
    table.write_text(TABLE.replace(*change))
    with pytest.raises(UsageError, match=message):
        read_layers(table)


def test_every_bad_line_is_named(table: Path) -> None:
    table.write_text(TABLE.replace(",same,", ",full,"))
    with pytest.raises(UsageError) as caught:
        read_layers(table)
    assert [f.where.rpartition(":")[2] for f in caught.value.findings] == ["2", "3", "4"]


def test_a_reference_names_its_column(table: Path) -> None:
    rows, column = read_reference(f"{table}:other")
    assert (rows[0]["layer"], column) == ("pointwise", "other")
    with pytest.raises(UsageError, match="no column absent"):
        read_reference(f"{table}:absent")
    with pytest.raises(UsageError, match="no column vela"):
        read_reference(str(table))


def test_the_formula_is_that_of_the_dimensions(shared: Path) -> None:
    """The analytic figures of the reference table, where tiles may not cross rows."""
    config = PRESETS["bench256"]
    columns = []
    for row in read_layers(shared / "anchors" / "vela_layers.csv"):
        expected = row.columns["model_p8k16d2q16_cycles"]
        if row.act_bits != 8 or row.op in ("depthwise", "fully_connected"):
            continue
        columns.append(row.name)
        assert formula_cycles(row.shape, config, 16) == int(expected)
    assert len(columns) > 20


def test_a_table_has_the_columns_of_the_reference(shared: Path) -> None:
    head = (shared / "anchors" / "vela_layers.csv").read_text().splitlines()[0].split(",")
    assert set(COLUMNS) <= set(head)


def test_a_chart_has_a_bar_for_each_ratio(table: Path) -> None:
    result = api.bench(table, "tiny", device="model", against=f"{table}:other", workers=1)
    root = ElementTree.fromstring(chart(result))
    names = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [name for name in ("pointwise", "depth", "dense") if name not in names] == []
    assert "wide" not in names
    bars = [n for n in root.iter("{http://www.w3.org/2000/svg}rect") if n.get("height") == "9"]
    assert len(bars) == 3


def test_geometric_means() -> None:
    assert geomean([2.0, None, 8.0]) == pytest.approx(4.0)
    assert geomean([None]) is None


@pytest.mark.parametrize("kind", KINDS)
def test_random_shapes_are_what_the_golden_operators_take(
    kind: str, rng: np.random.Generator
) -> None:
    for seed in range(5):
        shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
        graph = graph_of(shape, kind, seed)
        x = {
            n: rng.integers(-128, 128, graph.tensors[n].shape).astype(np.int8) for n in graph.inputs
        }
        codes = run_graph(graph, x)[graph.outputs[0]]
        assert codes.shape == graph.tensors[graph.outputs[0]].shape
        assert codes.size == math.prod(shape.places) * shape.outputs


def test_a_network_beside_reference_figures(tmp_path: Path) -> None:
    model = api.demo_digits().model
    names = [name for name, _ in api.load(model).layers]
    against = tmp_path / "figures.csv"
    against.write_text(f"network,layer,cycles\n{model.stem},{names[0]},5000\nother,{names[0]},1\n")
    result = api.bench(model, "tiny", device="model", against=f"{against}:cycles")
    assert [layer.name for layer in result.layers] == names
    first, total = result.layers[0], result.total
    assert first.cycles is not None and first.ratio == 5000 / first.cycles
    assert total is not None and total.cycles == sum(layer.cycles or 0 for layer in result.layers)
    assert total.reference_cycles == 5000
    assert result.as_dict()["total"]["macs"] == sum(layer.macs for layer in result.layers)


def test_a_network_in_gates_is_compared_and_counted() -> None:
    model = api.demo_digits().model
    result = api.bench(model, "tiny", streamed=False)
    total = result.total
    assert total is not None and total.compared
    assert (total.mismatches, result.mismatches) == (0, 0)
    assert total.cycles == total.counters["CYCLES"]
    text = markdown(result)
    assert f"| all | {total.cycles:,} |" in text
    assert f"MAC_CYCLES {total.counters['MAC_CYCLES']:,}" in text


def test_what_would_change_nothing_is_refused(table: Path) -> None:
    with pytest.raises(UsageError) as caught:
        api.bench(table, "bench256", device="model", bits=4)
    assert caught.value.findings[0].code == "E102"


def test_weights_of_other_bits_than_the_lanes_have_are_not_measured(table: Path) -> None:
    table.write_text(table.read_text().replace(",8,8,", ",8,4,"))
    layers = api.bench(table, "bench256", device="model", workers=1, streamed=False).layers
    assert {layer.cycles for layer in layers if layer.weight_bits == 4} == {None}


def test_what_limits_a_layer(table: Path) -> None:
    bounds = {
        layer.name: layer.bound
        for layer in api.bench(table, "bench256", device="model", workers=1).layers
    }
    # 4 steps for 8 windows; 17 columns from 16 banks in two rows; 15 steps for one window.
    assert bounds == {
        "pointwise": "drain",
        "depth": "activations",
        "wide": "array",
        "dense": "array",
    }


def test_a_trial_in_gates_is_compared(seed: int) -> None:
    from intaglio.bench.device import SimDevice

    device = SimDevice(PRESETS["tiny"])
    try:
        trial = run_trial(Shape(Op.ADD, (3, 5, 6), 6), device, seed)
    finally:
        device.close()
    assert (trial.compared, trial.mismatches) == (90, 0)
    assert trial.compute == trial.model_compute


@pytest.mark.parametrize("stalls", [0.0, 0.4])
def test_model_errors_of_random_shapes(stalls: float) -> None:
    found = model_errors("tiny", 3, stalls=stalls, kinds=("conv", "add"), workers=1)
    assert [kind.kind for kind in found.kinds] == ["conv", "add"]
    assert found.good
    assert all(kind.shapes == 3 and kind.compared and kind.layers for kind in found.kinds)
    assert found.as_dict()["layers_exact"] == found.layers_exact


def test_a_wrong_model_is_not_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intaglio.spec.timing_compute.GATHER_CYCLES", 3)
    (kind,) = model_errors("tiny", 3, kinds=("conv",), workers=1).kinds
    assert kind.shapes == kind.explained + 3
    assert not kind.good
