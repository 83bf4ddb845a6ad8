"""Widths of command fields within an accelerator: what its buffers need, not what a record holds.

A command in memory has the fields of :mod:`intaglio.spec.commands` for every configuration. Gates
keep of each field the low bits that their configuration can tell apart:

- places are sums modulo the words of a memory, so their low bits are enough and any value is legal;
- byte addresses are as wide as the bus of the configuration, and strides wrap with them;
- counts are at most the words of the buffer, the lanes or the taps; larger ones are refused by the
  compiler and by the golden machine (:func:`misfits`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from intaglio.spec.commands import COMMAND_BYTES, COUNT, RECORDS, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import IntFormat, signed, unsigned
from intaglio.spec.record import Field, Record

BOUNDARY_BYTES = 4096  # no burst crosses a multiple of this: AXI4 specification, A3.4.1

# Fields that are added modulo the words of the activation buffer.
_PLACES = (
    *("start", "tap_y", "tap_x", "window_y", "window_x", "wrap_jump", "tile_jump"),
    *("in_block", "out_start", "out_row", "out_block", "out_skip"),
)
_WEIGHT_PLACES = ("weight_start", "weight_block")
_PARAM_PLACES = ("param_start", "param_block")
# Counts of words, rows, columns or windows: none is more than the buffer holds.
_COUNTS = (
    *("in_h", "in_w", "kernel_h", "kernel_w", "out_w", "pixels", "in_blocks", "out_blocks"),
    *("stride_y", "stride_x", "dilation_y", "dilation_x", "wrap_x", "tile_y", "tile_x"),
)
_COORDINATES = ("y0", "x0")
_CHANNELS = ("group", "channels", "pair_channels", "spread", "spread_channel")
_STEPS = ("steps", "last_steps")


def word_address(config: ArrayConfig) -> IntFormat:
    """Return the format of an address of any on-chip memory."""
    return unsigned(max(_address_bits(n) for n in _memory_words(config)))


def byte_address(config: ArrayConfig) -> IntFormat:
    """Return the format of a byte address on the memory bus."""
    return unsigned(config.address_bits)


def command_count(config: ArrayConfig) -> IntFormat:
    """Return the format of a number of commands: no more than memory has room for."""
    return unsigned(min(COUNT.bits, config.address_bits - COMMAND_BYTES.bit_length() + 2))


def longest_burst(config: ArrayConfig) -> int:
    """Return the most beats of a burst: none crosses a boundary of AXI."""
    return min(config.burst_beats, BOUNDARY_BYTES // config.bus_bytes)


def command_beats(config: ArrayConfig) -> int:
    """Return the bus beats of a command that hold fields."""
    longest = max(sum(f.format.bits for f in record.fields) for record in RECORDS.values())
    return -(-longest // (8 * config.bus_bytes))


@lru_cache(maxsize=64)
def narrowed(record: Record, config: ArrayConfig) -> Record:
    """Return `record` with each field as wide as the gates of `config` keep it.

    Parameters
    ----------
    record : Record
        LOAD, COMPUTE or STORE.
    """
    formats = _compute(config) if record is RECORDS[Opcode.COMPUTE] else _transfer(config)
    kept = tuple(
        Field(field.name, _least(field.format, formats.get(field.name)), field.meaning)
        for field in record.fields
    )
    return Record(record.name, record.bits, kept, record.meaning)


def compute_formats(config: ArrayConfig) -> Mapping[str, IntFormat]:
    """Return the format of each field of COMPUTE within `config`."""
    return _formats(Opcode.COMPUTE, config)


@lru_cache(maxsize=64)
def _formats(opcode: Opcode, config: ArrayConfig) -> Mapping[str, IntFormat]:
    return {field.name: field.format for field in narrowed(RECORDS[opcode], config).fields}


def kept(opcode: Opcode, fields: Mapping[str, int], config: ArrayConfig) -> dict[str, int]:
    """Return the fields of a command as gates see them: the low bits that they keep of each."""
    formats = _formats(opcode, config)
    return {
        name: (value - form.min) % (1 << form.bits) + form.min
        for (name, value), form in ((item, formats[item[0]]) for item in fields.items())
    }


def misfits(opcode: Opcode, fields: Mapping[str, int], config: ArrayConfig) -> list[str]:
    """Return what is wrong with the values of a command that its record holds, in words.

    Parameters
    ----------
    fields : mapping
        Values by name; a field that is left out is 0.
    """
    formats = _formats(opcode, config)
    modular = _modular(opcode)
    faults = [
        f"{name} is {value}, outside [{form.min}, {form.max}]"
        for name, value in fields.items()
        if (form := formats.get(name)) is not None
        and name not in modular
        and not form.min <= value <= form.max
    ]
    return faults + (_reaches(fields, formats) if opcode is Opcode.COMPUTE else [])


def _reaches(fields: Mapping[str, int], formats: Mapping[str, IntFormat]) -> list[str]:
    """Return the coordinates that windows and taps reach beyond what gates count."""
    row, column = divmod(max(fields.get("pixels", 0) - 1, 0), max(fields.get("out_w", 0), 1))
    last = {"y": row, "x": fields.get("out_w", 1) - 1 if row else column}
    faults = []
    for axis, size in (("y", "h"), ("x", "w")):
        taps = fields.get(f"dilation_{axis}", 0)
        if not fields.get("listed", 0):
            taps *= max(fields.get(f"kernel_{size}", 0) - 1, 0)
        most = formats[f"in_{size}"].max
        if taps > most:
            faults.append(f"taps of a window span {taps} along {axis}, more than {most}")
        place = formats[f"{axis}0"]
        end = fields.get(f"{axis}0", 0) + last[axis] * fields.get(f"stride_{axis}", 0) + taps
        if end > place.max:
            faults.append(f"windows reach {axis} = {end}, more than {place.max}")
    return faults


def _modular(opcode: Opcode) -> tuple[str, ...]:
    if opcode is Opcode.COMPUTE:
        return (*_PLACES, *_WEIGHT_PLACES, *_PARAM_PLACES)
    return ("address", "address_stride", "row_stride")


def _compute(config: ArrayConfig) -> dict[str, IntFormat]:
    place = unsigned(_address_bits(config.act_words))
    count = unsigned(max(config.act_words, config.tap_list).bit_length())
    channel = unsigned(config.channels.bit_length())
    return {
        **dict.fromkeys(_PLACES, place),
        **dict.fromkeys(_WEIGHT_PLACES, unsigned(_address_bits(config.weight_words))),
        **dict.fromkeys(_PARAM_PLACES, unsigned(_address_bits(config.param_words))),
        **dict.fromkeys(_COUNTS, count),
        **dict.fromkeys(_COORDINATES, signed(count.bits + 2)),
        **dict.fromkeys(_CHANNELS, channel),
        **dict.fromkeys(_STEPS, channel),
        "pair_taps": unsigned(config.depth.bit_length()),
        "list_start": unsigned(_address_bits(config.list_words)),
    }


def _transfer(config: ArrayConfig) -> dict[str, IntFormat]:
    place = word_address(config)
    words = max(_memory_words(config))
    beats = max(config.act_bytes, config.weight_bytes, config.param_bytes, config.table_bytes)
    return {
        "offset": byte_address(config),
        "row_stride": byte_address(config),
        "address": place,
        "address_stride": place,
        "row_beats": unsigned((words * beats // config.bus_bytes).bit_length()),
        "rows": unsigned(words.bit_length()),
    }


def _memory_words(config: ArrayConfig) -> tuple[int, ...]:
    return (config.act_words, config.weight_words, config.param_words, config.table_words)


def _address_bits(words: int) -> int:
    return max((words - 1).bit_length(), 1)


def _least(wide: IntFormat, narrow: IntFormat | None) -> IntFormat:
    return wide if narrow is None or narrow.bits >= wide.bits else narrow
