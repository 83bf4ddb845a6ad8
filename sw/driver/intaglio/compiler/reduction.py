"""How the array steps through the sum of an output."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.compiler.layer import Layer
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision
from intaglio.spec.tensor import blocks_of


@dataclass(frozen=True)
class Chunk:
    """Taps [r0, r1) x [s0, s1) and input blocks [b0, b1) of a convolution, summed in one go.

    Part 1 is the same with the excess of the layer's weights.
    """

    r0: int
    r1: int
    s0: int
    s1: int
    b0: int
    b1: int
    part: int = 0


@dataclass(frozen=True)
class Reduction:
    """The steps of an output's sum.

    Parameters
    ----------
    depth : int
        D of the array.
    blocks : int
        Input channel blocks that an output sums over.
    channels : int
        Input channels that it sums over.
    steps, last_steps : int
        Array steps of a full block and of the last one.
    group : int
        Channels that a lane reads: all K of a word, fewer in a group or a folded half.
    wide : bool
        A request takes D tap columns: DEPTHWISE, MAX, ADD, and CONV of paired taps.
    paired : bool
        CONV: the channels of D taps are one run.
    fold : bool
        The lanes' halves hold parts of one sum.
    listed : int
        DEPTHWISE: taps of the longest list, where lists say which are read.
    """

    depth: int
    blocks: int
    channels: int
    steps: int
    last_steps: int
    group: int
    wide: bool = False
    paired: bool = False
    fold: bool = False
    listed: int = 0

    @classmethod
    def of(cls, layer: Layer, config: ArrayConfig) -> Reduction:
        """Return the steps of `layer`, as they are for whole output blocks."""
        depth, lanes = config.depth, config.channels
        if layer.operation is not Operation.CONV:
            listed = max(map(len, layer.taps), default=0)
            return cls(depth, 1, lanes, 1, 1, lanes, wide=True, listed=listed)
        if layer.lane_group:
            steps = max(layer.lane_group // depth, 1)
            return cls(depth, 1, layer.lane_group, steps, steps, layer.lane_group)
        channels = layer.image[2] // layer.groups
        blocks = blocks_of(channels, lanes)
        rest = channels - (blocks - 1) * lanes
        plain = cls(depth, blocks, channels, lanes // depth, -(-rest // depth), lanes)
        if blocks > 1 or layer.precision is not Precision.BITS8 or layer.scales is not None:
            return plain
        paired = cls(depth, 1, channels, channels, 0, lanes, wide=True, paired=True)
        width = layer.kernel[1]
        return paired if paired.row_steps(width) < plain.row_steps(width) else plain

    @classmethod
    def folded(cls, layer: Layer, config: ArrayConfig) -> Reduction | None:
        """Return the steps of the last output block with its lanes folded; None: not worth it.

        A block of at most K/2 outputs leaves half of the lanes idle. Folded, they read the other
        half of each word.
        """
        plain = cls.of(layer, config)
        half, rest = config.channels // 2, layer.out_image[2] % config.channels
        dense = layer.operation is Operation.CONV and layer.groups == 1 and not plain.paired
        plainly = layer.precision is layer.out_precision is Precision.BITS8
        dense = dense and plainly and layer.scales is None and layer.amounts is None
        if not (config.grouped and dense and 0 < rest <= half):
            return None
        last = plain.channels - (plain.blocks - 1) * config.channels
        steps = max(half // config.depth, 1)
        last_steps = min(-(-last // config.depth), steps)
        return cls(config.depth, plain.blocks, plain.channels, steps, last_steps, half, fold=True)

    def last_of(self, chunk: Chunk) -> int:
        """Return the steps of the last block of a chunk; paired: of the last taps of a row."""
        if self.paired:
            columns = chunk.s1 - chunk.s0
            rest = columns - (-(-columns // self.depth) - 1) * self.depth
            return -(-rest * self.channels // self.depth)
        return self.last_steps if chunk.b1 == self.blocks else self.steps

    def row_steps(self, columns: int) -> int:
        """Return the steps of a row of `columns` taps, every block."""
        return self.words(Chunk(0, 1, 0, columns, 0, self.blocks))

    def words(self, chunk: Chunk) -> int:
        """Return the weight words of one output block for `chunk`: one for each step."""
        if self.listed:
            return -(-self.listed // self.depth)
        rows, columns = chunk.r1 - chunk.r0, chunk.s1 - chunk.s0
        requests = -(-columns // self.depth) if self.wide else columns
        if self.paired:
            return rows * ((requests - 1) * self.steps + self.last_of(chunk))
        return rows * requests * ((chunk.b1 - chunk.b0 - 1) * self.steps + self.last_of(chunk))

    def fields(self, chunk: Chunk, *, local: bool) -> dict[str, int]:
        """Return the fields of COMPUTE that say how to sum `chunk`."""
        taps, channels = divmod(self.depth, self.channels)
        return {
            "in_blocks": chunk.b1 - chunk.b0,
            "steps": self.steps,
            "last_steps": self.last_of(chunk),
            "group": self.group,
            "local": int(local),
            "fold": int(self.fold),
            "paired": int(self.paired),
            "channels": self.channels if self.paired else 0,
            "pair_taps": taps if self.paired else 0,
            "pair_channels": channels if self.paired else 0,
        }


def whole_chunk(layer: Layer, reduction: Reduction) -> Chunk:
    """Return the chunk of all taps and input blocks."""
    return Chunk(0, layer.kernel[0], 0, layer.kernel[1], 0, reduction.blocks)
