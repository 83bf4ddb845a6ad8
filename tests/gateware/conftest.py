"""Models of the buses for quick checks in Amaranth's own simulator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from amaranth import Module, unsigned
from amaranth.lib.memory import Memory
from amaranth.sim import Simulator

from intaglio.gateware.ram import RamPorts

LIMIT_CYCLES = 50_000


class Watch:
    """Checks that an offer on a stream stays as it is until it is taken."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept: Any = None

    def see(self, valid: int, ready: int, payload: Any) -> bool:
        """Take note of one cycle; return whether the payload was taken."""
        if self.kept is not None:
            assert valid, f"{self.name}: an offer was withdrawn"
            assert payload == self.kept, f"{self.name}: an offer was changed"
        self.kept = payload if valid and not ready else None
        return bool(valid and ready)


class AxiMemory:
    """AXI4 memory with stalls on every channel, interleaved ids and errors where told."""

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        bus_bytes: int,
        size: int,
        read: Any = None,
        write: Any = None,
        stall: float = 0.0,
        longest: int = 256,
    ) -> None:
        self.rng, self.read, self.write, self.stall = rng, read, write, stall
        self.bus_bytes, self.longest = bus_bytes, longest
        self.bytes = rng.integers(0, 256, size, np.uint8)
        self.bad_reads: dict[int, int] = {}  # address of a beat: its response
        self.bad_writes: dict[int, int] = {}  # address of a burst: its response
        self.reads: list[tuple[int, int, int]] = []  # id, address, beats
        self.writes: list[tuple[int, int]] = []
        self.most = 0  # bursts under way at once
        self.quiet = True  # nothing under way

    def _go(self) -> bool:
        return bool(self.rng.random() >= self.stall)

    def _burst(self, address: int, beats: int) -> None:
        last = address + beats * self.bus_bytes - 1
        assert address % self.bus_bytes == 0
        assert address // 4096 == last // 4096, f"burst at {address:#x} crosses 4 KiB"
        assert beats <= self.longest, f"burst of {beats} beats"
        assert last < len(self.bytes), f"burst at {address:#x} outside of memory"

    async def run_read(self, ctx: Any) -> None:
        """Serve the read channels for ever."""
        ar, r = self.read.ar, self.read.r
        pending: dict[int, deque[tuple[int, bool]]] = {0: deque(), 1: deque()}
        watch = Watch("ar")
        offer: tuple[int, int, bool] | None = None
        while True:
            ready = self._go()
            ctx.set(ar.ready, ready)
            ids = [number for number, beats in pending.items() if beats]
            if offer is None and ids and self._go():
                number = int(self.rng.choice(ids))
                offer = (number, *pending[number].popleft())
            ctx.set(r.valid, offer is not None)
            if offer is not None:
                number, at, last = offer
                word = int.from_bytes(self.bytes[at : at + self.bus_bytes].tobytes(), "little")
                resp = self.bad_reads.get(at, 0)
                ctx.set(r.payload, {"id": number, "data": word, "resp": resp, "last": last})
            _, _, valid, burst, taken = await ctx.tick().sample(ar.valid, ar.payload, r.ready)
            if offer is not None and taken:
                offer = None
            if watch.see(valid, ready, burst):
                beats = burst.len + 1
                self._burst(burst.addr, beats)
                self.reads.append((burst.id, burst.addr, beats))
                pending[burst.id] += [
                    (burst.addr + i * self.bus_bytes, i == beats - 1) for i in range(beats)
                ]
            under_way = [beat for queue in pending.values() for beat in queue if beat[1]]
            self.most = max(self.most, len(under_way))
            self.quiet = offer is None and not under_way

    async def run_write(self, ctx: Any) -> None:
        """Serve the write channels for ever."""
        aw, w, b = self.write.aw, self.write.w, self.write.b
        bursts: deque[tuple[int, int]] = deque()
        beat = 0
        responses: deque[int] = deque()
        watch_aw, watch_w = Watch("aw"), Watch("w")
        offer: int | None = None
        while True:
            ready_aw, ready_w = self._go(), self._go()
            ctx.set(aw.ready, ready_aw)
            ctx.set(w.ready, ready_w)
            if offer is None and responses and self._go():
                offer = responses.popleft()
            ctx.set(b.valid, offer is not None)
            ctx.set(b.payload, offer or 0)
            _, _, valid, burst, valid_w, word, taken = await ctx.tick().sample(
                aw.valid, aw.payload, w.valid, w.payload, b.ready
            )
            if offer is not None and taken:
                offer = None
            if watch_w.see(valid_w, ready_w, word):
                assert bursts, "a beat came before its burst"
                address, beats = bursts[0]
                at = address + beat * self.bus_bytes
                data = int(word.data).to_bytes(self.bus_bytes, "little")
                self.bytes[at : at + self.bus_bytes] = np.frombuffer(data, np.uint8)
                beat += 1
                assert word.last == (beat == beats), "last at the wrong beat"
                if beat == beats:
                    bursts.popleft()
                    responses.append(self.bad_writes.get(address, 0))
                    beat = 0
            if watch_aw.see(valid, ready_aw, burst):
                self._burst(burst.addr, burst.len + 1)
                self.writes.append((burst.addr, burst.len + 1))
                bursts.append((burst.addr, burst.len + 1))
            self.quiet = offer is None and not bursts and not responses


class Bench:
    """Runs a component against testbenches; waits are bounded."""

    Memory = AxiMemory
    Watch = Watch

    @staticmethod
    def run(dut: Any, *benches: Callable[[Any], Any], models: tuple[Any, ...] = ()) -> None:
        """Run `benches` to their end, with `models` in the background."""
        simulator = Simulator(dut)
        simulator.add_clock(1e-8)
        for model in models:
            simulator.add_testbench(model, background=True)

        async def to_end(ctx: Any, bench: Callable[[Any], Any]) -> None:
            await bench(ctx)
            await ctx.tick()  # models see the last cycle too

        for bench in benches:
            simulator.add_testbench(partial(to_end, bench=bench))
        simulator.run()

    @staticmethod
    def cycles(limit: int = LIMIT_CYCLES) -> Iterator[int]:
        """Count cycles; fail where a wait has no end."""
        yield from range(limit)
        raise AssertionError(f"no end after {limit} cycles")

    @classmethod
    async def put(cls, ctx: Any, target: Any, payload: Any) -> None:
        """Offer `payload` until it is taken."""
        ctx.set(target.payload, payload)
        ctx.set(target.valid, 1)
        for _ in cls.cycles():
            *_, ready = await ctx.tick().sample(target.ready)
            if ready:
                break
        ctx.set(target.valid, 0)

    @classmethod
    async def until(cls, ctx: Any, signal: Any, value: int = 1) -> int:
        """Wait until `signal` is `value` before a clock edge; return the cycles waited."""
        for cycle in cls.cycles():
            if ctx.get(signal) == value:
                return cycle
            await ctx.tick()
        raise AssertionError

    @classmethod
    async def lite_read(cls, ctx: Any, bus: Any, address: int) -> tuple[int, int]:
        """Read a register; return data and response."""
        await cls.put(ctx, bus.ar, address)
        ctx.set(bus.r.ready, 1)
        await cls.until(ctx, bus.r.valid)
        payload = ctx.get(bus.r.payload)
        await ctx.tick()
        ctx.set(bus.r.ready, 0)
        return payload.data, payload.resp

    @classmethod
    async def lite_write(
        cls, ctx: Any, bus: Any, address: int, word: int, strobes: int = 15, skew: int = 0
    ) -> int:
        """Write a register, its data `skew` cycles after its address; return the response."""
        halves = [(bus.aw, address), (bus.w, {"data": word, "strb": strobes})]
        for channel, payload in halves if skew >= 0 else reversed(halves):
            await cls.put(ctx, channel, payload)
            for _ in range(abs(skew)):
                await ctx.tick()
        ctx.set(bus.b.ready, 1)
        await cls.until(ctx, bus.b.valid)
        resp = int(ctx.get(bus.b.payload))
        await ctx.tick()
        ctx.set(bus.b.ready, 0)
        return resp

    @staticmethod
    def taker(
        source: Any, into: list[Any], rng: np.random.Generator, stall: float = 0.0
    ) -> Callable[[Any], Any]:
        """Return a model that takes payloads `into` a list."""

        async def take(ctx: Any) -> None:
            watch = Watch("stream")
            while True:
                ready = bool(rng.random() >= stall)
                ctx.set(source.ready, ready)
                _, _, valid, payload = await ctx.tick().sample(source.valid, source.payload)
                if watch.see(valid, ready, payload):
                    into.append(payload)

        return take

    @staticmethod
    def pulses(signal: Any, into: list[Any], payload: Any = None) -> Callable[[Any], Any]:
        """Return a model that notes `payload` (or 1) at each cycle in which `signal` is 1."""

        async def note(ctx: Any) -> None:
            while True:
                _, _, on, value = await ctx.tick().sample(
                    signal, signal if payload is None else payload
                )
                if on:
                    into.append(value)

        return note


@pytest.fixture
def bench(python_rams: None) -> type[Bench]:
    return Bench


def simulated_ram(m: Module, name: str, *, width: int, depth: int, block: bool = True) -> RamPorts:
    """Return the ports of a memory that Amaranth's simulator knows, for one that is Verilog."""
    memory: Any = Memory(shape=unsigned(width), depth=depth, init=[])
    m.submodules[name] = memory
    write, read = memory.write_port(), memory.read_port()
    return RamPorts(write.en, write.addr, write.data, read.en, read.addr, read.data)


@pytest.fixture
def python_rams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let queues be simulated in Python."""
    monkeypatch.setattr("intaglio.gateware.queue.add_ram", simulated_ram)
