"""The accelerator: control on the buses, core beside it."""

from __future__ import annotations

from amaranth import Module
from amaranth.lib.wiring import Out, connect

from intaglio.gateware import pins
from intaglio.gateware.control import Control
from intaglio.gateware.core import Core
from intaglio.gateware.shared import Holder
from intaglio.spec.config import ArrayConfig


class Accelerator(Holder):
    """A whole accelerator, with the pins that other tools know.

    Parameters
    ----------
    config : ArrayConfig
        All of it.

    Members
    -------
    m_axi_* : AXI4 master, K bytes wide
        Commands, constants and tensors.
    s_axil_* : AXI4-Lite slave
        The registers of :mod:`intaglio.spec.registers`.
    irq : Out(1)
        A level: an enabled interrupt is pending.

    Golden: :class:`intaglio.golden.machine.GoldenDevice`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.core = Core(config)
        self.parts = (self.core,)
        super().__init__({**pins.members(config), "irq": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.control = control = Control(self.config)
        m.submodules.core = core = self.core

        pins.connect_pins(
            m, self, self.config, read=control.read, write=control.write, lite=control.lite
        )
        connect(m, control.compute, core.commands)
        connect(m, control.loads, core.writes)
        connect(m, control.requests, core.fetch)
        connect(m, core.fetched, control.words)
        m.d.comb += [
            self.irq.eq(control.irq),
            control.compute_done.valid.eq(core.done),
            control.compute_done.mark.eq(core.mark),
            control.compute_done.layer.eq(core.layer),
            control.compute_busy.eq(core.busy),
            control.events.stepping.eq(core.stepping),
            control.events.vectoring.eq(core.vectoring),
            control.events.starved.eq(core.starved),
        ]
        return m
