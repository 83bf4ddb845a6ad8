"""Published networks in simulated gates: every operator's output is that of the reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio.api.checking import Settings, check, reference_inputs
from intaglio.api.model import load
from intaglio.api.plan import compile as compile_model
from intaglio.spec.presets import PRESETS

WIDE = replace(PRESETS["default"], name="wide", act_bits=16)
NARROW = replace(PRESETS["default"], name="narrow", weight_bits=4)

# Model, recorded tensors of LiteRT's reference kernels, configuration, layers on the host.
NETWORKS = {
    "resnet8": ("mlperf_tiny/pretrainedResnet_quant", "resnet8_int8", PRESETS["default"], 2),
    "ds_cnn": ("mlperf_tiny/kws_ref_model", "kws", PRESETS["default"], 2),
    "vww": ("mlperf_tiny/vww_96_int8", "vww_96", PRESETS["default"], 2),
    "mobilenet_v1": (
        "coral/mobilenet_v1_0.25_128_quant",
        "mobilenet_v1_025_128",
        PRESETS["default"],
        2,
    ),
    "micro_speech": (
        "tflm/micro_speech_quantized",
        "micro_speech_yes",
        PRESETS["default"],
        2,
    ),
    "resnet8_int16x8": ("generated/resnet8_a16w8", "resnet8_a16w8", WIDE, 5),
    "resnet8_int4": ("generated/resnet8_a8w4", "resnet8_a8w4", NARROW, 2),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_tensor_of_a_network_in_gates(shared: Path, name: str) -> None:
    file, case, config, host = NETWORKS[name]
    recorded = shared / "golden" / "litert_ref" / f"{case}.npz"
    model = load(shared / "models" / f"{file}.tflite")
    plan = compile_model(model, config, keep_all=True)
    assert sum(layer.where == "host" for layer in plan.program.layers) == host
    inputs = reference_inputs(plan, recorded)
    assert inputs is not None
    found = check(plan, inputs, Settings("sim"), recorded)
    assert found.mismatches == 0
    assert found.comparison is not None
    assert found.fused_comparison is not None
    assert found.fused is not None
    assert set(found.comparison.elements_of) == set(range(len(plan.program.layers)))
    elements = sum(found.comparison.elements_of.values())
    cycles = f"{found.run.cycles} cycles, fused {found.fused.cycles}"
    print(f"{name}: {elements} elements equal, {cycles}")


@pytest.mark.slow
def test_mobilenet_v2_in_gates(shared: Path) -> None:
    """MobileNetV2 1.0 at 224 x 224 on a photograph's noise, against LiteRT as it runs now."""
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="no ai-edge-litert")
    path = shared / "models" / "coral" / "mobilenet_v2_1.0_224_quant.tflite"
    model = load(path)
    plan = compile_model(model, PRESETS["default"], keep_all=True)
    codes = np.random.default_rng(5).integers(0, 256, (1, 224, 224, 3)).astype(np.uint8)
    expected = _tensors(litert, path, codes)
    (name,) = (plan.program.tensor(number).name for number in plan.program.inputs)
    run = plan.simulate({name: codes}, keep=True)
    for layer in plan.program.layers:
        offset = model.graph.tensors[layer.output].offset
        got = run.tensors[layer.output].astype(np.int64) + offset
        wanted = expected(layer.output)
        assert int((got.reshape(-1) != wanted.reshape(-1)).sum()) == 0, layer.name
    elements = sum(run.tensors[layer.output].size for layer in plan.program.layers)
    print(f"MobileNetV2: {elements} elements equal, {run.cycles} cycles")


def _tensors(litert: Any, path: Path, codes: np.ndarray) -> Any:
    interpreter = litert.Interpreter(
        model_content=path.read_bytes(),
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], codes)
    interpreter.invoke()
    return interpreter.get_tensor
