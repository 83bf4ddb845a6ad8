"""Operators of a program that the host runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import Array
from intaglio.spec.graph import Attributes, Op, Quantisation, Requant
from intaglio.spec.host import HostOperator, run_host
from intaglio.spec.program import HostStep
from intaglio.spec.scale import Scale


def run_step(step: HostStep, activations: Sequence[Array], constants: bytes) -> Array:
    """Return the output codes of a host step.

    Parameters
    ----------
    activations : sequence of arrays
        Codes of the activations, batch first, in the order of the operator.
    constants : bytes
        The constant region of the program.

    Raises
    ------
    ModelError
        E303: this version does not know the operator.
    """
    settings = step.settings
    if step.kind not in {op.value for op in Op} or not settings:
        raise ModelError(
            Finding(
                "E303",
                f"the program has a host step {step.kind}",
                where=f"layer {step.layer}",
                have=step.kind,
                need=", ".join(op.value for op in Op),
                help="compile the model again with this version",
            )
        )
    given = settings["constants"]
    rest = iter(activations)
    count = len(activations) + len(given)
    operands = [
        _constant(given[str(place)], constants) if str(place) in given else next(rest)
        for place in range(count)
    ]
    return run_host(_operator(step), operands)


def _operator(step: HostStep) -> HostOperator:
    settings = step.settings
    attributes: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in settings["attributes"].items()
    }
    requant = settings["requant"]
    scales = tuple(Scale(**scale) for scale in requant["scales"])
    return HostOperator(
        Op(step.kind),
        Attributes(**attributes),
        [_quant(*pair) for pair in settings["quants"]],
        tuple(settings["shape"]),
        Requant(**{**requant, "scales": scales}),
        settings["reference"],
    )


def _quant(scale: float, zero_point: int) -> Quantisation:
    return Quantisation(np.array([scale], np.float32), np.array([zero_point], np.int64))


def _constant(place: Mapping[str, Any], constants: bytes) -> npt.NDArray[Any]:
    shape = tuple(place["shape"])
    kind = np.dtype(place["dtype"]).newbyteorder("<")
    count = int(np.prod(shape))
    return np.frombuffer(constants, kind, count, place["offset"]).reshape(shape)
