"""Rows of the core with other lanes: narrow and wide activations, codes, scales of groups."""

from __future__ import annotations

from dataclasses import replace

from intaglio.bench.pairs_core import BLOCK, core_row, placed
from intaglio.spec.commands import Opcode, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision
from intaglio.spec.presets import PRESETS
from intaglio.spec.quant import Rounding
from intaglio.spec.window import Window, pair_fields

Command = dict[str, int]
TINY = PRESETS["tiny"]
SWITCHED = replace(TINY, name="switched", precisions=(16, 8, 4))
FOUR, EIGHT, SIXTEEN = (int(p) for p in (Precision.BITS4, Precision.BITS8, Precision.BITS16))
IMAGE = Window(3, 7, 8, -1, -1, (3, 3), (1, 1), (1, 1), 7, 8)
STRIDED = Window(0, 9, 6, 0, -1, (3, 2), (2, 2), (1, 1), 4, 3)
# Words of 16 bits: columns, strides and taps of a row are counted in words.
PAIRS = Window(2, 5, 12, -1, -2, (3, 6), (1, 2), (1, 1), 5, 6)


def _common(config: ArrayConfig, **fields: int) -> Command:
    common = {
        "opcode": int(Opcode.COMPUTE),
        "rounding": int(Rounding.I64_Q15),
        "in_block": BLOCK,
        "zero_point": -1,
        "low": -(1 << 15),
        "high": (1 << 15) - 1,
        "pad_value": 0x33,
        "param_block": config.drain_steps,
        "weight_step": 1,
        "in_blocks": 1,
        "steps": 1,
        "last_steps": 1,
    }
    return common | fields


def _conv(config: ArrayConfig, window: Window, **fields: int) -> Command:
    steps = config.channels // config.depth
    words = window.kernel[0] * window.kernel[1] * (2 * steps - 1)
    sums = {"in_blocks": 2, "steps": steps, "last_steps": steps - 1, "weight_block": words}
    geometry = window.fields(Operation.CONV, config)
    return _common(config, operation=int(Operation.CONV)) | geometry | sums | fields


def _apart(config: ArrayConfig, operation: Operation, window: Window, **fields: int) -> Command:
    """Return a command that keeps channels apart."""
    row = -(-window.kernel[1] // config.depth)
    geometry = window.fields(operation, config)
    return (
        _common(config, operation=int(operation), weight_block=window.kernel[0] * row)
        | geometry
        | fields
    )


def _narrow(config: ArrayConfig) -> list[Command]:
    """Return commands of 4 bits to 4 and to 8 bits, and of 8 bits to 4."""
    low = {"low": -8, "high": 7, "out_precision": FOUR}
    wide = {"low": -128, "high": 127, "out_precision": EIGHT}
    pair = _common(config, operation=int(Operation.ADD), in_block=BLOCK, precision=FOUR)
    return placed(
        [
            _conv(config, IMAGE, precision=FOUR, out_blocks=3, **low),
            _conv(config, STRIDED, precision=FOUR, out_blocks=2, **wide),
            _conv(config, STRIDED, precision=EIGHT, out_blocks=2, **low),
            _apart(config, Operation.DEPTHWISE, IMAGE, precision=FOUR, out_blocks=3, **wide),
            _apart(config, Operation.MAX, STRIDED, precision=FOUR, out_blocks=3, **low),
            pair | pair_fields(2, 70, 15) | {"out_blocks": 2, **low},
        ]
    )


def _wide(config: ArrayConfig) -> list[Command]:
    """Return commands of 16 bits to 16 and to 8 bits, and of 8 bits to 16."""
    narrow = {"low": -128, "high": 127, "out_precision": EIGHT}
    return placed(
        [
            _conv(config, PAIRS, precision=SIXTEEN, out_precision=SIXTEEN, out_blocks=2),
            _conv(config, PAIRS, precision=SIXTEEN, out_blocks=1, **narrow),
            _conv(config, STRIDED, precision=EIGHT, out_precision=SIXTEEN, out_blocks=2),
            _apart(
                config,
                Operation.DEPTHWISE,
                PAIRS,
                precision=SIXTEEN,
                out_precision=SIXTEEN,
                out_blocks=2,
            ),
        ]
    )


def _plain(config: ArrayConfig, *, scaled: bool = False) -> list[Command]:
    """Return commands of 8 bits, with sums of groups if `scaled`."""
    byte = {"low": -128, "high": 127}
    steps = config.channels // config.depth
    groups: Command = {}
    if scaled:
        blocks = config.group_size // config.channels
        full = {"in_blocks": blocks, "last_steps": steps, "in_block": 12}
        groups = {**full, "scaled": 1, "weight_block": 9 * blocks * steps}
    first = _conv(config, IMAGE, out_blocks=2, **byte) | groups
    depthwise = _apart(config, Operation.DEPTHWISE, IMAGE, out_blocks=2, **byte)
    return placed([first, _conv(config, STRIDED, out_blocks=2, **byte), depthwise, first.copy()])


CODED = (
    replace(TINY, name="two-term", lane="two-term", weight_bits=4),
    replace(TINY, name="group-shift", weight_bits=4, group_scale="shift"),
)
SCALED = replace(TINY, name="group-scale", weight_bits=4, group_scale="integer", group_size=16)

ROWS = (
    core_row("core-narrow", SWITCHED, _narrow(SWITCHED), 0.03),
    core_row("core-wide", SWITCHED, _wide(SWITCHED), 2.0**-18),
    *(core_row(f"core-{c.name}", c, _plain(c), 2.0**-9) for c in CODED),
    core_row("core-group-scale", SCALED, _plain(SCALED, scaled=True), 2.0**-14),
)
