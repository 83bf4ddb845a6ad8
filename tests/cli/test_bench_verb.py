"""``intaglio bench``: JSON keys, files, exit codes, bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
LAYER_KEYS = {
    *("name", "op", "act_bits", "cycles", "macs", "utilisation", "bound", "reference_cycles"),
    *("ratio", "mismatches"),
}
TABLE = """\
layer,op,act_bits,weight_bits,H,W,C,N,kh,kw,stride,dilation,groups,padding,vela_u55_256_npu_cycles
a,conv,8,8,5,5,8,8,3,3,1,1,1,same,4000
b,depthwise,8,8,5,5,8,8,3,3,1,2,8,same,2000
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "two.csv"
    path.write_text(TABLE)
    return path


def test_gates_and_model_agree(intaglio: Command, table: Path, tmp_path: Path) -> None:
    words = ("bench", table, "--config", "tiny", "--workers", "1", "--json", "--output")
    gates, model = (
        intaglio(*words, tmp_path / device, "--device", device) for device in ("sim", "model")
    )
    assert (gates.code, model.code) == (0, 0)
    found = gates.json
    assert {"config", "memory", "buffers_kib", "layers", "geomean", "worst"} <= found.keys()
    assert found["worst"].keys() == {"name", "ratio"}
    for layer, estimate in zip(found["layers"], model.json["layers"], strict=True):
        assert layer.keys() >= LAYER_KEYS
        assert estimate["cycles"] == pytest.approx(layer["cycles"], abs=24)
        assert (layer["mismatches"], layer["streamed_mismatches"]) == (0, 0)
    folder = Path(found["output"])
    names = {path.suffix for path in folder.iterdir()}
    assert names == {".json", ".csv", ".svg", ".md"}
    assert "| a |" in (folder / "bench.md").read_text()
    saved = json.loads((folder / "bench.json").read_text())
    assert saved == {key: value for key, value in found.items() if key != "output"}


def test_a_table_for_people(intaglio: Command, table: Path) -> None:
    done = intaglio("bench", table, "--config", "tiny", "--device", "model", "--no-streamed")
    assert done.code == 0
    assert "geometric mean" in done.out and "worst" in done.out
    assert "written: build/bench/two-001" in done.out


def test_a_mismatch_exits_with_1(
    intaglio: Command, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intaglio.golden import network

    right = network.run_graph

    def wrong(*given: Any) -> Any:
        found = right(*given)
        return {number: codes ^ 1 for number, codes in found.items()}

    monkeypatch.setattr("intaglio.golden.network.run_graph", wrong)
    words = ("bench", table, "--config", "tiny", "--workers", "1", "--no-streamed", "--json")
    done = intaglio(*words)
    assert done.code == 1
    assert done.json["mismatches"] == 2 * 5 * 5 * 8


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("absent.csv",), "E103"),
        (("two.csv", "--against", "absent.csv"), "E103"),
        (("two.csv", "--against", "two.csv:absent"), "E103"),
        (("two.csv", "--device", "golden"), "E101"),
        (("two.csv", "--memory", "bytes=3"), "E101"),
    ],
)
def test_bad_input(intaglio: Command, table: Path, words: tuple[str, ...], code: str) -> None:
    done = intaglio("bench", *words, "--json")
    assert (done.code, done.codes) == (2, [code])


def test_shapes_print_the_error_table(intaglio: Command) -> None:
    found = intaglio("bench", "--shapes", "1", "--config", "tiny", "--json")
    assert found.code == 0, found.err
    data = found.json
    assert data["good"]
    assert {kind["shapes"] + kind["refused"] for kind in data["kinds"]} == {1}


@pytest.mark.parametrize("arguments", [(), ("layers.csv", "--shapes", "2")])
def test_a_file_or_shapes(intaglio: Command, arguments: tuple[str, ...]) -> None:
    found = intaglio("bench", *arguments)
    assert found.code == 2
    assert "E101" in found.err
