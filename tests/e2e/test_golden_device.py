"""Compiled programs on the golden device against the golden operators and LiteRT's tensors."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_tflite import load_tflite
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import RECORDS, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Graph
from intaglio.spec.presets import PRESETS
from intaglio.spec.program import Job, Program

CASES = {
    "resnet8_int8": "mlperf_tiny/pretrainedResnet_quant.tflite",
    "kws": "mlperf_tiny/kws_ref_model.tflite",
    "vww_96": "mlperf_tiny/vww_96_int8.tflite",
    "digits_int8": "generated/digits_int8.tflite",
    "micro_speech_yes": "tflm/micro_speech_quantized.tflite",
    "micro_speech_noise": "tflm/micro_speech_quantized.tflite",
}


@pytest.mark.parametrize("preset", ["default", "tiny", "small"])
@pytest.mark.parametrize("case", CASES)
def test_every_tensor_is_that_of_the_reference_kernels(
    shared: Path, case: str, preset: str
) -> None:
    graph = load_tflite(shared / "models" / CASES[case])
    reference = np.load(shared / "golden" / "litert_ref" / f"{case}.npz")
    inputs = {number: reference[f"t{number:03d}"] for number in graph.inputs}
    config = PRESETS[preset]
    program = compile_graph(graph, config, keep_all=True)
    result = run_program(program, GoldenDevice(config), inputs, keep=True)
    written = {layer.output for layer in program.layers}
    assert written <= set(result.tensors)
    assert {f"t{n:03d}" for n in written} <= set(reference.files)
    for number in sorted(written):
        np.testing.assert_array_equal(result.tensors[number], reference[f"t{number:03d}"])

    fused = compile_graph(graph, config)
    assert len(fused.commands) < len(program.commands)
    outputs = run_program(fused, GoldenDevice(config), inputs).outputs
    for number in graph.outputs:
        np.testing.assert_array_equal(outputs[number], reference[f"t{number:03d}"])


@pytest.mark.parametrize("trial", range(30))
def test_random_networks_on_random_arrays_equal_the_golden_operators(
    trial: int,
    seed: int,
    make_network: Callable[[np.random.Generator, int], Graph],
    make_config: Callable[[np.random.Generator], ArrayConfig],
) -> None:
    rng = np.random.default_rng([seed, trial])
    graph, config = make_network(rng, int(rng.integers(0, 7))), make_config(rng)
    shape = graph.tensors[graph.inputs[0]].shape
    inputs = {graph.inputs[0]: rng.integers(-128, 128, (2, *shape[1:])).astype(np.int8)}
    expected = run_graph(graph, inputs)
    for keep_all, reuse in ((True, False), (False, False), (False, True)):
        try:
            program = compile_graph(graph, config, keep_all=keep_all, reuse=reuse)
        except FitError as error:  # a row of the widest strips may exceed the smallest buffers
            assert {finding.code for finding in error.findings} == {"E401"}
            continue
        program = Program.from_bytes(program.to_bytes())
        for order in (None, np.random.default_rng([seed, trial])):
            device = GoldenDevice(config, order=order)
            result = run_program(program, device, inputs, keep=True)
            for number, codes in result.tensors.items():
                np.testing.assert_array_equal(codes, expected[number], f"tensor {number}")
        if keep_all:
            assert {node.outputs[0] for node in graph.nodes} <= set(result.tensors)


def test_the_order_of_engines_matters_without_waits(shared: Path) -> None:
    """Proves that the random orders above would notice a missing wait."""
    graph = load_tflite(shared / "models" / CASES["digits_int8"])
    reference = np.load(shared / "golden" / "litert_ref" / "digits_int8.npz")
    inputs = {number: reference[f"t{number:03d}"] for number in graph.inputs}
    config = PRESETS["tiny"]
    program = compile_graph(graph, config)
    careless = Program(**{**vars(program), "commands": without_waits(program)})
    wrong = 0
    for trial in range(5):
        device = GoldenDevice(config, order=np.random.default_rng(trial))
        outputs = run_program(careless, device, inputs).outputs
        wrong += any(
            not np.array_equal(codes, reference[f"t{number:03d}"])
            for number, codes in outputs.items()
        )
    assert wrong


def without_waits(program: Program) -> bytes:
    zero = {"wait_load": 0, "wait_compute": 0, "wait_store": 0}
    return b"".join(
        RECORDS[opcode].to_bytes(fields | zero) for opcode, fields in decode(program.commands)
    )


def test_each_array_layer_is_marked_once_and_in_order(shared: Path) -> None:
    graph = load_tflite(shared / "models" / CASES["vww_96"])
    program = compile_graph(graph, PRESETS["default"])
    marks = [fields["layer"] for _, fields in decode(program.commands) if fields["mark"]]
    jobs = [layer for step in program.steps if isinstance(step, Job) for layer in step.layers]
    assert marks == jobs
    assert jobs == [i for i, layer in enumerate(program.layers) if layer.where == "array"]


SCRIPT = """
import sys
from pathlib import Path
from hashlib import sha256
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_tflite import load_tflite
from intaglio.spec.presets import PRESETS
program = compile_graph(load_tflite(Path(sys.argv[1])), PRESETS["default"])
print(sha256(program.to_bytes()).hexdigest())
"""


def test_programs_are_the_same_bytes_for_every_hash_seed(shared: Path, root: Path) -> None:
    model = shared / "models" / CASES["resnet8_int8"]
    program = compile_graph(load_tflite(model), PRESETS["default"])
    here = hashlib.sha256(program.to_bytes()).hexdigest()
    roots = os.pathsep.join(str(root / folder) for folder in ("hw", "sim", "sw/driver"))
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(model)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": roots},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here
