"""Which rounding, which scales and which clamp an operator gets."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.spec.errors import ModelError, UsageError
from intaglio.spec.graph import Activation, Op, Quantisation
from intaglio.spec.rounding import Rounding, clamp_range, operator_scales, rounding_of
from intaglio.spec.scale import multiplier, q15


def test_fused_activations_clamp_in_float32() -> None:
    assert clamp_range(Activation.NONE, 0.1, 5, -128, 127) == (-128, 127)
    assert clamp_range(Activation.RELU, 0.1, 5, -128, 127) == (5, 127)
    assert clamp_range(Activation.RELU6, 0.1, 5, -128, 127) == (5, 65)
    assert clamp_range(Activation.RELU6, 0.02, 5, -128, 127) == (5, 127)
    assert clamp_range(Activation.RELU6, 0.0235, -128, -128, 127) == (-128, 127)
    assert clamp_range(Activation.RELU1, 2 / 3, 0, -128, 127) == (-2, 2)  # 1.5 goes away from 0
    assert clamp_range(Activation.RELU, 1.0, -200, -128, 127) == (-128, 127)


def test_roundings_of_the_references() -> None:
    assert rounding_of(Op.CONV, "litert") is Rounding.DOUBLE
    assert rounding_of(Op.DENSE, "litert") is Rounding.SINGLE_AWAY
    assert rounding_of(Op.DENSE, "tflm") is Rounding.DOUBLE
    assert rounding_of(Op.AVERAGE_POOL, "tflm") is Rounding.SINGLE_AWAY
    with pytest.raises(UsageError, match="E101"):
        rounding_of(Op.CONV, "litret")
    with pytest.raises(ModelError, match="E303"):
        rounding_of(Op.SOFTMAX, "litert")


def test_scales_of_an_operator_are_formed_as_its_reference_forms_them() -> None:
    sx, sy = float(np.float32(0.1)), float(np.float32(0.3))
    sw = np.array([0.0123, 0.7], np.float32)
    per_channel = Quantisation(sw, np.zeros(2, np.int64), 0)
    per_tensor = Quantisation(sw[:1], np.zeros(1, np.int64))
    exact = [multiplier(sx * float(s) / sy) for s in sw]
    assert list(operator_scales(Op.CONV, sx, per_channel, sy, Rounding.DOUBLE)) == exact
    assert list(operator_scales(Op.DENSE, sx, per_channel, sy, Rounding.DOUBLE)) == exact
    assert operator_scales(Op.DENSE, sx, per_tensor, sy, Rounding.SINGLE_AWAY) == (exact[0],)
    (rounded,) = operator_scales(Op.DENSE, sx, per_tensor, sy, Rounding.DOUBLE)
    assert rounded == multiplier(float(np.float32(sx) * sw[0]) / sy)
    assert rounded != exact[0]
    single = operator_scales(Op.CONV, sx, per_channel, sy, Rounding.FP32_RNE)
    want = np.float32(sx) * sw / np.float32(sy)
    assert [s.multiplier * 2.0**s.shift for s in single] == [float(w) for w in want]
    short = operator_scales(Op.CONV, sx, per_channel, sy, Rounding.I64_Q15)
    assert list(short) == [q15(scale) for scale in exact]
