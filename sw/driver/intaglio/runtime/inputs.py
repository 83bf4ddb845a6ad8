"""Whether arrays are what a program reads: shapes, types, one batch size."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.program import Program, TensorPlan


def element_shape(plan: TensorPlan) -> tuple[int, ...]:
    """Return the shape of one element of the batch."""
    return plan.shape[1:] if len(plan.shape) > 1 else plan.shape


def batch_of(program: Program, inputs: Mapping[int, npt.NDArray[np.generic]]) -> int:
    """Return how many elements each input holds.

    Raises
    ------
    ModelError
        E305 (missing, unknown, wrong shape, batches that differ) and E306 (wrong type), together.
    """
    plans = {plan.number: plan for plan in program.tensors}
    findings = [
        _finding("E305", f"tensor {number} is no input", str(number), str(list(program.inputs)))
        for number in inputs
        if number not in program.inputs
    ]
    counts: dict[int, int] = {}
    for number in program.inputs:
        plan = plans[number]
        dtype = "int16" if plan.bits == 16 else "int8"
        need = f"N,{','.join(map(str, element_shape(plan)))} {dtype}"
        if number not in inputs:
            findings.append(_finding("E305", f"input {plan.name} is missing", "nothing", need))
            continue
        array = inputs[number]
        if array.ndim == 0 or array.shape[1:] != element_shape(plan) or array.shape[0] == 0:
            findings.append(
                _finding(
                    "E305",
                    f"input {plan.name} has shape {array.shape}",
                    str(array.shape),
                    need,
                )
            )
        elif array.dtype != dtype:
            findings.append(
                _finding("E306", f"input {plan.name} is {array.dtype}", str(array.dtype), need)
            )
        else:
            counts[number] = array.shape[0]
    if not findings and len(set(counts.values())) > 1:
        findings.append(
            _finding("E305", f"inputs have batches of {counts}", str(counts), "one batch size")
        )
    if findings:
        raise ModelError(findings)
    return next(iter(counts.values()))


def _finding(code: str, message: str, have: str, need: str) -> Finding:
    return Finding(code, message, have=have, need=need, help="reshape or quantise the input")
