"""Rewrites a float network before it is quantised, and certifies each step on its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.compiler.passes.certificate import Certificate
from intaglio.quantise.forward import forward
from intaglio.quantise.passes_branches import merge_branches
from intaglio.quantise.passes_fold import fold_affine, fold_batch_norms, fold_pads
from intaglio.quantise.passes_plain import (
    drop_dead,
    drop_identities,
    fold_constants,
    plain_forms,
)

Array = npt.NDArray[Any]
Values = Mapping[str, Array]
Pass = Callable[[OnnxModel, Values], tuple[OnnxModel, int]]


PASSES: tuple[tuple[str, Pass], ...] = (
    ("constant folding", fold_constants),
    ("identities", drop_identities),
    ("plain forms", plain_forms),
    ("batch normalisation", fold_batch_norms),
    ("bias and factors", fold_affine),
    ("padding", fold_pads),
    ("branches", merge_branches),
    ("dead code", drop_dead),
)


def simplified(
    model: OnnxModel, sample: Mapping[str, Array]
) -> tuple[OnnxModel, tuple[Certificate, ...]]:
    """Return the network after all passes that changed something, and their certificates.

    Parameters
    ----------
    sample : mapping of input name to array
        What the outputs are compared on.
    """
    certificates = []
    values = forward(model, sample)
    for name, step in PASSES:
        changed, count = step(model, values)
        if not count:
            continue
        after = forward(changed, sample)
        certificates.append(_certificate(name, count, values, after, model.outputs))
        model, values = changed, after
    return model, tuple(certificates)


def _certificate(
    name: str, count: int, before: Values, after: Values, outputs: Sequence[str]
) -> Certificate:
    if all(np.array_equal(before[n], after[n]) for n in outputs):
        return Certificate(name, count, True, None)
    worst = min(sqnr_db(before[n], after[n]) for n in outputs)
    return Certificate(name, count, False, worst)


def sqnr_db(real: Array, found: Array) -> float:
    """Return 10 log10 of signal power over error power; 300 where there is no error."""
    signal = float(np.sum(np.square(real, dtype=np.float64)))
    noise = float(np.sum(np.square(real.astype(np.float64) - found)))
    if noise == 0:
        return 300.0
    return 10 * float(np.log10(max(signal, 1e-300) / noise))
