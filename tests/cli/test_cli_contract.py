"""What scripts rely on: option names, JSON keys, exit codes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from intaglio.api.tour import demo_digits
from intaglio.cli.app import EXIT_CODES, VERBS
from intaglio.compiler.load_tflite import load_tflite
from intaglio.golden.network import run_graph
from intaglio.spec.config_file import to_toml
from intaglio.spec.presets import PRESETS
from intaglio.spec.target import target_names

Command = Callable[..., Any]
RUN_KEYS = {
    *("model", "device", "config", "memory", "stalls", "cycles", "macs", "utilisation"),
    *("compared", "mismatches", "layers", "outputs"),
}
LAYER_KEYS = {
    *("name", "op", "where", "cycles", "macs", "utilisation", "compared", "mismatches"),
}


def test_help_names_every_verb_and_exit_code(intaglio: Command) -> None:
    done = intaglio("--help")
    assert done.code == 0
    assert [name for name, _ in VERBS if name not in done.out] == []
    text = " ".join(done.out.split())
    assert [code for code in EXIT_CODES if f"{code} " not in text] == []


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['intaglio', '--help']\n"
        "from intaglio.cli.app import run\n"
        "run(['--help'])\n"
        "heavy = {'numpy', 'amaranth', 'cocotb', 'PIL', 'tflite'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "heavy: []" in done.stdout


def test_version(intaglio: Command) -> None:
    assert intaglio("--version").out.startswith("intaglio ")
    assert set(intaglio("version", "--json").json) >= {"intaglio", "program_schema"}


def test_presets(intaglio: Command) -> None:
    found = intaglio("presets", "--json").json
    assert set(found) == {"presets"}
    by_name = {preset["name"]: preset for preset in found["presets"]}
    assert by_name.keys() == PRESETS.keys()
    assert by_name["default"]["macs"] == {"int8": 128}
    assert by_name["default"]["target"] == "ulx3s-85f"
    assert by_name["default"]["buffers_kib"] == 128 + 64 + 24


def test_targets(intaglio: Command) -> None:
    found = intaglio("targets", "--json").json["targets"]
    assert [target["name"] for target in found] == list(target_names())


def test_doctor_finds_what_runs_these_tests(intaglio: Command) -> None:
    done = intaglio("doctor", "--json")
    assert done.code == 0
    assert done.json["ok"]
    tools = {tool["name"]: tool for tool in done.json["tools"]}
    assert tools["python"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert all(tool["found"] for tool in tools.values() if tool["needed"])
    assert "amaranth" in done.err  # people see the table on the other stream


def test_run_gives_every_key_of_the_contract(intaglio: Command, model: Path) -> None:
    done = intaglio("run", model, "--check", "golden", "--json")
    assert done.code == 0
    found = done.json
    assert set(found) >= RUN_KEYS
    assert all(set(layer) >= LAYER_KEYS for layer in found["layers"])
    assert {layer["where"] for layer in found["layers"]} == {"array", "host"}
    assert (found["device"], found["config"], found["memory"]) == ("golden", "default", None)
    assert (found["cycles"], found["utilisation"], found["mismatches"]) == (None, None, 0)
    assert found["compared"]["elements"] == 20  # dense and softmax; the rest stays on chip
    assert found["macs"] == sum(layer["macs"] for layer in found["layers"])
    assert "seeded random data (seed 1)" in done.err
    (path,) = found["outputs"].values()
    assert np.load(path).shape == (1, 10)


def test_fresh_folders_do_not_meet(intaglio: Command, model: Path) -> None:
    folders = [intaglio("run", model, "--json").json["output"] for _ in range(2)]
    assert folders == ["build/run/digits-001", "build/run/digits-002"]
    assert f"written: {folders[0]}" not in intaglio("run", model).out


def test_equal_seeds_give_equal_inputs(intaglio: Command, model: Path) -> None:
    files = []
    for seed, name in ((3, "a"), (3, "b"), (4, "c")):
        intaglio("run", model, "--seed", seed, "--output", name)
        files.append(next(Path(name).glob("input.*.npy")).read_bytes())
    assert files[0] == files[1] != files[2]


def test_a_batch_and_real_numbers_give_the_golden_outputs(intaglio: Command, model: Path) -> None:
    digits = demo_digits()
    real = (digits.images[:5].astype(np.float32) + 128) / 255
    np.save("codes.npy", digits.images[:5])
    np.save("real.npy", real)
    graph = load_tflite(model)
    expected = run_graph(graph, {graph.inputs[0]: digits.images[:5]})[graph.outputs[0]]
    for name in ("codes.npy", "real.npy"):
        found = intaglio("run", model, "--input", name, "--json").json
        (path,) = found["outputs"].values()
        np.testing.assert_array_equal(np.load(path), expected)
        assert found["batch"] == 5
        (rows,) = found["top"].values()
        assert [row[0]["index"] for row in rows] == list(expected.argmax(axis=1))


def test_an_image_is_read_and_scaled(intaglio: Command, model: Path) -> None:
    digits = demo_digits()
    pixels = (digits.images[0, ..., 0].astype(np.int16) + 128).astype(np.uint8)
    Image.fromarray(pixels).resize((64, 64), Image.Resampling.NEAREST).save("digit.png")
    found = intaglio("run", model, "--input", "digit.png", "--json").json
    (rows,) = found["top"].values()
    assert rows[0][0]["index"] == digits.labels[0]


def test_a_saved_program_runs_like_its_model(intaglio: Command, model: Path) -> None:
    done = intaglio("compile", model, "-o", "digits.program", "--json")
    assert done.code == 0
    assert done.json["bytes"] == Path("digits.program").stat().st_size
    results = []
    for file in (model, "digits.program"):
        (path,) = intaglio("run", file, "--json").json["outputs"].values()
        results.append(np.load(path))
    np.testing.assert_array_equal(*results)


def test_config_takes_a_preset_or_a_file(intaglio: Command, model: Path) -> None:
    Path("mine.toml").write_text(to_toml(PRESETS["tiny"]).replace("pixels = 2", "pixels = 4"))
    for verb in (("run", model), ("compile", model)):
        for config in ("tiny", "mine.toml"):
            assert intaglio(*verb, "--config", config).code == 0


def test_a_reference_file_is_compared_operator_by_operator(intaglio: Command, model: Path) -> None:
    digits = demo_digits()
    graph = load_tflite(model)
    values = run_graph(graph, {graph.inputs[0]: digits.images[:2]})
    arrays: dict[str, Any] = {f"t{number:03d}": codes for number, codes in values.items()}
    np.savez("right.npz", **arrays)
    found = intaglio("run", model, "--check", "right.npz", "--json").json
    outputs = {node.outputs[0] for node in graph.nodes}
    assert found["input"] == "the reference file right.npz"
    assert found["compared"]["tensors"] == len(outputs)
    assert found["compared"]["elements"] == sum(values[n].size for n in outputs)
    assert found["mismatches"] == 0
    assert found["fused"]["compared"] == {"tensors": 1, "elements": 20}

    wrong = graph.nodes[2].outputs[0]
    expected = arrays[f"t{wrong:03d}"]
    expected[1, 2, 3, 4] = 127 - abs(int(expected[1, 2, 3, 4]))
    np.savez("wrong.npz", **arrays)
    done = intaglio("run", model, "--check", "wrong.npz")
    assert done.code == 1
    for words in ("batch 1, y 2, x 3, channel 4", f"expected {expected[1, 2, 3, 4]}, got "):
        assert words in done.out
    assert "accumulator unknown" not in done.out
    assert f"repeat with waves: intaglio run {model}" in done.out


def test_json_leaves_standard_output_to_one_object(intaglio: Command, model: Path) -> None:
    for words in (("compile", model), ("run", model), ("presets",), ("generate", "--target", "x")):
        assert isinstance(intaglio(*words, "--json").json, dict)


def test_progress_is_silent_where_it_is_not_wanted(
    intaglio: Command, model: Path, monkeypatch: Any
) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert "compiling" in intaglio("compile", model).err
    assert "compiling" not in intaglio("compile", model, "--no-progress").err
    monkeypatch.setenv("CI", "true")
    assert "compiling" not in intaglio("compile", model).err
