"""Writes a quantised network as ONNX QDQ, which ONNX Runtime and our importer both read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.clips import idle_clips
from intaglio.quantise.grid import Grid
from intaglio.quantise.layers import WeightedLayer
from intaglio.quantise.network import OPSET
from intaglio.quantise.place import Places
from intaglio.quantise.weights import Weights

Array = npt.NDArray[Any]
IR_VERSION = 10  # the first with operator set 21


@dataclass(frozen=True)
class Names:
    """What a value is called as real numbers, as codes, and as real numbers of the codes."""

    real: str
    codes: str
    back: str


def names_of(model: OnnxModel, name: str) -> Names:
    """Return the names of a quantised value; inputs and outputs keep theirs."""
    if name in model.inputs:
        return Names(name, f"{name}/codes", f"{name}/back")
    if name in model.outputs:
        return Names(f"{name}/real", f"{name}/codes", name)
    return Names(f"{name}/real", name, f"{name}/back")


@dataclass
class _Writer:
    model: OnnxModel
    places: Places
    grids: Mapping[str, Grid]
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, name: str, array: Array, kind: int | None = None) -> str:
        """Append an initialiser and return its name; `kind` packs 4-bit codes."""
        from onnx import helper, numpy_helper

        if kind is None:
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        else:
            flat = array.reshape(-1).tolist()
            self.constants.append(helper.make_tensor(name, kind, array.shape, flat))
        return name

    def node(self, op: str, inputs: Sequence[str], outputs: Sequence[str], **more: Any) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(op, list(inputs), list(outputs), **more))

    def quantiser(self, name: str) -> None:
        """Append what makes codes of a value, and real numbers of those."""
        source = self.places.like.get(name, name)
        grid, names = self.grids[source], names_of(self.model, name)
        scale, point = f"{source}/scale", f"{source}/zero_point"
        if source == name:
            self.constant(scale, np.array(grid.scale, np.float32))
            self.constant(point, np.array(grid.zero_point, grid.dtype))
        real = names.real
        if grid.narrow and source == name:
            low, high = (
                self.constant(f"{name}/{end}", np.array(value, np.float32))
                for end, value in zip(("low", "high"), grid.ends, strict=True)
            )
            real = f"{name}/bounded"
            self.node("Clip", [names.real, low, high], [real], name=f"{name}/bounds")
        self.node("QuantizeLinear", [real, scale, point], [names.codes], name=f"{name}/quantise")
        self.node(
            "DequantizeLinear", [names.codes, scale, point], [names.back], name=f"{name}/real"
        )

    def weights(self, name: str, made: Weights, layer: WeightedLayer) -> str:
        """Append codes of weights and return the name of their real numbers."""
        from onnx import TensorProto

        codes, axis = layer.restored(made.codes), layer.axis
        kind = TensorProto.INT4 if made.bits == 4 else None
        dtype = "int16" if made.bits == 16 else "int8"
        if made.points.any() or codes.max(initial=0) > np.iinfo(dtype).max:
            dtype = "uint8"
        stored = self.constant(f"{name}/codes", codes.astype(dtype), kind)
        scales, points, more = made.scales, made.points, {}
        if made.block:
            wide = (*scales.shape, *codes.shape[2:])
            scales, points = (
                np.broadcast_to(a.reshape(*a.shape, *[1] * (codes.ndim - 2)), wide)
                for a in (scales, points)
            )
            more = {"axis": 1, "block_size": made.block}
        elif scales.size == 1:
            scales, points = scales.reshape(()), points.reshape(())
        else:
            more = {"axis": axis}
        inputs = [
            stored,
            self.constant(f"{name}/scale", scales.astype(np.float32)),
            self.constant(f"{name}/zero_point", points.astype(dtype), kind),
        ]
        self.node("DequantizeLinear", inputs, [f"{name}/back"], name=f"{name}/real", **more)
        return f"{name}/back"

    def bias(self, name: str, real: Array, made: Weights, x: Grid) -> str:
        """Append a bias of 32 bits at the scale of the products; with blocks, real numbers."""
        if made.block:
            return self.constant(f"{name}/values", real.astype(np.float32))
        scales = (np.float32(x.scale) * made.scales).astype(np.float32)
        codes = np.rint(real.astype(np.float64) / scales.astype(np.float64))
        scale = scales if scales.size > 1 else scales.reshape(())
        inputs = [
            self.constant(f"{name}/codes", np.broadcast_to(codes, real.shape).astype(np.int32)),
            self.constant(f"{name}/scale", scale),
        ]
        more = {"axis": 0} if scales.size > 1 else {}
        self.node("DequantizeLinear", inputs, [f"{name}/back"], name=f"{name}/real", **more)
        return f"{name}/back"


def write_qdq(
    model: OnnxModel,
    places: Places,
    grids: Mapping[str, Grid],
    layers: Mapping[str, WeightedLayer],
    weights: Mapping[str, Weights],
) -> bytes:
    """Return an ONNX file.

    Parameters
    ----------
    grids : mapping
        Of each value with a range of its own.
    layers, weights : mappings
        By the name of the operator's first output.
    """
    from onnx import TensorProto, helper

    out = _Writer(model, places, grids)
    quantised = {*places.own, *places.like}
    for name in model.inputs:
        out.quantiser(name)
    idle = idle_clips(model, places, grids)
    for node in model.nodes:
        if node.outputs[0] in idle.values():
            continue
        inputs = [names_of(model, n).back if n in quantised else n for n in node.inputs]
        first = node.outputs[0]
        if first in layers:
            layer, made = layers[first], weights[first]
            inputs[1] = out.weights(f"{first}/weights", made, layer)
            if layer.bias is not None and not layer.bias_apart:
                x = grids[places.like.get(node.inputs[0], node.inputs[0])]
                inputs[2:] = [out.bias(f"{first}/bias", layer.bias, made, x)]
        if node.op == "Add" and inputs[0] in model.constants:
            inputs.reverse()  # the importer takes a bias as the second operand
        made_of = [idle.get(name, name) for name in node.outputs]
        outputs = [names_of(model, n).real if n in quantised else n for n in made_of]
        out.node(node.op, inputs, outputs, name=node.name, **_attributes(node))
        for name in made_of:
            if name in quantised:
                out.quantiser(name)
    read = {name for proto in out.nodes for name in proto.input}
    for name, array in model.constants.items():
        if name in read:
            out.constant(name, array)
    shapes = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, (_, shape) in model.inputs.items()
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in model.outputs]
    graph = helper.make_graph(out.nodes, model.name, shapes, ends, out.constants)
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    proto.producer_name = "intaglio"
    return bytes(proto.SerializeToString())


def _attributes(node: OnnxNode) -> dict[str, Any]:
    from onnx import numpy_helper

    return {
        key: numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for key, value in node.attributes.items()
    }
