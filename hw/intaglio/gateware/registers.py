"""Register file of the control port, made from :mod:`intaglio.spec.registers`."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import AxiLite
from intaglio.gateware.bursts import bases_layout
from intaglio.gateware.component import Component
from intaglio.gateware.faults import FAULT
from intaglio.gateware.layout import count_shape, shape
from intaglio.gateware.lite import LiteSlave
from intaglio.spec.config import ArrayConfig
from intaglio.spec.registers import (
    BY_NAME,
    COUNTERS,
    IDENTITY,
    REGISTER_BITS,
    TRACE_BASE,
    TRACE_ENTRIES,
    VERSION,
    Access,
    Control,
    Interrupt,
    counters_of,
    registers_of,
)
from intaglio.spec.widths import byte_address

COUNTS = data.StructLayout({name.lower(): REGISTER_BITS for name, _ in COUNTERS})
TRACE_FIRST = TRACE_BASE >> 2
STATUS = data.StructLayout({"busy": 1, "done": 1, "error": 1})


class Registers(Component):
    """AXI4-Lite slave with the registers of :data:`intaglio.spec.registers.REGISTERS`.

    An address without a register is answered with SLVERR, as are counters and trace of a
    configuration without them; a write to a READ_ONLY register is
    ignored. Byte strobes hold for every register. The two lowest address bits are ignored.
    PROGRAM_COUNT has at most 24 bits, as many as commands have room in memory; the bits above
    read 0, as do those of an address above `address_bits`.

    Parameters
    ----------
    config : ArrayConfig
        Its digest can be read.

    Members
    -------
    bus : In(AxiLite())
        The control port.
    irq : Out(1)
        A level: some bit is set in both IRQ_ENABLE and IRQ_STATUS.
    start, abort : Out(1)
        For one cycle when CONTROL is written with START, ABORT.
    program_address, program_count, bases : Out
        What the host wrote.
    status : In({busy, done, error})
        STATUS.
    raise_done, raise_error : In(1)
        Set the bit of IRQ_STATUS; it stays until the host writes 1 to it.
    fault : In(FAULT)
        ERROR_CODE, ERROR_ADDRESS, ERROR_COMMAND; `valid` is not read.
    counts : In(COUNTS)
        The performance counters; without `counters` COMMANDS alone is read.
    entry : Out(range(TRACE_ENTRIES)), value : In(32)
        Read port of the trace, which answers after 1 cycle.

    Timing
    ------
    See :class:`~intaglio.gateware.lite.LiteSlave`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "bus": In(AxiLite()),
                "irq": Out(1),
                "start": Out(1),
                "abort": Out(1),
                "program_address": Out(shape(byte_address(config))),
                "program_count": Out(count_shape(config)),
                "bases": Out(bases_layout(config)),
                "status": In(STATUS),
                "raise_done": In(1),
                "raise_error": In(1),
                "fault": In(FAULT),
                "counts": In(COUNTS),
                "entry": Out(range(TRACE_ENTRIES)),
                "value": In(REGISTER_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.lite = lite = LiteSlave()
        wiring.connect(m, wiring.flipped(self.bus), lite.bus)

        irq_enable = Signal(max(Interrupt).bit_length())
        irq_status = Signal.like(irq_enable)
        values: dict[str, Value] = {
            "IDENTITY": Const(IDENTITY),
            "VERSION": Const(VERSION),
            "DIGEST0": Const(int(self.config.digest[0:8], 16), REGISTER_BITS),
            "DIGEST1": Const(int(self.config.digest[8:16], 16), REGISTER_BITS),
            "CONTROL": Const(0),
            "STATUS": self.status.as_value(),
            "IRQ_ENABLE": irq_enable,
            "IRQ_STATUS": irq_status,
            "PROGRAM_ADDRESS": self.program_address,
            "PROGRAM_COUNT": self.program_count,
            **{f"REGION{i}_BASE": base for i, base in enumerate(self.bases)},
            "ERROR_CODE": self.fault.code,
            "ERROR_ADDRESS": self.fault.address,
            "ERROR_COMMAND": self.fault.command,
            **{
                f"COUNT_{name}": self.counts[name.lower()]
                for name in counters_of(counters=self.config.counters)
            },
        }

        # Write.
        word, written = lite.write_word, Signal(REGISTER_BITS)
        strobes = Signal(REGISTER_BITS)
        m.d.comb += [
            strobes.eq(Cat(bit.replicate(8) for bit in word.strb)),
            written.eq(word.data & strobes),
        ]
        cleared = Signal.like(irq_status)
        with m.Switch(lite.write_address[2:]):
            for register in registers_of(counters=self.config.counters):
                value = values[register.name]
                with m.Case(register.address >> 2):
                    m.d.comb += lite.write_known.eq(1)
                    with m.If(lite.write):
                        if register.access is Access.READ_WRITE:
                            m.d.sync += value.eq(value & ~strobes | written)
                        elif register.access is Access.WRITE_ONE_CLEAR:
                            m.d.comb += cleared.eq(written)
                        elif register.access is Access.PULSE:
                            m.d.comb += [
                                self.start.eq((written & Control.START).any()),
                                self.abort.eq((written & Control.ABORT).any()),
                            ]
        raised = self.raise_done * Interrupt.DONE | self.raise_error * Interrupt.ERROR
        m.d.sync += irq_status.eq(irq_status & ~cleared | raised)
        m.d.comb += self.irq.eq((irq_enable & irq_status).any())

        # Read: registers take the cycle that the trace needs.
        here = lite.read_address[2:]
        in_trace = Signal()
        register_data = Signal(REGISTER_BITS)
        register_known = Signal()
        m.d.comb += self.entry.eq(here - (TRACE_BASE >> 2))
        m.d.sync += [register_data.eq(0), register_known.eq(0)]
        if self.config.counters:
            m.d.sync += in_trace.eq((here >= TRACE_FIRST) & (here < TRACE_FIRST + TRACE_ENTRIES))
        with m.Switch(here):
            for name, value in values.items():
                with m.Case(BY_NAME[name].address >> 2):
                    m.d.sync += [register_data.eq(value), register_known.eq(1)]
        m.d.comb += [
            lite.read_known.eq(register_known | in_trace),
            lite.read_data.eq(Mux(in_trace, self.value, register_data)),
        ]
        return m
