"""Registers and wires that the parts of a sequencer share."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Signal

from intaglio.gateware.held_command import HeldCommand
from intaglio.gateware.layout import word_shape
from intaglio.spec.config import ArrayConfig
from intaglio.spec.widths import byte_address, command_beats


class SequencerState:
    """Registers and wires that the parts of a sequencer share. Addresses count beats."""

    def __init__(self, config: ArrayConfig, held: HeldCommand, limit: int) -> None:
        self.move: Any = held.move
        self.low = (config.bus_bytes - 1).bit_length()
        bits = byte_address(config).bits - self.low
        beats = max(len(self.move.row_beats), command_beats(config).bit_length())
        # The next command; the row and the burst under way, and where their words go.
        self.program, self.row, self.at = (
            Signal(bits, name=name, reset_less=True) for name in ("program", "row", "at")
        )
        self.row_word, self.here = (
            Signal(word_shape(config), name=name, reset_less=True) for name in ("row_word", "here")
        )
        self.left = Signal(beats, reset_less=True)  # beats of the row
        self.rows = Signal(len(self.move.rows), reset_less=True)
        self.beat = Signal((limit - 1).bit_length(), reset_less=True)
        self.next_row, self.next_word = Signal(bits), Signal(word_shape(config))
        self.fetching, self.asked = Signal(), Signal()
        self.stores, self.begins, self.ends = Signal(), Signal(), Signal()
        self.moved = Signal()  # a beat of a row or of a command
        self.taken = Signal()  # one that was read, and counts
