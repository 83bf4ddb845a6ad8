"""The command that runs, kept where it arrived."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import command_fields, fields
from intaglio.gateware.load import whole_words
from intaglio.spec.commands import AT_LEAST_ONE, COMPUTE, LOAD, RECORDS, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.record import Record
from intaglio.spec.widths import command_beats


class HeldCommand(Component):
    """Collect the beats of a command and show its fields.

    Parameters
    ----------
    config : ArrayConfig
        Gives K and the widths of the fields. Bits that no gate needs are not kept.

    Members
    -------
    left : In
        The beats that are to come, this one included: :func:`command_beats` at the first.
    beat : In(8 * K), take : In(1)
    opcode : Out
        Shown as soon as the first beat is there.
    move : Out(LOAD)
        The fields of a LOAD or a STORE, which has them in the same places.
    compute : Out(COMPUTE)
    legal : Out(1)
        What the reader asks of a command: an opcode, no 0 in a field of
        :data:`~intaglio.spec.commands.AT_LEAST_ONE`, whole words in the rows of a LOAD.

    Timing
    ------
    A beat is shown 1 cycle after it is taken, and stays until it is replaced.

    Golden: :meth:`intaglio.spec.record.Record.unpack`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "left": In(range(command_beats(config) + 1)),
                "beat": In(8 * config.bus_bytes),
                "take": In(1),
                "opcode": Out(fields(LOAD)["opcode"].shape),
                "move": Out(command_fields(LOAD, config)),
                "compute": Out(command_fields(COMPUTE, config)),
                "legal": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beats, bits = command_beats(self.config), len(self.beat)
        word = Signal(beats * bits, reset_less=True)
        with m.If(self.take), m.Switch(self.left):
            for n in range(beats):
                with m.Case(beats - n):
                    m.d.sync += word.word_select(n, bits).eq(self.beat)
        m.d.comb += self.opcode.eq(word[: len(self.opcode)])
        for shown, record in ((self.move, LOAD), (self.compute, COMPUTE)):
            m.d.comb += _kept(shown, word, record)
        whole = whole_words(m, self.config, self.move)
        rules = {
            opcode: [
                (self.compute if record is COMPUTE else self.move)[name].any()
                for name in AT_LEAST_ONE[opcode]
            ]
            for opcode, record in RECORDS.items()
        }
        rules[Opcode.LOAD].append(whole)
        with m.Switch(self.opcode):
            for opcode, all_of in rules.items():
                with m.Case(opcode):
                    m.d.comb += self.legal.eq(Cat(*all_of).all())
        return m


def _kept(shown: Any, word: Value, record: Record) -> list[Any]:
    """Return the statements that show the low bits of each field."""
    whole = fields(record)
    view = whole(word[: whole.size])
    return [shown[name].eq(view[name]) for name, _ in whole]
