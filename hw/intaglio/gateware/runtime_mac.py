"""Lanes that are switched between precisions at run time, between two streams."""

from __future__ import annotations

from amaranth import Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import shape
from intaglio.gateware.runtime_lane import RuntimeLane
from intaglio.gateware.shared import Holder, instance
from intaglio.gateware.stages import handshake
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.precisions import Precisions


class RuntimeMac(Holder):
    """Lanes that share their activations: the same bytes a cycle at every precision.

    A narrower precision is faster by what the bytes hold more of: of 16, 8 and 4 bits D / 2, D and
    4 * D products a cycle and lane.

    Parameters
    ----------
    precisions : Precisions
        What the lanes can be switched to.
    depth : int
        D, bytes of either operand a cycle, and multipliers of a lane: 2, 4 or 8.
    longest : int
        Payloads of the longest sum, 1 to 131072.
    columns : int
        Lanes, 1 to 64.
    part : str
        As :class:`intaglio.gateware.multiplier.Multiplier`.

    Members
    -------
    i : In(stream of act, wgt, precision, last)
        D bytes; D bytes of each lane; index into `precisions.bits`, the same throughout a sum.
    o : Out(stream of the sums of each lane)
        One, or four where 4 bits are possible, of which the others are 0 at other precisions.

    Timing
    ------
    One payload a cycle; a sum follows its last payload by `latency_cycles`.

    Raises
    ------
    ConfigError
        E203: a number is outside its range.

    Golden: :func:`intaglio.golden.products.runtime_sums`.
    """

    def __init__(
        self,
        precisions: Precisions,
        depth: int,
        longest: int,
        columns: int = 1,
        part: str = "generic",
    ) -> None:
        findings = [
            Finding("E203", f"{key} is {have}", f"lane.{key}", str(have), need, f"set {key}")
            for key, have, good, need in (
                ("depth", depth, depth in (2, 4, 8), "2, 4 or 8"),
                ("longest", longest, 1 <= longest <= 1 << 17, "1 to 131072"),
                ("columns", columns, 1 <= columns <= 64, "1 to 64"),
            )
            if not good
        ]
        if findings:
            raise ConfigError(findings)
        self.precisions, self.depth, self.columns = precisions, depth, columns
        self.lane = RuntimeLane(precisions, depth, longest, part)
        self.parts = (self.lane,)
        self.latency_cycles = self.lane.latency_cycles
        self.results = 4 if 4 in precisions.bits else 1
        payload = {
            "act": data.ArrayLayout(8, depth),
            "wgt": data.ArrayLayout(8, columns * depth),
            "precision": range(len(precisions.bits)),
            "last": 1,
        }
        sums = data.ArrayLayout(shape(self.lane.wide), columns * self.results)
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(payload))),
                "o": Out(stream.Signature(sums)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move = handshake(m, self)
        item = self.i.payload
        act, wgt, sums = (v.as_value() for v in (item.act, item.wgt, self.o.payload))
        done = Signal(self.columns)
        for n in range(self.columns):
            m.submodules[f"lane_{n}"] = instance(
                self.lane,
                move=move,
                valid=self.i.valid,
                last=item.last,
                precision=item.precision,
                act=act,
                wgt=wgt.word_select(n, 8 * self.depth),
                sums=sums.word_select(n, len(self.lane.sums.as_value())),
                done=done[n],
            )
        m.d.comb += self.o.valid.eq(done[0])
        return m
