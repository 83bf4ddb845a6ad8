"""Rows of the unpacker: widths that do not divide bytes, tiles that end within a payload."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.row import Row, Values
from intaglio.gateware.unpack import Unpack
from intaglio.spec.pack import pack_codes, packed_bytes, unpack_codes

TILES = 24  # a multiple of all beats' bytes, so that no beat holds more than tiles


def _inputs(bits: int, codes: int, beat: int, tiles: int, rng: np.random.Generator) -> Values:
    """Return beats that hold tiles one after the other; padding bits are chance, not zeros."""
    data = [pack_codes(rng.integers(0, 1 << bits, codes), bits) for _ in range(tiles)]
    for tile in data:
        tile[-1] |= rng.integers(0, 256) << ((codes * bits - 1) % 8 + 1) & 0xFF
    beats = np.concatenate(data).reshape(-1, beat)
    return {"i": [int.from_bytes(row.tobytes(), "little") for row in beats]}


def _golden(bits: int, lanes: int, codes: int, beat: int, tiles: int, inputs: Values) -> Values:
    """Unpack tile by tile, each from its first byte."""
    joined = b"".join(int(word).to_bytes(beat, "little") for word in inputs["i"])
    size = packed_bytes(codes, bits)
    out: list[Any] = []
    for tile in range(tiles):
        own = np.frombuffer(joined[tile * size : (tile + 1) * size], np.uint8)
        values = unpack_codes(own, bits, codes, signed=False).tolist()
        values += [0] * (-codes % lanes)
        out += [values[at : at + lanes] for at in range(0, len(values), lanes)]
    return {"o": out}


def unpack_row(bits: int, lanes: int, beat: int, codes: int, tiles: int = TILES) -> Row:
    """Return the row of tiles of `codes` codes."""
    return Row(
        name=f"unpack-int{bits}-lanes{lanes}-beat{beat}-codes{codes}",
        build=partial(Unpack, bits, lanes, beat),
        settings={"full": codes // lanes, "rest": codes % lanes},
        inputs=partial(_inputs, bits, codes, beat, tiles),
        golden=partial(_golden, bits, lanes, codes, beat, tiles),
        # Measured where a beat completes a payload.
        latency="default" if min(lanes, codes) * bits <= 8 * beat else None,
    )


# (bits, lanes, bytes of a beat, codes of a tile): payloads smaller and larger than a beat,
# tiles with and without a partial payload and padding, tiles of a single code.
QUICK = ((3, 8, 4, 45), (5, 3, 2, 7), (7, 4, 3, 1))
SHAPES = (
    *QUICK,
    *((bits, 8, 8, 72) for bits in range(1, 9)),
    *((bits, 5, 4, 23) for bits in range(1, 9)),
    *((bits, 16, 2, 19) for bits in range(1, 9)),
)
ROWS = tuple(unpack_row(*shape) for shape in QUICK)
SWEEPS = tuple(unpack_row(*shape, tiles=100 * TILES) for shape in SHAPES)
"""Every width, for :func:`intaglio.bench.vectors.sweep`."""
