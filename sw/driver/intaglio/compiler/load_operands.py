"""The tensors of an operator by the part that they play, and whether the array takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from intaglio.compiler.load_records import RawModel, RawOperator, RawTensor
from intaglio.compiler.load_schema import Kind
from intaglio.spec.formats import INT8, INT16, unsigned
from intaglio.spec.graph import Op, Quantisation, Tensor

UINT8 = unsigned(8)
ACTIVATIONS = {"int8": INT8, "uint8": UINT8, "int16": INT16}
# Types of weights and biases that go with a type of activations.
WEIGHTS = {"int8": ("int8", "int4"), "uint8": ("uint8",), "int16": ("int8", "int4")}
BIASES = {"int8": ("int32",), "uint8": ("int32",), "int16": ("int64", "int32")}
# LiteRT's softmax kernels write probabilities in one form for each type, and no other.
SOFTMAX_OUTPUT = {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)}
# Dimension of the weights that counts output channels.
CHANNEL_AXIS = {Op.CONV: 0, Op.DEPTHWISE: 3, Op.DENSE: 0}
SAME_CODES = {Op.MAX_POOL, Op.AVERAGE_POOL, Op.RESHAPE}


@dataclass(frozen=True, eq=False)
class Operands:
    """Tensors of one operator."""

    activations: tuple[RawTensor, ...]
    output: RawTensor
    weights: RawTensor | None = None
    bias: RawTensor | None = None


def operands_of(raw: RawOperator, kind: Kind, model: RawModel) -> Operands:
    """Sort the tensors of an operator.

    Raises
    ------
    ModelError
        E302: too few or too many of them.
    """
    least, most = kind.inputs
    if not least <= len(raw.inputs) <= most or len(raw.outputs) != 1 or min(raw.inputs[:2]) < 0:
        raise raw.table.damaged(
            f"has inputs {raw.inputs} and outputs {raw.outputs}",
            f"{least} to {most} inputs, of which only a bias may be absent (-1), and 1 output",
        )
    tensors = [model.tensors[number] for number in raw.inputs if number >= 0]
    output = model.tensors[raw.outputs[0]]
    if kind.op in CHANNEL_AXIS:
        bias = tensors[2] if len(tensors) > 2 else None
        return Operands((tensors[0],), output, tensors[1], bias)
    return Operands(tuple(tensors if kind.op is Op.ADD else tensors[:1]), output)


def type_faults(op: Op, operands: Operands) -> list[str]:
    """Return every reason why a type, a quantisation or a storage form is not supported."""
    faults = []
    dtype = operands.activations[0].tensor.dtype
    dtype = dtype if dtype in ACTIVATIONS else "int8"
    for index, activation in enumerate(operands.activations):
        faults += activation_faults(activation, f"input {index}", dtype)
    if operands.weights is not None:
        faults += weight_faults(operands.weights, CHANNEL_AXIS[op], dtype)
    if operands.bias is not None:
        faults += _common(operands.bias, "bias", BIASES[dtype])
    faults += activation_faults(operands.output, "output", dtype)
    if faults:
        return faults
    before, after = (_code(t.tensor.quant) for t in (operands.activations[0], operands.output))
    if op in SAME_CODES and before != after:
        faults.append(f"output with scale and zero point {after}, input 0 with {before}")
    if op is Op.SOFTMAX and after != SOFTMAX_OUTPUT[dtype]:
        faults.append(f"output with scale and zero point {after}, not {SOFTMAX_OUTPUT[dtype]}")
    return faults


def _common(raw: RawTensor, role: str, dtypes: tuple[str, ...]) -> list[str]:
    tensor = raw.tensor
    if raw.oddity:
        return [f"{role}: the tensor {raw.oddity}"]
    if tensor.dtype not in dtypes:
        return [f"{role} of type {tensor.dtype}, not {' or '.join(dtypes)}"]
    quant = tensor.quant
    if quant is not None and not (np.isfinite(quant.scales) & (quant.scales > 0)).all():
        return [f"{role} with scale {quant.scales.min()}, not a positive number"]
    if role in {"weights", "bias"} and tensor.data is None:
        return [f"{role} computed, not constant"]
    return []


def activation_faults(raw: RawTensor, role: str, dtype: str) -> list[str]:
    """Return what is wrong with an activation that should be of `dtype`."""
    tensor = raw.tensor
    faults = _common(raw, role, (dtype,))
    if faults:
        return faults
    if tensor.data is not None:
        faults.append(f"{role} constant, not computed")
    if tensor.shape[:1] != (1,):
        faults.append(f"{role} of shape {tensor.shape}, not batch 1")
    return faults + _one_scale(role, tensor)


def _one_scale(role: str, tensor: Tensor) -> list[str]:
    quant = tensor.quant
    if quant is None:
        return [f"{role} without a scale"]
    if quant.axis is not None:
        return [f"{role} with {quant.scales.size} scales, not one"]
    form = ACTIVATIONS[tensor.dtype]
    if tensor.dtype == "int16" and quant.zero_point:
        return [f"{role} of type int16 with zero point {quant.zero_point}, not 0"]
    if not form.holds(quant.zero_points):
        return [f"{role} with zero point {quant.zero_point}, outside {form.min} to {form.max}"]
    return []


def weight_faults(raw: RawTensor, axis: int, dtype: str) -> list[str]:
    """Return what is wrong with weights that go with activations of `dtype`."""
    faults = _common(raw, "weights", WEIGHTS[dtype])
    if faults:
        return faults
    quant = raw.tensor.quant
    if quant is None:
        return ["weights without a scale"]
    if quant.axis not in {None, axis}:
        faults.append(f"weights with scales along dimension {quant.axis}, not {axis}")
    if raw.tensor.dtype == "uint8":
        if not UINT8.holds(quant.zero_points):
            faults.append(f"weights with zero point {quant.zero_points.max()}, outside 0 to 255")
    elif quant.zero_points.any():
        first = int(quant.zero_points[quant.zero_points != 0][0])
        faults.append(f"weights with zero point {first}, not 0")
    return faults


def _code(quant: Quantisation | None) -> tuple[float, int] | None:
    return None if quant is None else (quant.scale, quant.zero_point)
