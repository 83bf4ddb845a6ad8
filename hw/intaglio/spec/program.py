"""A compiled network: command words, constants and the plan of its tensors, in one file."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from intaglio.spec.errors import Finding, ModelError

MAGIC = b"INTAGLIO"
SCHEMA = 1
_HEAD = struct.Struct("<8sIQQQ32s")  # magic, schema, sizes of plan, constants, commands, SHA-256


@dataclass(frozen=True)
class TensorPlan:
    """Where a tensor lies and how its codes are read.

    Parameters
    ----------
    number : int
        Tensor number in the model file.
    name : str
        Name in the model file.
    shape : tuple of int
        Shape in the model file, batch first, batch 1.
    image : (int, int, int)
        H, W, C of the layout in memory (:mod:`intaglio.spec.tensor`).
    offset : int
        Byte offset in the tensor region; -1: the tensor never leaves the activation buffer.
    scale : float
        real = scale * (code - zero_point).
    zero_point : int
        See `scale`.
    bits : int
        Width of a code: 4, 8 or 16.
    """

    number: int
    name: str
    shape: tuple[int, ...]
    image: tuple[int, int, int]
    offset: int
    scale: float
    zero_point: int
    bits: int = 8


@dataclass(frozen=True)
class LayerPlan:
    """One operator of the model as it is run.

    Parameters
    ----------
    name, op : str
        Name in the model file and operator.
    where : str
        ``"array"`` or ``"host"``.
    macs : int
        Useful multiply-accumulates for one input.
    inputs : tuple of int
        Activation tensors read.
    output : int
        Tensor written.
    reason : str
        Why a host layer is not on the array.
    """

    name: str
    op: str
    where: str
    macs: int
    inputs: tuple[int, ...]
    output: int
    reason: str = ""


@dataclass(frozen=True)
class Job:
    """Commands `first` .. `first + count - 1` run on the device; they mark `layers`."""

    first: int
    count: int
    layers: tuple[int, ...]


@dataclass(frozen=True)
class HostStep:
    """Layer `layer` runs on the host: ``softmax`` (with `beta`), ``reshape`` or another operator.

    Parameters
    ----------
    settings : dict
        Of the other operators: attributes, quantisations of the operands and the output, shape,
        requantisation, reference, and places of constants in the constant region.
    """

    layer: int
    kind: str
    beta: float = 1.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """What a device needs to run a network.

    Parameters
    ----------
    model : str
        Name of the model.
    config_name, config_digest : str
        The configuration that the program was made for.
    tensors : tuple of TensorPlan
        Every activation tensor.
    layers : tuple of LayerPlan
        In execution order; a layer's index is its trace entry.
    steps : tuple of Job or HostStep
        In execution order.
    inputs, outputs : tuple of int
        Tensor numbers.
    tensor_bytes : int
        Size of the tensor region.
    constants : bytes
        Contents of the constant region.
    commands : bytes
        Command words.
    """

    model: str
    config_name: str
    config_digest: str
    tensors: tuple[TensorPlan, ...]
    layers: tuple[LayerPlan, ...]
    steps: tuple[Job | HostStep, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    tensor_bytes: int
    constants: bytes = field(repr=False)
    commands: bytes = field(repr=False)

    def tensor(self, number: int) -> TensorPlan:
        """Return the plan of tensor `number`."""
        return next(plan for plan in self.tensors if plan.number == number)

    def to_bytes(self) -> bytes:
        """Return the program file: header, plan as JSON, constants, commands."""
        plan = {
            "model": self.model,
            "config": {"name": self.config_name, "digest": self.config_digest},
            "tensors": [asdict(tensor) for tensor in self.tensors],
            "layers": [asdict(layer) for layer in self.layers],
            "steps": [asdict(step) for step in self.steps],
            "inputs": self.inputs,
            "outputs": self.outputs,
            "tensor_bytes": self.tensor_bytes,
        }
        text = json.dumps(plan, sort_keys=True, separators=(",", ":")).encode()
        body = text + self.constants + self.commands
        sizes = len(text), len(self.constants), len(self.commands)
        return _HEAD.pack(MAGIC, SCHEMA, *sizes, hashlib.sha256(body).digest()) + body

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "program") -> Program:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        ModelError
            E312 for another schema version, E311 for anything else that is wrong.
        """
        if not is_program(data) or len(data) < _HEAD.size:
            raise _damaged(where, "it is no program file", f"a file that starts with {MAGIC!r}")
        _, schema, text_size, constant_size, command_size, checksum = _HEAD.unpack_from(data)
        if schema != SCHEMA:
            raise ModelError(
                Finding(
                    "E312",
                    f"the program has schema version {schema}",
                    where=where,
                    have=str(schema),
                    need=str(SCHEMA),
                    help="compile the model again with this version",
                )
            )
        body = data[_HEAD.size :]
        size = text_size + constant_size + command_size
        if len(body) != size:
            raise _damaged(where, f"it holds {len(body)} bytes", f"{size} bytes after the header")
        if hashlib.sha256(body).digest() != checksum:
            raise _damaged(where, "its checksum does not match", "the SHA-256 in its header")
        plan = json.loads(body[:text_size])
        return cls(
            model=plan["model"],
            config_name=plan["config"]["name"],
            config_digest=plan["config"]["digest"],
            tensors=tuple(
                TensorPlan(**{**t, "shape": tuple(t["shape"]), "image": tuple(t["image"])})
                for t in plan["tensors"]
            ),
            layers=tuple(
                LayerPlan(**{**layer, "inputs": tuple(layer["inputs"])}) for layer in plan["layers"]
            ),
            steps=tuple(
                HostStep(**step)
                if "kind" in step
                else Job(**{**step, "layers": tuple(step["layers"])})
                for step in plan["steps"]
            ),
            inputs=tuple(plan["inputs"]),
            outputs=tuple(plan["outputs"]),
            tensor_bytes=plan["tensor_bytes"],
            constants=body[text_size : text_size + constant_size],
            commands=body[text_size + constant_size :],
        )


def is_program(data: bytes) -> bool:
    """Tell whether `data` starts like a program file."""
    return data[: len(MAGIC)] == MAGIC


def load_program(path: Path) -> Program:
    """Read a program file; see :meth:`Program.from_bytes`."""
    return Program.from_bytes(path.read_bytes(), str(path))


def _damaged(where: str, message: str, need: str) -> ModelError:
    return ModelError(
        Finding(
            "E311",
            f"the program file is damaged: {message}",
            where=where,
            have=message,
            need=need,
            help="compile the model again",
        )
    )
