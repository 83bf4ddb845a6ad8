"""Weights, parameters and table of a layer: where they lie, loaded when they are not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from intaglio.compiler.buffers import Home, Ring
from intaglio.compiler.encode import Constants, Stream
from intaglio.compiler.layer import Layer
from intaglio.compiler.reduction import Chunk, Reduction
from intaglio.compiler.weights import pack_params, pack_table, pack_weights
from intaglio.spec.commands import Memory, Operation
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.tensor import blocks_of


@dataclass(frozen=True)
class Context:
    """What the layers of a job share.

    Parameters
    ----------
    weights, params : Ring
        Contents of the weight buffer and of the parameter memory.
    homes : mapping
        Tensor number to its place.
    late : frozenset of int
        Tensors that a job of their own stores.
    passage : int
        Byte offset in the tensor region of what passes through memory.
    lists : Ring
        Contents of the list of taps.
    """

    config: ArrayConfig
    stream: Stream
    constants: Constants
    weights: Ring
    params: Ring
    homes: Mapping[int, Home]
    late: frozenset[int] = frozenset()
    passage: int = 0
    lists: Ring = field(default_factory=lambda: Ring(0))


class LayerConstants:
    """The constants of one layer.

    Parameters
    ----------
    context : Context
        Of the job.
    layer : Layer
        One phase of it, or all.
    chunks : tuple of Chunk
        How its sums are cut.
    number : int
        Tells the phases of a layer apart.

    Attributes
    ----------
    blocks : int
        Output channel blocks.
    folded : Reduction or None
        Steps of the last of them, where it is folded.
    """

    def __init__(
        self, context: Context, layer: Layer, chunks: tuple[Chunk, ...], number: int = 0
    ) -> None:
        self._context, self._layer, self._chunks = context, layer, chunks
        self._number = number
        self._config = context.config
        self._label = (layer.index, layer.name)
        self._reduction = Reduction.of(layer, self._config)
        self.folded = Reduction.folded(layer, self._config)
        self.blocks = blocks_of(layer.out_image[2], self._config.channels)
        packed = [pack_weights(layer, self._config, c) for c in chunks]
        self._weights = [context.constants.add(data) for data in packed]
        channels, spread = layer.out_image[2], layer.spread
        packed = [pack_params(p, channels, self._config, spread) for p in layer.params]
        self._params = [context.constants.add(data) for data in packed]

    @property
    def words(self) -> int:
        """Weight words of all panels and chunks."""
        every = (0, self.blocks)
        return sum(self._panel_words(every, chunk) for chunk in self._chunks)

    def load_table(self) -> None:
        """Load the table, where there is one."""
        if self._layer.table is not None:
            offset = self._context.constants.add(pack_table(self._layer.table, self._config))
            self._context.stream.load_words(Memory.TABLE, offset, CODES, 0, self._label)

    def _weight_words(self, chunk: Chunk) -> int:
        """Return the words of an output block that is not folded."""
        return 1 if self._layer.weights is None else self._reduction.words(chunk)

    def _panel_words(self, panel: tuple[int, int], chunk: Chunk) -> int:
        """Return the words of a panel; a folded block at its end has fewer."""
        if self._layer.weights is None:
            return 1
        words = (panel[1] - panel[0]) * self._reduction.words(chunk)
        if self.folded and panel[1] == self.blocks:
            words += self.folded.words(chunk) - self._reduction.words(chunk)
        return words

    def weight_fields(self, panel: tuple[int, int], chunk: int) -> dict[str, int]:
        """Return the weight fields of `panel`, its weights loaded if they were not there."""
        if self._layer.operation in (Operation.MAX, Operation.ADD):
            return {}
        ones = self._layer.weights is None
        words = self._weight_words(self._chunks[chunk])
        first, count = (0, 1) if ones else (panel[0], panel[1] - panel[0])
        key = (self._layer.index, self._number, first, count, chunk)
        ring = self._context.weights
        address = ring.find(key)
        if address is None:
            loaded = self._panel_words(panel, self._chunks[chunk])
            address = ring.place(key, loaded)
            offset = self._weights[chunk] + first * words * self._config.weight_bytes
            for at, end in ring.parts():
                part = offset + (at - address) * self._config.weight_bytes
                self._context.stream.load_words(Memory.WEIGHTS, part, end - at, at, self._label)
        return {
            "weight_start": address,
            "weight_step": int(not ones),
            "weight_block": 0 if ones else words,
        }

    def param_fields(self, panel: tuple[int, int], number: int) -> dict[str, int]:
        """Return the parameter fields of `panel`, its parameters loaded if they were not there."""
        words, shared = self._config.drain_steps, self._layer.params[number].shared
        first, count = (0, 1) if shared else (0, self.blocks)
        if words * count > self._config.param_words:
            first, count = panel[0], panel[1] - panel[0]
        key, ring = (self._params[number], first, count), self._context.params
        address = ring.find(key)
        if address is None:
            address = ring.place(key, words * count)
            offset = self._params[number] + first * words * self._config.param_bytes
            self._context.stream.load_words(
                Memory.PARAMS, offset, words * count, address, self._label
            )
        start = address if shared else address + (panel[0] - first) * words
        return {"param_start": start, "param_block": 0 if shared else words}
