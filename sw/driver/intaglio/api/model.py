"""A quantised model as its file holds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from intaglio.spec.graph import Graph


@dataclass(frozen=True, eq=False)
class Model:
    """A network that can be compiled.

    Parameters
    ----------
    graph : Graph
        Its operators and tensors.
    path : Path or None
        The file that it was read from.
    """

    graph: Graph
    path: Path | None = None

    @property
    def name(self) -> str:
        """Name in the file, or the file's own."""
        return self.graph.name

    @property
    def layers(self) -> tuple[tuple[str, str], ...]:
        """Name and operator of each layer, in execution order."""
        return tuple((node.name, node.op.value) for node in self.graph.nodes)

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each input."""
        return self._shapes(self.graph.inputs)

    @property
    def outputs(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each output."""
        return self._shapes(self.graph.outputs)

    def _shapes(self, numbers: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        tensors = [self.graph.tensors[number] for number in numbers]
        return {tensor.name: tensor.shape for tensor in tensors}


def load(path: Path | str) -> Model:
    """Read a quantised ``.tflite`` or ``.onnx`` model; the content decides which.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E301, E302: in no such format, or damaged. E303, E304: every operator and type that is not
        supported, all together.
    """
    from intaglio.compiler.load import load_model

    return Model(load_model(Path(path)), Path(path))
