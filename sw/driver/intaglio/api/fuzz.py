"""Fuzzes an importer: damaged files by the hundred thousand, each a graph or one typed error."""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType

import numpy as np

from intaglio.api.fuzz_mutate import damaged_bytes, damaged_message
from intaglio.compiler.check import faults_of
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.compiler.load_tflite import parse_tflite
from intaglio.spec.errors import IntaglioError
from intaglio.spec.graph import Graph
from intaglio.spec.presets import PRESETS

IMPORTERS = ("onnx", "tflite")
SECONDS, EXECUTIONS = 600, 1_000_000
HANG_SECONDS = 5
LIMIT_KIB = 512 * 1024
POOL = 400


@dataclass(frozen=True)
class Fuzzed:
    """What fuzzing gave.

    Parameters
    ----------
    executions : int
        Files tried.
    taken : int
        Those that became a graph without a finding.
    codes : mapping
        Error code to files.
    faults : tuple of (str, bytes)
        What is no typed error, and the file.
    peak_kib : int
        Peak memory of the process, what it held before the first file taken off.
    """

    executions: int
    taken: int
    codes: dict[str, int]
    faults: tuple[tuple[str, bytes], ...]
    peak_kib: int


class HangError(Exception):
    """A file took more CPU time than :data:`HANG_SECONDS`."""


def fuzz(
    importer: str,
    *,
    seconds: float = SECONDS,
    executions: int = EXECUTIONS,
    seed: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Fuzzed:
    """Damage files and import them, until a time or a count is reached.

    Files start as random valid networks. Those that are still taken, or give an error seen seldom,
    join the files that are damaged further.

    Parameters
    ----------
    importer : str
        One of :data:`IMPORTERS`.
    seconds, executions : number
        CPU time and files; which of both comes first ends it.
    """
    rng = random.Random(seed)
    pool = first_files(importer, seed)
    read = {"onnx": _read_onnx, "tflite": _read_tflite}[importer]
    codes: Counter[str] = Counter()
    faults: list[tuple[str, bytes]] = []
    taken = count = 0
    before = _peak_kib()
    start = time.process_time()
    signal.signal(signal.SIGPROF, _hang)
    while count < executions and time.process_time() - start < seconds:
        data = rng.choice(pool)
        if importer == "onnx" and rng.random() < 0.5:
            data = damaged_message(data, rng)
        else:
            data = damaged_bytes(data, pool, rng)
        outcome, fault = _outcome(read, data)
        count += 1
        codes[outcome] += 1
        taken += not outcome
        if fault:
            faults.append((fault, data))
        elif codes[outcome] < POOL // 8 and len(pool) < POOL:
            pool.append(data)
        if progress is not None and count % 1000 == 0:
            progress(f"{count} files, {len(faults)} faults, {_peak_kib() - before} KiB")
    return Fuzzed(count, taken, dict(codes), tuple(faults), _peak_kib() - before)


def first_files(importer: str, seed: int) -> list[bytes]:
    """Return valid files of every operator that the random suites have."""
    rng = np.random.default_rng(seed)
    if importer == "onnx":
        from intaglio.api.suites_onnx_layers import LAYERS, random_chain

        return [*(LAYERS[kind](rng).to_bytes() for kind in LAYERS), random_chain(rng).to_bytes()]
    from intaglio.api.suites_layers import LAYERS as TFLITE
    from intaglio.api.suites_nets import random_net
    from intaglio.compiler.save_tflite import save_tflite

    nets = [*(make(rng) for make in TFLITE.values()), *(random_net(rng) for _ in range(5))]
    return [save_tflite(graph) for graph in nets]


def _read_onnx(data: bytes) -> Graph:
    return parse_onnx(data, "fuzz.onnx", None)


def _read_tflite(data: bytes) -> Graph:
    return parse_tflite(data, "fuzz.tflite", "fuzz")


def _outcome(read: Callable[[bytes], Graph], data: bytes) -> tuple[str, str]:
    """Return the error code that a file gives, empty for a graph, and what is no such error."""
    signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)
    try:
        findings = faults_of(read(data), PRESETS["default"], "litert")
    except IntaglioError as error:
        return error.findings[0].code, ""
    except HangError:
        return "hang", f"more than {HANG_SECONDS} s of CPU time"
    except Exception:  # whatever an importer raises that is no typed error is what is looked for
        return "crash", traceback.format_exc(limit=-3)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return (findings[0].code if findings else ""), ""


def _hang(number: int, frame: FrameType | None) -> None:
    raise HangError


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 1 if a file was no graph and no error."""
    parser = argparse.ArgumentParser(prog="python -m intaglio.api.fuzz", description=__doc__)
    parser.add_argument("importer", choices=IMPORTERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--executions", type=int, default=EXECUTIONS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=Path("build/fuzz"), metavar="DIR")
    options = parser.parse_args(arguments)
    found = fuzz(
        options.importer,
        seconds=options.seconds,
        executions=options.executions,
        seed=options.seed,
        progress=lambda text: print(text, end="\r", file=sys.stderr),
    )
    for fault, data in found.faults:
        options.corpus.mkdir(parents=True, exist_ok=True)
        name = f"{sha256(data).hexdigest()[:12]}.{options.importer}"
        (options.corpus / name).write_bytes(data)
        print(f"{options.corpus / name}: {fault}")
    codes = ", ".join(f"{code or 'taken'} {n}" for code, n in sorted(found.codes.items()))
    print(
        f"{options.importer}: {found.executions} files, {len(found.faults)} faults, "
        f"{found.peak_kib} KiB beyond the start; {codes}"
    )
    return 1 if found.faults or found.peak_kib > LIMIT_KIB else 0


if __name__ == "__main__":
    sys.exit(main())
