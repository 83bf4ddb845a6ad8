"""Peers: their own programs on our networks, and files that they read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from intaglio import api
from intaglio.api.peers import compare_peers, save_peers
from intaglio.explore import peer_scalesim, peer_vela
from intaglio.explore.gemm import Gemm, gemms
from intaglio.explore.peer_scalesim import DATAFLOWS, Systolic, scale_sim
from intaglio.spec.errors import EnvironmentFault, UsageError

MODEL = api.load(api.demo_digits().model)


def test_products_have_the_macs_of_their_layers() -> None:
    from intaglio.compiler.outline import outline_graph
    from intaglio.spec.presets import PRESETS

    outline = outline_graph(MODEL.graph, PRESETS["small"])
    found = list(gemms(outline))
    assert sum(gemm.macs for gemm in found) == outline.macs
    depthwise = next(gemm for gemm in found if gemm.name == "depthwise")
    assert (depthwise.n, depthwise.k) == (1, 9)
    assert depthwise.count == 24


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("shape", [(64, 32, 72), (100, 20, 37), (49, 1, 9), (1, 10, 48)])
def test_scale_sim_counts_as_its_formula(dataflow: str, shape: tuple[int, int, int]) -> None:
    pytest.importorskip("scalesim")
    gemm = Gemm(0, "layer", *shape, count=2)
    [cycles] = scale_sim([gemm], Systolic(8, 16), dataflow).values()
    assert cycles.run


def test_another_count_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_scalesim, "_simulator", lambda *_: lambda _: 7)
    with pytest.raises(EnvironmentFault, match="E502"):
        scale_sim([Gemm(0, "layer", 8, 8, 8)], Systolic(8, 8), "os")


def test_large_layers_take_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_scalesim, "_simulator", lambda *_: lambda _: 7)
    [cycles] = scale_sim([Gemm(0, "layer", 50176, 64, 147)], Systolic(16, 16), "os").values()
    assert not cycles.run
    assert cycles.value == 3136 * 4 * (147 + 30)


def test_arrays_of_as_many_multipliers() -> None:
    for macs in (4, 8, 32, 128, 256, 1024):
        array = Systolic.of(macs)
        assert array.rows * array.columns == macs
        assert array.columns in (array.rows, 2 * array.rows)
    assert [peer_vela.nearest_size(n) for n in (4, 32, 100, 512)] == [32, 32, 128, 256]


def test_peers_and_their_files(tmp_path: Path) -> None:
    pytest.importorskip("scalesim")
    pytest.importorskip("ethosu")
    found = compare_peers(MODEL, "small")
    names = [peer.name for peer in found.peers]
    assert names[0] == "Intaglio small"
    assert {"Ethos-U55-32 Sram_Only", "SCALE-Sim 4x8 OS"} <= set(names)
    for peer in found.peers:
        assert 0 < (peer.utilisation.value or 0) <= 1
        assert peer.cycles.how
    save_peers(found, tmp_path / "p")
    lines = list(csv.DictReader((tmp_path / "p" / "peers.csv").read_text().splitlines()))
    assert len(lines) == len(found.names)
    topology = (tmp_path / "p" / "scalesim_topology.csv").read_text().splitlines()
    assert topology[0] == "Layer,M,N,K,"
    workload = (tmp_path / "p" / "zigzag_workload.yaml").read_text()
    assert workload.count("- id: ") == sum(1 for layer in found.names.values() if layer[2])
    assert "sizes: [2, 8, 2]" in (tmp_path / "p" / "zigzag_hardware.yaml").read_text()


def test_an_unknown_peer_and_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"E101.*timeloop"):
        compare_peers(MODEL, "small", peers=["timeloop"])
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(EnvironmentFault, match=r"E501.*Vela"):
        compare_peers(MODEL, "small", peers=["vela"])
