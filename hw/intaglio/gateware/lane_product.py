"""From the lane of a configuration to the product that its elements place."""

from __future__ import annotations

from intaglio.gateware.multiplier import part_of
from intaglio.gateware.product import OperatorProduct, Product
from intaglio.gateware.shift_add import ShiftProduct
from intaglio.spec.codes_integer import IntegerFormat
from intaglio.spec.codes_shift import ShiftFormat
from intaglio.spec.config import ArrayConfig
from intaglio.spec.operands import Operands


def lane_product(config: ArrayConfig, act_bits: int) -> Product:
    """Return the product of one weight and one activation of `act_bits`."""
    lane = config.lanes
    act, weight = lane.operand(act_bits), lane.weight_format(act_bits)
    if isinstance(weight, ShiftFormat):
        return ShiftProduct(weight, act)
    if not isinstance(weight, IntegerFormat):
        raise TypeError(f"no gates multiply by {weight.name}")
    names = Operands(f"w{weight.bits}a{act.bits}", weight.form, act)
    return OperatorProduct(names, part_of(config))


def operand_bits(config: ArrayConfig) -> int:
    """Return the bits of all activations that an element takes in a step."""
    lane = config.lanes
    return max(lane.operands(b) * lane.operand(b).bits for b in lane.widths)


def lane_name(config: ArrayConfig) -> str:
    """Return a name that holds all that decides the gates of an element."""
    lane = config.lanes
    widths = "_".join(f"a{lane.operand(bits).bits}" for bits in lane.widths)
    form = "run" if lane.switched else lane.weight.name
    return f"d{config.depth}_{widths}_{form}_s{config.acc.bits}_{part_of(config)}"
