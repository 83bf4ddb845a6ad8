"""How long the compiler takes: the lines that it is held to, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path("build/models")
NETWORKS = {
    "mobilenet_v2": "mobilenet_v2_1.0_224_int8.tflite",
    "resnet50": "resnet50_v1.5_224_int8.tflite",
}
CHAINS = (10, 100, 1000)
CHAIN_SHAPE = (1, 8, 8, 16)


@dataclass(frozen=True)
class Line:
    """One line that is measured.

    Parameters
    ----------
    name : str
        What is done.
    limit_seconds : float
        Of CPU time.
    limit_mib : float
        Of memory, the interpreter and numpy included.
    """

    name: str
    limit_seconds: float
    limit_mib: float


LINES = {
    "compile mobilenet_v2": Line("MobileNetV2-224: import, map, encode", 10, 1024),
    "compile resnet50": Line("ResNet-50: import, map, encode", 20, 1024),
    "check resnet50": Line("ResNet-50: check", 3, 1024),
    "golden mobilenet_v2": Line("MobileNetV2-224: one image on the golden device", 5, 1024),
    **{f"chain {n}": Line(f"{n} layers: map, encode", 0.5 + n / 100, 1024) for n in CHAINS},
}
"""What is measured; time of layers grows as their number does."""


def measured(key: str) -> dict[str, float]:
    """Return CPU seconds and MiB of one line, measured in this process."""
    what, _, name = key.partition(" ")
    work = _WORK[what](name)
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    return {"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _file(name: str) -> Path:
    """Return the file of a benchmark network, written if it is not there."""
    from intaglio.api.models import write_models

    path = FOLDER / NETWORKS[name]
    return path if path.is_file() else write_models(FOLDER, [name])[0]


def _compile(name: str) -> Callable[[], Any]:
    from intaglio.api.model import load
    from intaglio.api.plan import compile as compile_model

    path = _file(name)

    def work() -> bytes:
        return compile_model(load(path)).program.to_bytes()

    return work


def _check(name: str) -> Callable[[], Any]:
    from intaglio.api.check_findings import check_model

    path = _file(name)
    return lambda: check_model(path)


def _golden(name: str) -> Callable[[], Any]:
    from intaglio.api.inputs import random_inputs
    from intaglio.api.model import load
    from intaglio.api.plan import compile as compile_model

    plan = compile_model(load(_file(name)))
    inputs = random_inputs(plan.program, 1)
    return lambda: plan.run(inputs)


def _chain(name: str) -> Callable[[], Any]:
    from intaglio.api.model import Model
    from intaglio.api.plan import compile as compile_model

    model = Model(chain(int(name)))

    def work() -> bytes:
        return compile_model(model).program.to_bytes()

    return work


def chain(layers: int) -> Any:
    """Return a network of so many convolutions 3x3 of 16 channels on 8x8 pixels, one by one."""
    from intaglio.spec.graph import Attributes, Graph, Node, Op, Quantisation, Tensor

    rng = np.random.default_rng(1)
    quant = Quantisation(np.array([0.05], np.float32), np.zeros(1, np.int64))
    tensors = {0: Tensor(0, "x", CHAIN_SHAPE, "int8", quant)}
    nodes = []
    for index in range(layers):
        w, y = 2 * index + 1, 2 * index + 2
        codes = rng.integers(-127, 128, (16, 3, 3, 16)).astype(np.int8)
        tensors[w] = Tensor(w, f"w{index}", codes.shape, "int8", quant, codes)
        tensors[y] = Tensor(y, f"y{index}", CHAIN_SHAPE, "int8", quant)
        source = y - 2 if index else 0
        same = Attributes(padding="same")
        nodes.append(Node(Op.CONV, f"conv{index}", (source, w, -1), (y,), same))
    return Graph(f"chain{layers}", tensors, tuple(nodes), (0,), (2 * layers,))


_WORK: dict[str, Callable[[str], Callable[[], Any]]] = {
    "compile": _compile,
    "check": _check,
    "golden": _golden,
    "chain": _chain,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 1 if a line is not held."""
    parser = argparse.ArgumentParser(prog="python -m intaglio.api.speed", description=__doc__)
    parser.add_argument("lines", nargs="*", metavar="LINE", help=f"of: {', '.join(LINES)}")
    parser.add_argument("--here", choices=LINES, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        print(json.dumps(measured(options.here)))
        return 0
    late = 0
    for key in options.lines or LINES:
        line = LINES[key]
        words = [sys.executable, "-m", "intaglio.api.speed", "--here", key]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        held = found["seconds"] <= line.limit_seconds and found["mib"] <= line.limit_mib
        late += not held
        print(
            f"{line.name}: {found['seconds']:.2f} s of CPU time of {line.limit_seconds:g}, "
            f"{found['mib']:.0f} MiB of {line.limit_mib:g}{'' if held else ': too much'}",
            flush=True,
        )
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
