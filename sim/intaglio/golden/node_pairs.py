"""Operators on codes one by one, or two by two."""

from __future__ import annotations

import numpy as np

from intaglio.golden.elementwise import add
from intaglio.golden.output import Codes
from intaglio.golden.step import Step
from intaglio.spec.formats import INT8, as_codes
from intaglio.spec.graph import Op
from intaglio.spec.host import run_host
from intaglio.spec.quant import ADD_LEFT_SHIFT, ADD_LEFT_SHIFT_16
from intaglio.spec.requant import host_operator
from intaglio.spec.tables import function_table


def add_pair(step: Step) -> Codes:
    """Run ADD or SUB."""
    quants = (step.qx, step.quant(step.node.inputs[1]), step.qy)
    if step.reference == "onnxruntime":
        operator = host_operator(step.graph, step.node, step.reference)
        return run_host(operator, [step.value(0), step.value(1)])
    left = ADD_LEFT_SHIFT if step.bits == INT8.bits else ADD_LEFT_SHIFT_16
    sign = 1 if step.node.op is Op.ADD else -1
    return add(step.value(0), step.value(1), *quants, *step.clamp(), left, sign)


def table(step: Step) -> Codes:
    """Run TABLE: a function of one code, read from its 256 values."""
    attributes = step.node.attributes
    if step.bits != INT8.bits:
        raise step.unsupported("E304", f"codes of {step.bits} bits", "int8")
    values = function_table(attributes.function, attributes.beta, step.qx, step.qy, step.reference)
    low, high = step.clamp()
    return as_codes(
        np.clip(values[step.value(0).astype(np.int64) - INT8.min], low, high), low, high
    )
