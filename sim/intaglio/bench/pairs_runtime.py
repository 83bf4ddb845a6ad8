"""Rows of lanes that are switched between precisions at run time."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.runtime_mac import RuntimeMac
from intaglio.golden.products import runtime_sums
from intaglio.spec.precisions import ALL, Precisions

LONGEST = 60


def _extremes(bits: int) -> tuple[int, ...]:
    """Return bytes that hold the least and the greatest codes, alone and side by side."""
    return {4: (0x88, 0x77, 0x87, 0x78), 8: (0x80, 0x7F), 16: (0x80, 0x7F, 0x00, 0xFF)}[bits]


def _inputs(mac: partial[RuntimeMac], sums: int, rng: np.random.Generator) -> Values:
    """Return sums at every precision in turn; the longest of extremes, the rest of chance."""
    precisions, depth = mac.args[0], mac.args[1]
    columns = mac.args[3]
    corners = [
        (index, a, w)
        for index, bits in enumerate(precisions.bits)
        for a in _extremes(bits)
        for w in _extremes(bits)
    ]
    lengths = [1] + [LONGEST] * len(corners) + [int(n) for n in rng.integers(1, 9, sums)]
    act = rng.integers(0, 256, (sum(lengths), depth))
    wgt = rng.integers(0, 256, (sum(lengths), columns * depth))
    turns = [n % len(precisions.bits) for n in range(sums)]
    chosen = [0, *(index for index, *_ in corners), *turns]
    for n, (index, a, w) in enumerate(corners):
        rows = slice(1 + n * LONGEST, 1 + (n + 1) * LONGEST)
        act[rows], wgt[rows] = a, w
        if precisions.bits[index] == 16:
            # The least code is 0x8000 and the greatest 0x7FFF: the lower byte follows.
            act[rows, ::2], wgt[rows, ::2] = (0xFF if v == 0x7F else 0 for v in (a, w))
    last = np.zeros(sum(lengths), np.int64)
    last[np.cumsum(lengths) - 1] = 1
    precision = np.repeat(chosen, lengths)
    return {"i": Columns(act=act, wgt=wgt, precision=precision, last=last)}


def _golden(mac: partial[RuntimeMac], inputs: Values) -> Values:
    fields = inputs["i"].fields  # type: ignore[attr-defined]
    bits = np.array(mac.args[0].bits)[fields["precision"]]
    each = [
        runtime_sums(fields["act"], wgt, bits, fields["last"], mac.args[0])
        for wgt in np.split(fields["wgt"], mac.args[3], axis=1)
    ]
    width = 4 if 4 in mac.args[0].bits else 1
    # A precision with a single sum leaves the others at 0.
    filled = [[[*sums, *[0] * (width - len(sums))] for sums in lane] for lane in each]
    return {"o": np.concatenate(np.array(filled), axis=1).tolist()}


def runtime_row(bits: tuple[int, ...], depth: int, columns: int, part: str, sums: int = 90) -> Row:
    """Return the row of lanes for a set of precisions."""
    mac = partial(RuntimeMac, Precisions(bits), depth, LONGEST, columns, part)
    return Row(
        name=f"mac-runtime-{Precisions(bits).name.replace('_', '-')}-depth{depth}-{part}",
        build=mac,
        inputs=partial(_inputs, mac, sums),
        golden=partial(_golden, mac),
        backpressure=(0.0, 0.5),
    )


ROWS = (
    runtime_row(ALL, 2, 1, "ecp5"),
    runtime_row((4, 8), 4, 1, "generic"),
)
SWEEPS = (
    *(runtime_row(ALL, depth, 1, part, 4000) for depth in (2, 8) for part in ("ecp5", "generic")),
    *(runtime_row(bits, 2, 1, "ecp5", 4000) for bits in ((8, 16), (4, 16))),
)
"""Every set, for :func:`intaglio.bench.vectors.sweep`."""
