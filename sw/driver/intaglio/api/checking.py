"""Runs a plan on a device and compares what it wrote with what is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intaglio.api.comparison import Comparison, Mismatch, compare
from intaglio.api.devices import open_device
from intaglio.api.inputs import as_codes, code_type, read_archive, signed_codes
from intaglio.api.outcome import Run
from intaglio.api.plan import Plan
from intaglio.api.plan import compile as compile_model
from intaglio.spec.errors import Finding, ModelError, UsageError

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

Codes = npt.NDArray[Any]
GOLDEN = "golden"


@dataclass(frozen=True)
class Settings:
    """The device of a run; see :func:`intaglio.api.devices.open_device`."""

    device: str = "sim"
    memory: MemorySettings | None = None
    stalls: float = 0.0
    seed: int = 0
    waves: tuple[Path, int, int] | None = None
    progress: Callable[[str], None] | None = None

    def run(self, plan: Plan, x: Mapping[str, npt.NDArray[np.generic]], *, keep: bool) -> Run:
        """Run `plan` on a device of these settings."""
        device = open_device(
            self.device,
            plan.config,
            memory=self.memory,
            stalls=self.stalls,
            seed=self.seed,
            waves=self.waves,
            progress=self.progress,
        )
        return plan.run_on(device, x, keep=keep, progress=self.progress)


@dataclass(frozen=True)
class Checked:
    """A run with its comparison.

    Parameters
    ----------
    run : Run
        Of the plan that was given.
    comparison : Comparison or None
        Of every tensor that it wrote to memory; None where nothing was asked for.
    fused : Run or None
        Of the same network compiled as it is used, where `run` wrote every operator's output.
    fused_comparison : Comparison or None
        Of the network's outputs in `fused`.
    """

    run: Run
    comparison: Comparison | None = None
    fused: Run | None = None
    fused_comparison: Comparison | None = None

    @property
    def mismatches(self) -> int:
        """Elements that differ, in both runs."""
        return sum(c.mismatches for c in (self.comparison, self.fused_comparison) if c is not None)

    @property
    def first(self) -> Mismatch | None:
        """The first element that differs."""
        found = (c.first for c in (self.comparison, self.fused_comparison) if c is not None)
        return next((first for first in found if first is not None), None)


def check(
    plan: Plan,
    x: Mapping[str, npt.NDArray[np.generic]],
    settings: Settings | None = None,
    against: str | Path | None = GOLDEN,
) -> Checked:
    """Run `plan` and compare every tensor that the device wrote.

    Parameters
    ----------
    plan : Plan
        Compiled with ``keep_all`` to have every operator's output compared.
    x : mapping of input name to array
        See :meth:`intaglio.api.plan.Plan.run`.
    settings : Settings, optional
        The device; None: the simulated one.
    against : str, Path or None
        ``"golden"``: the golden device that runs the same program, or, for a golden device
        itself, the operators in numpy one by one. A file: arrays ``tNNN`` by tensor number; the
        network is then also run fused, and its outputs are compared. None: only run.

    Raises
    ------
    UsageError
        E102: a saved program on the golden device has nothing to be compared with. E103: the
        file cannot be read.
    ModelError
        E307: the file does not fit the model or the inputs.
    """
    chosen = settings or Settings()
    if against is None:
        return Checked(chosen.run(plan, x, keep=False))
    if against != GOLDEN:
        return _check_file(plan, x, chosen, Path(against))
    expected, name = _golden(plan, x, chosen)
    run = chosen.run(plan, x, keep=True)
    comparison = _explained(plan, x, compare(plan.program, run.tensors, expected, name))
    return Checked(run.with_comparison(comparison), comparison)


def reference_inputs(plan: Plan, path: Path) -> dict[str, Codes] | None:
    """Return the inputs that a reference file holds; None if it does not hold them all.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E307: an array has not the shape or type of its input.
    """
    arrays = read_archive(path)
    found: dict[str, Codes] = {}
    findings = []
    for number in plan.program.inputs:
        tensor, name = plan.program.tensor(number), f"t{number:03d}"
        if name not in arrays:
            return None
        array, shape = signed_codes(arrays[name]), tensor.shape[1:]
        kind = code_type(tensor)
        if array.dtype != kind or array.shape[1:] != shape or not len(array):
            have = f"{array.dtype} {array.shape}"
            need = f"{np.dtype(kind)} (N,{','.join(map(str, shape))})"
            findings.append(_unfit(path, f"array {name} is {have}", have, need))
        found[tensor.name] = array.astype(kind)
    if findings:
        raise ModelError(findings)
    return found


def _golden(
    plan: Plan, x: Mapping[str, npt.NDArray[np.generic]], settings: Settings
) -> tuple[Mapping[int, Codes], str]:
    if settings.device != GOLDEN:
        golden = plan.run(x, keep=True, progress=settings.progress)
        return golden.tensors, "the golden device"
    if plan.model is None:
        raise UsageError(
            Finding(
                "E102",
                "--check golden compares nothing: a saved program on the golden device itself",
                where="--check",
                have="--device golden, a program file",
                need="--device sim, or a model file",
                help="add --device sim",
            )
        )
    from intaglio.api.rewriting import golden_graph
    from intaglio.golden.network import run_graph

    codes = as_codes(plan.program, x)
    return run_graph(golden_graph(plan), codes, plan.reference), "the operators in numpy"


def _check_file(
    plan: Plan, x: Mapping[str, npt.NDArray[np.generic]], settings: Settings, path: Path
) -> Checked:
    expected = _read_reference(plan, x, path)
    run = settings.run(plan, x, keep=True)
    comparison = compare(plan.program, run.tensors, expected, str(path))
    comparison = _explained(plan, x, comparison)
    checked = Checked(run.with_comparison(comparison), comparison)
    if plan.model is None:
        return checked
    fused = compile_model(plan.model, plan.config, reference=plan.reference)
    again = replace(settings, waves=None).run(fused, x, keep=False)
    numbers = {fused.program.tensor(n).name: n for n in fused.program.outputs}
    got = {numbers[name]: codes for name, codes in again.outputs.items()}
    outputs = compare(fused.program, got, expected, f"{path}, fused")
    return replace(checked, fused=again, fused_comparison=_explained(fused, x, outputs))


def _read_reference(
    plan: Plan, x: Mapping[str, npt.NDArray[np.generic]], path: Path
) -> dict[int, Codes]:
    """Return the arrays of `path` by tensor number, checked against the program and the inputs."""
    arrays = read_archive(path)
    inputs = as_codes(plan.program, x)
    batch = len(next(iter(inputs.values())))
    expected: dict[int, Codes] = {}
    findings = []
    for tensor in plan.program.tensors:
        name = f"t{tensor.number:03d}"
        if name not in arrays:
            continue
        array, shape = signed_codes(arrays[name]), (batch, *tensor.shape[1:])
        kind = code_type(tensor)
        if array.shape != shape or array.dtype != kind:
            have, need = f"{array.dtype} {array.shape}", f"{np.dtype(kind)} {shape}"
            findings.append(_unfit(path, f"array {name} is {have}", have, need))
        elif tensor.number in inputs and not np.array_equal(array, inputs[tensor.number]):
            message = f"array {name} is another input than the one that is run"
            need = "the same input, or no --input: the file's is then used"
            findings.append(_unfit(path, message, "other values", need))
        else:
            expected[tensor.number] = array.astype(kind)
    written = {layer.output for layer in plan.program.layers}
    if not findings and not written & expected.keys():
        need = "arrays " + ", ".join(f"t{number:03d}" for number in sorted(written))
        message = "no array is an operator's output of this model"
        findings.append(_unfit(path, message, ", ".join(arrays), need))
    if findings:
        raise ModelError(findings)
    return expected


def _explained(
    plan: Plan, x: Mapping[str, npt.NDArray[np.generic]], comparison: Comparison
) -> Comparison:
    """Return the comparison with the accumulator of its first mismatch."""
    if comparison.first is None:
        return comparison
    from intaglio.api.accumulator import accumulator_at

    value = accumulator_at(plan, as_codes(plan.program, x), comparison.first)
    return replace(comparison, first=replace(comparison.first, accumulator=value))


def _unfit(path: Path, message: str, have: str, need: str) -> Finding:
    return Finding(
        "E307",
        f"{path}: {message}",
        where=str(path),
        have=have,
        need=need,
        help="make the reference from this model and this input",
    )
