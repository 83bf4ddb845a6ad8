"""Bad input: one clear error each, the right exit code, no traceback, no file left behind."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio.api.demo_model import PIXELS
from intaglio.api.models_builder import GraphBuilder
from intaglio.cli import verb_lists
from intaglio.compiler import save_options
from intaglio.compiler.load_tflite import load_tflite
from intaglio.compiler.save_tflite import save_tflite
from intaglio.spec.graph import Op

Command = Callable[..., Any]


def refused(done: Any, code: int, *codes: str) -> str:
    """Check that the command failed as it should and left nothing; return what it said."""
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert done.codes == list(codes)
    for error in done.json["errors"]:
        assert set(error) == {"code", "message", "where", "have", "need", "help"}
        assert f"error[{error['code']}]: {error['message']}" in done.err
        assert all(error[name] for name in ("message", "where", "have", "need", "help")), error
    return str(done.err)


def left() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def test_a_file_that_is_no_model(intaglio: Command) -> None:
    Path("x.tflite").write_bytes(b"not a model at all")
    text = refused(intaglio("run", "x.tflite", "--json"), 3, "E301")
    assert "x.tflite is not a TFLite model" in text
    refused(intaglio("compile", "x.tflite", "--json"), 3, "E301")
    assert left() == ["x.tflite"]


@pytest.mark.parametrize("share", [0.2, 0.7, 0.99])
def test_a_truncated_model(intaglio: Command, model: Path, share: float) -> None:
    data = model.read_bytes()
    Path("cut.tflite").write_bytes(data[: int(len(data) * share)])
    refused(intaglio("run", "cut.tflite", "--json"), 3, "E302")
    assert left() == ["cut.tflite"]


def test_a_file_that_does_not_exist(intaglio: Command) -> None:
    assert "no.tflite cannot be read" in refused(intaglio("run", "no.tflite", "--json"), 2, "E103")


def test_all_unsupported_operators_at_once(
    intaglio: Command, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(save_options.CODES, Op.MAX_POOL, 12)
        patch.setitem(save_options.CODES, Op.SOFTMAX, 27)
        Path("odd.tflite").write_bytes(save_tflite(load_tflite(model)))
    text = refused(intaglio("run", "odd.tflite", "--json"), 3, "E303", "E303")
    assert "L2_POOL_2D 'pool'" in text
    assert "SVDF 'probabilities'" in text
    assert left() == ["odd.tflite"]


def test_a_tensor_too_large_for_the_buffers(intaglio: Command) -> None:
    net = GraphBuilder("large")
    image = net.input("image", (1, 64, 64, 4), PIXELS)
    pooled = net.pool(Op.MAX_POOL, image, "whole", 64, stride=1)
    Path("large.tflite").write_bytes(save_tflite(net.graph((image,), (pooled,))))
    small = "[array]\npixels = 1\nchannels = 4\ndepth = 1\nrequant_lanes = 1\n"
    small += "[memory]\nacts_kib = 1\nweights_kib = 1\nparams_kib = 1\n"
    Path("small.toml").write_text(small)
    done = intaglio("compile", "large.tflite", "--config", "small.toml", "--json")
    text = refused(done, 4, "E401")
    assert "whole" in text  # the layer
    assert left() == ["large.tflite", "small.toml"]


def test_illegal_keys_name_the_nearest_and_come_all_together(
    intaglio: Command, model: Path
) -> None:
    Path("bad.toml").write_text("[array]\npixel = 4\nchannels = 5\n[memry]\n")
    text = refused(intaglio("run", model, "--config", "bad.toml", "--json"), 3, "E202", "E202")
    assert "did you mean pixels?" in text
    assert "did you mean memory?" in text
    assert "bad.toml:2" in text
    Path("bad.toml").write_text("[array]\nchannels = 5\ndepth = 3\n")
    done = intaglio("generate", "--config", "bad.toml", "--json")
    assert "bad.toml:3" in refused(done, 3, "E203", "E203")
    Path("bad.toml").write_text("[array\n")
    refused(intaglio("generate", "--config", "bad.toml", "--json"), 3, "E201")
    assert left() == ["bad.toml"]


def test_an_unknown_preset_or_target(intaglio: Command) -> None:
    text = refused(intaglio("generate", "--config", "tny", "--json"), 3, "E204")
    assert "did you mean tiny?" in text
    text = refused(intaglio("generate", "--target", "ulx3s", "--json"), 3, "E205")
    assert "did you mean ulx3s-85f?" in text
    assert left() == []


def test_a_program_for_another_configuration(intaglio: Command, model: Path) -> None:
    intaglio("compile", model, "--config", "tiny", "-o", "a.program")
    text = refused(intaglio("run", "a.program", "--json"), 3, "E313")
    assert "--config tiny" in text
    assert intaglio("run", "a.program", "--config", "tiny").code == 0


def _changed(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: _changed(data, 8, struct.pack("<I", 99)), "E312"),
        (lambda data: _changed(data, len(data) // 2, b"\x55\xaa\x55"), "E311"),
        (lambda data: data[:-1], "E311"),
        (lambda data: data[:20], "E311"),
        (lambda data: data + b"x", "E311"),
    ],
    ids=["schema", "corrupted", "truncated", "head only", "longer"],
)
def test_a_damaged_program(
    intaglio: Command, model: Path, change: Callable[[bytes], bytes], code: str
) -> None:
    intaglio("compile", model, "-o", "a.program")
    data = Path("a.program").read_bytes()
    Path("a.program").write_bytes(change(data))
    refused(intaglio("run", "a.program", "--json"), 3, code)
    assert left() == ["a.program"]


@pytest.mark.parametrize(
    ("array", "code", "words"),
    [
        (np.zeros((1, 9, 8, 1), np.int8), "E305", "(1, 9, 8, 1)"),
        (np.zeros((0, 8, 8, 1), np.int8), "E305", "(0, 8, 8, 1)"),
        (np.zeros((1, 8, 8, 1), np.int64), "E306", "int64"),
        (np.zeros((1, 8, 8, 1), np.bool_), "E306", "bool"),
        (np.full((1, 8, 8, 1), np.nan), "E306", "no finite number"),
    ],
    ids=["shape", "empty", "int64", "bool", "nan"],
)
def test_a_wrong_input(intaglio: Command, model: Path, array: Any, code: str, words: str) -> None:
    np.save("x.npy", array)
    text = refused(intaglio("run", model, "--input", "x.npy", "--json"), 3, code)
    assert words in text
    assert left() == ["x.npy"]


def test_an_input_file_that_holds_no_array(intaglio: Command, model: Path) -> None:
    for name, data in (("x.npy", b"x"), ("x.npz", b"PK"), ("x.png", b"\x89PNG"), ("x.txt", b"1")):
        Path(name).write_bytes(data)
        refused(intaglio("run", model, "--input", name, "--json"), 2, "E103")
    np.save("y.npy", np.zeros((8, 8, 1), np.int8))
    done = intaglio("run", model, "--input", "y.npy", "--input", "y.npy", "--json")
    refused(done, 3, "E305")


def test_a_reference_file_of_another_model(intaglio: Command, model: Path) -> None:
    np.savez("none.npz", t999=np.zeros((1, 10), np.int8))
    refused(intaglio("run", model, "--check", "none.npz", "--json"), 3, "E307")
    np.savez("shape.npz", t000=np.zeros((1, 4, 4, 1), np.int8))
    refused(intaglio("run", model, "--check", "shape.npz", "--json"), 3, "E307")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--device", "board"), "E101"),
        (("--device", "sim", "--stalls", "1"), "E101"),
        (("--device", "sim", "--memory", "widht=3"), "E101"),
        (("--device", "sim", "--memory", "latency=soon"), "E101"),
        (("--device", "sim", "--memory", "latency=0"), "E101"),
        (("--waves", "9:1"), "E101"),
        (("--reference", "none"), "E101"),
        (("--seed", "one"), "E101"),
        (("--bogus",), "E101"),
        (("--stalls", "0.5"), "E102"),
        (("--memory", "latency=3"), "E102"),
        (("--waves", "all"), "E102"),
    ],
    ids=" ".join,
)
def test_wrong_options(intaglio: Command, model: Path, words: tuple[str, ...], code: str) -> None:
    refused(intaglio("run", model, *words, "--json"), 2, code)
    assert left() == []


def test_an_unknown_verb_names_the_nearest(intaglio: Command) -> None:
    assert "presets" in refused(intaglio("preset", "--json"), 2, "E101")
    assert intaglio().code == 2


def test_a_saved_program_cannot_be_compared_with_itself(intaglio: Command, model: Path) -> None:
    intaglio("compile", model, "-o", "a.program")
    refused(intaglio("run", "a.program", "--check", "golden", "--json"), 2, "E102")


def test_places_that_cannot_be_written(intaglio: Command, model: Path) -> None:
    Path("file").write_text("")
    refused(intaglio("run", model, "--output", "file/x", "--json"), 2, "E103")
    refused(intaglio("compile", model, "-o", "file/x", "--json"), 2, "E103")
    assert left() == ["file"]


def test_missing_tools(intaglio: Command, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    before = os.environ["PATH"]
    monkeypatch.setenv("PATH", "/nowhere")
    text = refused(intaglio("run", model, "--device", "sim", "--json"), 5, "E501", "E501")
    assert "apt install g++" in text
    done = intaglio("doctor", "--json")
    assert done.code == 5
    assert {"g++", "make"} <= set(done.json["missing"])
    assert "apt install make" in done.err
    refused(intaglio("demo", "--json"), 5, "E501", "E501")
    assert left() == []
    monkeypatch.setenv("PATH", before)


def test_a_bug_is_reported_as_one(intaglio: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("it broke")

    monkeypatch.setattr("intaglio.api.listing.presets", broken)
    assert verb_lists.presets is not None
    done = intaglio("presets", "--json")
    text = refused(done, 70, "E901")
    assert "RuntimeError: it broke" in text
    assert "Traceback" in intaglio("presets", "--debug").err
