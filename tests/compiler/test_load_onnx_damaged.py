"""Hostile ONNX files: one typed error, whatever is wrong, and nothing outside their folder."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.compiler import onnx_models as make

from intaglio.compiler.check import faults_of
from intaglio.compiler.load import load_model
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.spec.errors import IntaglioError, ModelError
from intaglio.spec.presets import PRESETS

CORPUS = Path(__file__).parent / "corpus"
EXTREMES = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0x7FC00000, 0xFF800000)


@pytest.fixture
def model() -> Any:
    return make.qdq_conv(np.random.default_rng(1))


def refused(data: bytes, folder: Path | None = None) -> tuple[str, ...]:
    """Return the codes of the error that a file gives."""
    with pytest.raises(ModelError) as caught:
        parse_onnx(data, "bad.onnx", folder)
    for finding in caught.value.findings:
        assert len(finding.message) < 1000
        assert "\n" not in finding.message
        assert finding.need
        assert finding.help
    return tuple(finding.code for finding in caught.value.findings)


@pytest.mark.parametrize("data", [b"", b"\x08\x09", b"\x08\x09:\x00", bytes(100), b"\xff" * 100])
def test_other_bytes_are_no_model(data: bytes) -> None:
    assert refused(data) == ("E301",)


@pytest.mark.parametrize("part", range(0, 50, 3))
def test_truncated_files(model: Any, part: int) -> None:
    data = model.SerializeToString()
    assert refused(data[: len(data) * part // 50])[0] in {"E301", "E302", "E303", "E304"}


def _circle(model: Any) -> None:
    model.graph.node[3].input[0] = "y"


def _twice(model: Any) -> None:
    model.graph.node[4].output[0] = "c"


def _nowhere(model: Any) -> None:
    model.graph.node[3].input[1] = "absent"


def _output(model: Any) -> None:
    model.graph.output[0].name = "absent"


def _negative(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = -5


def _huge(model: Any) -> None:
    for dim in model.graph.input[0].type.tensor_type.shape.dim:
        dim.dim_value = 1 << 40


def _long_name(model: Any) -> None:
    model.graph.node[3].name = "n" * (10 << 20)


def _constant(model: Any, name: str) -> Any:
    return next(c for c in model.graph.initializer if c.name == name)


def _short_data(model: Any) -> None:
    _constant(model, "w").raw_data = b"123"


def _lying_type(model: Any) -> None:
    _constant(model, "w").data_type = 7


def _huge_constant(model: Any) -> None:
    _constant(model, "w").dims[0] = 1 << 60


def _negative_constant(model: Any) -> None:
    _constant(model, "w").dims[0] = -4


def _old(model: Any) -> None:
    model.opset_import[0].version = 6


def _new(model: Any) -> None:
    model.opset_import[0].version = 10_000


def _scale(value: float) -> Any:
    def change(model: Any) -> None:
        _constant(model, "x_s").raw_data = np.float32(value).tobytes()

    return change


DAMAGES = {
    "circle": (_circle, "E302"),
    "made twice": (_twice, "E302"),
    "made nowhere": (_nowhere, "E302"),
    "output made nowhere": (_output, "E302"),
    "negative size": (_negative, "E302"),
    "huge size": (_huge, "E302"),
    "long name": (_long_name, "E302"),
    "short data": (_short_data, "E302"),
    "lying type": (_lying_type, "E302"),
    "huge constant": (_huge_constant, "E302"),
    "negative constant": (_negative_constant, "E302"),
    "old": (_old, "E303"),
    "new": (_new, "E303"),
    "nan": (_scale(float("nan")), "E304"),
    "infinite": (_scale(float("inf")), "E304"),
    "zero": (_scale(0.0), "E304"),
    "negative": (_scale(-0.5), "E304"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damages(model: Any, name: str) -> None:
    change, code = DAMAGES[name]
    change(model)
    assert refused(model.SerializeToString())[0] == code


def test_names_with_newlines_do_not_leave_their_line(model: Any) -> None:
    for node in model.graph.node:
        node.op_type = "Bad\nerror[E901]: forged"
    assert set(refused(model.SerializeToString())) == {"E303"}


@pytest.mark.parametrize("where", ["../secret", "/etc/passwd", "a/../../secret", "\x00", "link"])
def test_external_data_stay_in_the_folder(model: Any, tmp_path: Path, where: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(108))
    (folder / "link").symlink_to(tmp_path / "secret")
    weights = _constant(model, "w")
    weights.ClearField("raw_data")
    weights.data_location = 1
    entry = weights.external_data.add()
    entry.key, entry.value = "location", where
    assert refused(model.SerializeToString(), folder) == ("E302",)


def test_external_data_beside_the_model(model: Any, tmp_path: Path) -> None:
    weights = _constant(model, "w")
    (tmp_path / "weights.bin").write_bytes(b"12345678" + weights.raw_data)
    weights.ClearField("raw_data")
    weights.data_location = 1
    for key, value in {"location": "weights.bin", "offset": "8", "length": "108"}.items():
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    (node,) = load_model(tmp_path / "m.onnx").nodes
    assert node.name == "y"
    assert refused(model.SerializeToString()) == ("E302",)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to four faults."""
    body = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        if len(body) < 8:
            break
        place, kind = chance.randrange(len(body)), chance.randrange(5)
        if kind == 0:
            body[place] = chance.randrange(256)
        elif kind == 1:
            body[place : place + 4] = chance.choice(EXTREMES).to_bytes(4, "little")
        elif kind == 2:
            del body[place : place + chance.randrange(1, 16)]
        elif kind == 3:
            other = chance.randrange(len(body))
            body[place:place] = body[other : other + chance.randrange(1, 64)]
        else:
            del body[place:]
    return bytes(body)


def survives(data: bytes, file: str) -> bool:
    """Read a file and judge it; return whether a graph came out. Other errors pass through."""
    from intaglio.compiler.load_tflite import parse_tflite

    try:
        graph = parse_onnx(data, file) if file.endswith("onnx") else parse_tflite(data, file, "x")
        faults_of(graph, PRESETS["tiny"], "litert")
    except IntaglioError:
        return False
    return True


@pytest.mark.parametrize(
    "count", [3000, pytest.param(1_000_000, marks=pytest.mark.slow)], ids=["some", "many"]
)
@pytest.mark.parametrize("kind", ["onnx", "tflite"])
def test_mutated_files_give_a_graph_or_an_error(kind: str, count: int, seed: int) -> None:
    chance = random.Random(seed)
    files = seeds(kind)
    alive = sum(survives(mutated(chance.choice(files), chance), f"m.{kind}") for _ in range(count))
    assert 0 < alive < count


def seeds(kind: str) -> list[bytes]:
    """Return good files."""
    rng = np.random.default_rng(1)
    if kind == "onnx":
        from intaglio.api.suites_onnx_layers import LAYERS, random_chain

        made = [LAYERS[name](rng).to_bytes() for name in LAYERS]
        return [*made, random_chain(rng).to_bytes(), make.qdq_conv(rng).SerializeToString()]
    from intaglio.api.suites_layers import LAYERS as TFLITE
    from intaglio.api.suites_nets import random_net
    from intaglio.compiler.save_tflite import save_tflite

    nets = [random_net(np.random.default_rng(number)) for number in range(4)]
    return [save_tflite(graph) for graph in (*(layer(rng) for layer in TFLITE.values()), *nets)]


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_files_that_once_crashed_an_importer(file: Path) -> None:
    survives(file.read_bytes(), file.name)
