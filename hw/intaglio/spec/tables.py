"""Functions of one int8 code as 256 codes: what each reference engine gives for every input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import INT8, INT16, INT32, IntArray
from intaglio.spec.graph import Quantisation
from intaglio.spec.quant import Rounding, multiplier, requantise

Floats = npt.NDArray[Any]

CODES = np.arange(INT8.min, INT8.max + 1)
_HIRES_BITS = 7  # bits that the input of the hard swish is shifted left by


def function_table(
    name: str, beta: float, qx: Quantisation, qy: Quantisation, reference: str
) -> IntArray:
    """Return the output codes for input codes -128 to 127, clamped to int8.

    Parameters
    ----------
    name : str
        ``"requantise"``, ``"leaky_relu"``, ``"hard_swish"``, ``"sign"`` or one of
        :data:`FUNCTIONS`.
    beta : float
        Factor of the function: the slope of a leaky ReLU.
    qx, qy : Quantisation
        Of input and output.
    reference : str
        ``"litert"``, ``"tflm"`` and ``"own"`` have integers for the first three and round real
        values half away from zero; ``"onnxruntime"`` computes in float32, half to even.

    Raises
    ------
    ModelError
        E303: there is no such function.
    """
    x = CODES - qx.zero_point
    if name == "sign":
        return _within(np.where(x >= 0, 1, -1) + qy.zero_point)
    if reference != "onnxruntime" and name in _INTEGERS:
        return _within(_INTEGERS[name](x, beta, qx, qy))
    if name not in FUNCTIONS:
        raise ModelError(
            Finding(
                "E303",
                f"no function is called {name!r}",
                have=name,
                need=", ".join(sorted({*FUNCTIONS, *_INTEGERS})),
                help="use one of these",
            )
        )
    real = x.astype(np.float32) * np.float32(qx.scale)
    value = np.asarray(FUNCTIONS[name](real, beta), np.float32) / np.float32(qy.scale)
    away = np.copysign(np.floor(np.abs(value) + np.float32(0.5)), value)
    rounded = np.rint(value) if reference == "onnxruntime" else away
    wide = np.clip(rounded.astype(np.float64), -(2.0**40), 2.0**40)
    return _within(wide.astype(np.int64) + qy.zero_point)


def _within(codes: IntArray) -> IntArray:
    return np.asarray(np.clip(codes, INT8.min, INT8.max), np.int64)


def _sigmoid(x: Floats) -> Floats:
    return np.float32(1.0) / (np.float32(1.0) + np.exp(-x))


def _gelu(x: Floats) -> Floats:
    return np.array([0.5 * v * (1.0 + math.erf(v / math.sqrt(2.0))) for v in x.astype(np.float64)])


def _gelu_tanh(x: Floats) -> Floats:
    inner = np.float32(math.sqrt(2.0 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
    return np.asarray(np.float32(0.5) * x * (np.float32(1.0) + np.tanh(inner)))


FUNCTIONS: dict[str, Callable[[Floats, float], Floats]] = {
    "requantise": lambda x, _: x,
    "sigmoid": lambda x, _: _sigmoid(x),
    "tanh": lambda x, _: np.tanh(x),
    "silu": lambda x, _: x * _sigmoid(x),
    "gelu": lambda x, _: _gelu(x),
    "gelu_tanh": lambda x, _: _gelu_tanh(x),
    "elu": lambda x, beta: np.where(x >= 0, x, np.float32(beta) * np.expm1(np.minimum(x, 0))),
    "leaky_relu": lambda x, beta: np.where(x >= 0, x, np.float32(beta) * x),
    "hard_sigmoid": lambda x, beta: np.clip(np.float32(beta) * x + np.float32(0.5), 0, 1),
    "hard_swish": lambda x, _: x * np.clip(x / np.float32(6) + np.float32(0.5), 0, 1),
    "softplus": lambda x, _: np.logaddexp(x, np.float32(0)),
    "exp": lambda x, _: np.exp(np.minimum(x, np.float32(80))),
    "abs": lambda x, _: np.abs(x),
    "neg": lambda x, _: -x,
}


def _scaled(x: IntArray, scale: float, qy: Quantisation) -> IntArray:
    factor = multiplier(scale)
    return requantise(
        x, factor.multiplier, factor.shift, Rounding.DOUBLE, qy.zero_point, INT32.min, INT32.max
    )


def _requantise(x: IntArray, beta: float, qx: Quantisation, qy: Quantisation) -> IntArray:
    del beta
    return _scaled(x, qx.scale / qy.scale, qy)


def _leaky_relu(x: IntArray, beta: float, qx: Quantisation, qy: Quantisation) -> IntArray:
    slope = float(np.float32(beta)) * qx.scale / qy.scale
    if slope < 0:
        below = 2 * qy.zero_point - _scaled(x, -slope, qy)
    else:
        below = _scaled(x, slope, qy)
    return np.where(x >= 0, _scaled(x, qx.scale / qy.scale, qy), below)


def _hard_swish(x: IntArray, beta: float, qx: Quantisation, qy: Quantisation) -> IntArray:
    """Return x * relu6(x + 3) / 6 in 16-bit fixed point.

    Source: TensorFlow Lite, reference/hard_swish.h.
    """
    del beta
    fine = np.float32(1 / 128) * np.float32(qx.scale)
    out, out_shift = _short(float(fine / np.float32(qy.scale)))
    gate, gate_shift = _short(float(fine / np.float32(3.0 / 32768.0)))
    hires = x << _HIRES_BITS
    scaled = _high(hires, out)
    relu = hires
    if gate_shift > 0:
        relu = np.clip(relu << (gate_shift - 1), INT16.min, INT16.max)
    relu = _high(relu, gate)
    if gate_shift > 0:
        relu = np.clip(relu << 1, INT16.min, INT16.max)
    relu = _over(relu, max(-gate_shift, 0))
    relu = (relu + (1 << 15)) >> 1
    product = relu * scaled * 2
    # The product is cut towards zero, not rounded.
    high = np.clip(np.where(product < 0, -(-product >> 16), product >> 16), INT16.min, INT16.max)
    return _over(high, max(-out_shift, 0)) + qy.zero_point


def _short(scale: float) -> tuple[int, int]:
    """Return a multiplier of 16 bits and its shift."""
    wide = multiplier(scale)
    rounded = (wide.multiplier + (1 << 15)) >> 16
    return min(rounded, INT16.max), wide.shift


def _high(a: IntArray, b: int) -> IntArray:
    """Return 2 * a * b / 2**16, rounded."""
    product = a * b
    nudged = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return np.where(nudged < 0, -(-nudged >> 15), nudged >> 15)


def _over(a: IntArray, bits: int) -> IntArray:
    """Return a / 2**bits, ties away from zero."""
    half = (1 << bits) >> 1
    return np.where(a < 0, -((-a + half) >> bits), (a + half) >> bits)


_INTEGERS: dict[str, Callable[[IntArray, float, Quantisation, Quantisation], IntArray]] = {
    "requantise": _requantise,
    "leaky_relu": _leaky_relu,
    "hard_swish": _hard_swish,
}
