"""COMPUTE of the golden machine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from intaglio.golden.machine_check import check_compute
from intaglio.golden.machine_move import Buffers
from intaglio.golden.machine_read import Fields, require_words
from intaglio.golden.machine_sums import conv_sums, depthwise_sums, max_codes, table_sums
from intaglio.golden.machine_write import write_outputs
from intaglio.spec.commands import PARAM, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.quant import Rounding, requantise


@dataclass
class ComputeState:
    """What lasts from one COMPUTE to the next.

    Parameters
    ----------
    acc : (pixels, lanes)
        The accumulators of the last output block.
    total, out : (blocks, pixels, lanes) and (blocks, pixels)
        For reports: what the requantiser was given last, bias included, and the word address of
        each output.
    """

    acc: IntArray = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    total: IntArray = field(default_factory=lambda: np.zeros((0, 0, 0), np.int64))
    out: IntArray = field(default_factory=lambda: np.zeros((0, 0), np.int64))


def compute(fields: Fields, config: ArrayConfig, buffers: Buffers, state: ComputeState) -> None:
    """Execute a COMPUTE.

    Raises
    ------
    ValueError
        If a field is illegal, a word does not exist or an accumulator leaves 32 bits.
    """
    operation = Operation(fields["operation"])
    check_compute(fields, config, operation)
    acc = {
        Operation.CONV: conv_sums,
        Operation.DEPTHWISE: depthwise_sums,
        Operation.MAX: max_codes,
        Operation.ADD: table_sums,
    }[operation](fields, config, buffers)
    if fields["accumulate"]:
        if state.acc.shape != acc[0].shape:
            raise ValueError(f"accumulates {acc[0].shape} on {state.acc.shape}")
        acc[0] += state.acc
    state.acc = acc[-1].copy()
    if not fields["hold"]:
        state.total, state.out = _finish(acc, fields, config, buffers)


def _finish(
    acc: IntArray, fields: Fields, config: ArrayConfig, buffers: Buffers
) -> tuple[IntArray, IntArray]:
    """Requantise the accumulators, write the outputs, and return the sums and where they went."""
    at = (
        fields["param_start"]
        + np.arange(fields["out_blocks"])[:, None] * fields["param_block"]
        + np.arange(config.drain_steps)[None]
    )
    require_words(at, buffers.params.shape[0], "parameter")
    size = PARAM.bits // 8
    used = buffers.params[at][..., : config.requant_lanes * size]
    records = np.ascontiguousarray(used).reshape(-1, size)
    shape = (fields["out_blocks"], 1, config.channels)
    bias, multiplier = (
        np.ascontiguousarray(records[:, i : i + 4]).view(kind).astype(np.int64).reshape(shape)
        for i, kind in ((0, "<i4"), (4, "<u4"))
    )
    shift = records[:, 8].view(np.int8).astype(np.int64).reshape(shape)
    total = acc + bias
    form = config.acc if 16 in config.lanes.widths else INT32
    if not form.holds(total):
        raise ValueError(f"an accumulator reaches {total.flat[np.abs(total).argmax()]}")
    codes = requantise(
        total,
        multiplier,
        shift,
        Rounding(fields["rounding"]),
        fields["zero_point"],
        fields["low"],
        fields["high"],
    )
    return total, write_outputs(codes, fields, buffers)
