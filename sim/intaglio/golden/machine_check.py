"""What the golden machine refuses of a COMPUTE."""

from __future__ import annotations

from collections.abc import Mapping

from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision
from intaglio.spec.quant import Rounding

Fields = Mapping[str, int]


def check_compute(fields: Fields, config: ArrayConfig, operation: Operation) -> None:
    """Refuse fields that are illegal, or that the configuration has no gates for.

    Raises
    ------
    ValueError
        All faults together.
    """
    faults = []
    if fields["hold"] or fields["accumulate"]:
        if fields["out_blocks"] != 1 or fields["pixels"] > config.pixels:
            faults.append("hold and accumulate need one output block and one tile")
    if not fields["stride_x"] and fields["out_w"] > 1:
        faults.append("windows of a row that all lie in one column")
    if operation is Operation.CONV:
        faults += _check_conv(fields, config)
    elif (fields["in_blocks"], fields["steps"], fields["last_steps"]) != (1, 1, 1):
        faults.append(f"{operation.name} with more than one input block or step")
    if operation is Operation.ADD and (fields["kernel_h"], fields["kernel_w"]) != (1, 2):
        faults.append("ADD of other than two operands")
    faults += _check_widths(fields, config, operation)
    if fields["listed"]:
        faults += _check_list(fields, config, operation)
    if fields["spread"]:
        faults += _check_spread(fields, config, operation)
    if not fields["hold"] and Rounding(fields["rounding"]) not in config.roundings:
        faults.append(f"rounding {fields['rounding']} has no gates")
    if faults:
        raise ValueError("; ".join(faults))


def _check_widths(fields: Fields, config: ArrayConfig, operation: Operation) -> list[str]:
    """Return the faults of the widths of inputs and outputs."""
    faults = []
    for name in ("precision", "out_precision"):
        if fields[name] not in [int(Precision.of(bits)) for bits in config.lanes.widths]:
            faults.append(f"{name} {fields[name]} has no gates")
    vector = operation in (Operation.MAX, Operation.ADD)
    if vector and Precision.BITS16 in (fields["precision"], fields["out_precision"]):
        faults.append(f"{operation.name} of 16 bits")
    if fields["scaled"] and (config.group_scale != "integer" or operation is not Operation.CONV):
        faults.append("scaled groups have no gates, or not for this operation")
    if fields["scaled"] and (fields["hold"] or fields["accumulate"] or fields["paired"]):
        faults.append("scaled groups with hold, accumulate or paired taps")
    plain = fields["group"] == config.channels and not fields["paired"] and not fields["local"]
    if operation is Operation.CONV and not plain and fields["precision"] != Precision.BITS8:
        faults.append("groups or paired taps of other than 8 bits")
    return faults


def _check_list(fields: Fields, config: ArrayConfig, operation: Operation) -> list[str]:
    """Return the faults of a list of taps."""
    faults = []
    if operation is not Operation.DEPTHWISE or not config.tap_list:
        faults.append(f"a list of taps of {operation.name} has no gates")
    end = fields["list_start"] + -(-fields["kernel_w"] // config.depth)
    if fields["kernel_h"] != 1 or end > config.list_words:
        faults.append(f"a list to word {end} of {config.list_words}")
    if fields["spread"] or {fields["precision"], fields["out_precision"]} != {Precision.BITS8}:
        faults.append("a list of taps with spread channels or other than 8 bits")
    return faults


def _check_spread(fields: Fields, config: ArrayConfig, operation: Operation) -> list[str]:
    """Return the faults of outputs that are several for a channel."""
    spread, faults = fields["spread"], []
    if operation is not Operation.DEPTHWISE or spread not in config.spreads:
        faults.append(f"spread is {spread} of {operation.name}")
    elif fields["spread_channel"] % (config.channels // spread):
        faults.append(f"spread_channel is {fields['spread_channel']}")
    if {fields["precision"], fields["out_precision"]} != {Precision.BITS8}:
        faults.append("spread of other than 8 bits")
    return faults


def _check_conv(fields: Fields, config: ArrayConfig) -> list[str]:
    """Return the faults of the fields that CONV alone reads."""
    faults = []
    group, half = fields["group"], config.channels // 2
    if group & (group - 1) or not 2 <= group <= config.channels:
        faults.append(f"group is {group}")
    if group < config.channels and not config.grouped:
        faults.append("a group smaller than the lanes has no gates")
    if fields["fold"] and group != half:
        faults.append(f"fold with group {group}, not {half}")
    if fields["local"] and fields["in_blocks"] != 1:
        faults.append("local with more than one input block")
    run = fields["channels"] * config.depth if fields["paired"] else group
    for name in ("steps", "last_steps"):
        if not 1 <= fields[name] <= max(-(-run // config.depth), 1):
            faults.append(f"{name} is {fields[name]}")
    if fields["paired"]:
        taps, channels = divmod(config.depth, max(fields["channels"], 1))
        alone = fields["in_blocks"] == 1 and group == config.channels and not fields["local"]
        if fields["channels"] == 0 or not alone:
            faults.append("paired taps with several blocks, groups or no channels")
        elif (taps, channels) != (fields["pair_taps"], fields["pair_channels"]):
            faults.append("pair_taps and pair_channels are not D divided by channels")
    return faults
