"""Parameters of an accelerator: one frozen value, checked once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property

from intaglio.spec.commands import PARAM, TABLE
from intaglio.spec.config_rules import config_faults
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import INT8, INT32, IntFormat, signed
from intaglio.spec.lane import Lane
from intaglio.spec.quant import Rounding
from intaglio.spec.rounding import REFERENCE_MODES

_LEAST = TABLE.fields[0].format.bits  # an accumulator holds any value of the ADD table
ROOMY_KIB = 128  # buffers of a part that has block RAM for queues too
CODES = 256  # values of an int8 code: entries of the ADD table
SPREADS = (2, 4, 8)
# Keys that came later: at their defaults a digest is as it was before them.
_LATER = ("tap_list", "command_queue", "counters", "address_bits")


@dataclass(frozen=True)
class ArrayConfig:
    """All that decides the gates of one accelerator.

    Parameters
    ----------
    name : str
        For reports and file names; not part of the digest.
    pixels : int
        P, output pixels computed at once: a power of two, 1 to 32.
    channels : int
        K, output channels computed at once, bytes of an activation word and of a bus beat:
        4, 8, 16, 32 or 64.
    depth : int
        D, products summed by a processing element in a cycle: a power of two, 1 to 8.
    requant_lanes : int
        Q, accumulators requantised in a cycle: a power of two, at most K.
    acts_kib, weights_kib, params_kib : int
        Sizes of the on-chip memories in KiB (1024 bytes).
    max_terms : int
        Longest sum of products that the accumulator must hold exactly.
    roundings : tuple of Rounding
        Rounding modes that the requantiser has gates for.
    grouped : bool
        Gates for sums over groups of channels and for folded lanes. Without them grouped
        convolutions are widened with zeros.
    lane : str
        What a lane multiplies by: integer, shift (powers of two), two-term or apot (sums of two),
        mask (0 or 1); see :class:`intaglio.spec.lane.Lane`.
    act_bits : int
        Width of the activations: 4, 8 or 16.
    weight_bits : int
        Width of a weight's code: 1 to 8 or 16, at most act_bits; shift 2 to 5, two-term 4 to 6,
        apot 5, mask 1.
    precisions : tuple of int
        Widths between which layers switch at run time, 8 and one or both of 4 and 16; empty: none.
    group_scale : str
        none; shift: each input channel counts a power of two; integer: each group of input
        channels counts an integer, of its own for each output channel.
    group_size, scale_bits : int
        integer: channels of a group, 16, 32, 64 or 128; width of a scale, 8 to 16.
    shift_groups : int
        shift: powers of two, 2 to 16.
    tap_list : int
        Taps of depthwise windows that a list can name, wherever they lie: 0, or D to 256 * D, a
        power of two; D is 1 or 2 then.
    burst_beats : int
        Longest AXI burst: a power of two, 1 to 256.
    outstanding : int
        Read bursts that may be under way at once, 1 to 16.
    command_queue : int
        Commands that wait for each engine, 1 to 8, while others run; 0: one command at a time, kept
        where it arrived, and one engine for all transfers.
    counters : bool
        Performance counters and the trace. Without them the device tells commands, not cycles.
    address_bits : int
        Of a byte address on the memory bus, 16 to 32; the bits above are 0.
    target : str
        Board or part family, a folder of ``constraints/``; not part of the digest.

    Raises
    ------
    ConfigError
        E203 for every value that is not allowed, all together.
    """

    name: str = "default"
    pixels: int = 4
    channels: int = 16
    depth: int = 2
    requant_lanes: int = 4
    acts_kib: int = 128
    weights_kib: int = 64
    params_kib: int = 24
    max_terms: int = 131071
    roundings: tuple[Rounding, ...] = REFERENCE_MODES
    grouped: bool = True
    lane: str = "integer"
    act_bits: int = 8
    weight_bits: int = 8
    precisions: tuple[int, ...] = ()
    group_scale: str = "none"
    group_size: int = 32
    scale_bits: int = 8
    shift_groups: int = 4
    tap_list: int = 0
    burst_beats: int = 64
    outstanding: int = 4
    command_queue: int = 4
    counters: bool = True
    address_bits: int = 32
    target: str = "ulx3s-85f"

    def __post_init__(self) -> None:
        findings = [
            Finding(
                "E203",
                f"array.{key} is {value}",
                where=f"array.{key}",
                have=str(value),
                need=need,
                help=f"set {key} to an allowed value",
            )
            for key, value, need in config_faults(self)
        ]
        if findings:
            raise ConfigError(findings)

    # --- derived values: every width and size that gates and compiler use ---

    @property
    def act(self) -> IntFormat:
        """Format of an activation code."""
        return INT8

    @cached_property
    def lanes(self) -> Lane:
        """What a lane multiplies."""
        return Lane(
            self.channels,
            self.depth,
            self.lane,
            self.act_bits,
            self.weight_bits,
            self.precisions,
            self.group_scale,
            self.group_size,
            self.scale_bits,
            self.shift_groups,
        )

    @cached_property
    def out(self) -> IntFormat:
        """Format that holds any output code."""
        return signed(max(8, *self.lanes.widths))

    @cached_property
    def acc(self) -> IntFormat:
        """Format of an accumulator.

        With activations of 16 bits: that of any sum of `max_terms` products. Else of 32 bits at
        most, which the compiler proves to be enough for the weights at hand.
        """
        bits = max(self.lanes.sum_format(b, self.max_terms).bits for b in self.lanes.widths)
        return signed(max(bits if 16 in self.lanes.widths else min(bits, INT32.bits), _LEAST))

    @property
    def spreads(self) -> tuple[int, ...]:
        """Outputs of a depthwise channel that gates have, beside one."""
        plain = self.grouped and 8 in self.lanes.widths and self.group_scale == "none"
        return tuple(n for n in SPREADS if n <= self.channels) if plain else ()

    @property
    def macs(self) -> int:
        """INT8 multiply-accumulates in a cycle: P * K * D."""
        return self.pixels * self.channels * self.depth

    @property
    def banks(self) -> int:
        """Banks of the activation buffer: the P * D words that a request reads."""
        return self.pixels * self.depth

    @property
    def bus_bytes(self) -> int:
        """Bytes of a beat of the memory bus: one activation word."""
        return self.channels

    @property
    def act_bytes(self) -> int:
        """Bytes of an activation word: K channels of one pixel."""
        return self.channels

    @property
    def weight_bytes(self) -> int:
        """Bytes of a weight word in memory: whole beats."""
        return -(-self.lanes.word_bits // (8 * self.bus_bytes)) * self.bus_bytes

    @property
    def param_bytes(self) -> int:
        """Bytes of a parameter word: Q records, rounded up to whole beats."""
        return -(-self.requant_lanes * PARAM.bits // 8 // self.bus_bytes) * self.bus_bytes

    @property
    def table_bytes(self) -> int:
        """Bytes of an entry of the ADD table, rounded up to whole beats."""
        return -(-TABLE.bits // 8 // self.bus_bytes) * self.bus_bytes

    @property
    def list_words(self) -> int:
        """Words of the list of taps: D taps in each."""
        return self.tap_list // self.depth

    @property
    def table_words(self) -> int:
        """Words that a load can fill of the ADD table and of the list of taps behind it."""
        return CODES + self.list_words

    @property
    def act_words(self) -> int:
        """Words of the activation buffer."""
        return self.acts_kib * 1024 // self.act_bytes

    @property
    def weight_words(self) -> int:
        """Words of the weight buffer."""
        return self.weights_kib * 8192 // self.lanes.word_bits

    @property
    def param_words(self) -> int:
        """Words of the parameter memory."""
        return self.params_kib * 1024 // self.param_bytes

    @property
    def roomy(self) -> bool:
        """Whether the part has block RAM to spare: command queues, few and wide, then lie in it.

        A configuration with less than 128 KiB of buffers is for a small part, whose few blocks are
        all buffers; the queues are LUTs there. Behaviour and timing are the same.
        """
        return self.acts_kib + self.weights_kib + self.params_kib >= ROOMY_KIB

    @property
    def drain_steps(self) -> int:
        """Requantiser steps of one pixel: K / Q, also the parameter words of a channel block."""
        return self.channels // self.requant_lanes

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every parameter that changes the gates, as 64 hexadecimal digits."""
        absent = {"name", "target"}
        absent |= {
            f.name for f in fields(self) if f.name in _LATER and getattr(self, f.name) == f.default
        }
        values = {k: v for k, v in asdict(self).items() if k not in absent}
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
