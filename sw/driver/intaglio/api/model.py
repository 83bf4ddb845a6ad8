"""A quantised model as its file holds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from intaglio.api.bits import Bits
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, UsageError
from intaglio.spec.formats import INT8
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

    def converted(self, config: ArrayConfig, bits: int | Bits = 0) -> Model:
        """Return the network in the number formats of a configuration's lanes.

        Parameters
        ----------
        bits : int or Bits
            Of the activations, where the lanes switch: 4, 8 or 16; inputs of the network keep 8
            bits where that is 4. 0: the only width of the lanes, or 8. Of each tensor by itself.

        Raises
        ------
        UsageError
            E102: the configuration has no such width.
        FitError
            E404: channels are no whole number of groups.
        """
        from intaglio.compiler.convert import convert

        if isinstance(bits, Bits):
            return replace(self, graph=bits.converted(self.graph, config))
        lane = config.lanes
        width = bits or (INT8.bits if lane.switched else lane.act_bits)
        if width not in lane.widths:
            raise UsageError(
                Finding(
                    "E102",
                    f"{config.name} has no lanes of {width} bits",
                    where="--bits",
                    have=str(width),
                    need=" or ".join(str(known) for known in lane.widths),
                    help="choose another width, or a configuration with array.precisions",
                )
            )
        edge = max(width, INT8.bits) if lane.switched else width
        graph = convert(
            self.graph, config, lambda t: edge if t.number in self.graph.inputs else width
        )
        return replace(self, graph=graph)

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
