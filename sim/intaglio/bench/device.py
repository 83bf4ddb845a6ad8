"""The simulated device: the accelerator's Verilog behind the same protocol as golden and boards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from intaglio.bench.compile import CHOSEN, BuildOptions, build_library, library_is_cached
from intaglio.bench.library import LOWEST_ADDRESS, MemorySettings, Simulation
from intaglio.bench.ports import clear_interrupts, read_counters, read_marks, start
from intaglio.spec.commands import COMMAND_BYTES
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.errors import DeviceError, Finding
from intaglio.spec.formats import ByteArray
from intaglio.spec.registers import BY_NAME, IDENTITY, Fault, Status

PAGE = 4096
SLICE_CYCLES = 50_000  # about a tenth of a second: how long Ctrl-C waits at most
PATIENCE_CYCLES = 200_000  # without one beat, word or MAC, the device is taken for dead
PATIENCE_COMMANDS = 20  # times that, where commands are all that is counted
PROGRESS = ("MAC_CYCLES", "VECTOR_CYCLES", "READ_BEATS", "WRITE_BEATS", "COMMANDS")
START_CYCLES = 1  # from START to the answer of the write that starts, after which is counted


@dataclass(frozen=True)
class Waves:
    """A VCD file of the cycles in [`first`, `last`), counted from reset."""

    path: Path
    first: int = 0
    last: int = 1 << 62


class SimDevice:
    """An accelerator in simulated gates, with a memory of stated width, latency and bandwidth.

    Golden: :class:`intaglio.golden.device.GoldenDevice`, which gives the same bytes.

    Parameters
    ----------
    config : ArrayConfig
        The accelerator.
    memory : MemorySettings
        Its memory.
    stalls : float
        Probability, for each AXI channel and cycle, that the channel rests.
    seed : int
        Of the stalls.
    waves : Waves, optional
        What to trace.
    verilog : str, optional
        Text to simulate; None: what :func:`intaglio.gateware.emit.emit_verilog` writes.
    fault : (int, int)
        Bus addresses [low, high) that answer SLVERR, for tests of the error path.
    options : BuildOptions
        How the simulator is built.
    library : Path, optional
        A simulator that is built already; `verilog` and `options` say nothing then.
    progress : callable, optional
        Told in one line what takes long: building, and cycles while a program runs.
    """

    name = "sim"

    def __init__(
        self,
        config: ArrayConfig,
        memory: MemorySettings | None = None,
        *,
        stalls: float = 0.0,
        seed: int = 0,
        waves: Waves | None = None,
        verilog: str | None = None,
        fault: tuple[int, int] = (0, 0),
        options: BuildOptions = CHOSEN,
        library: Path | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.config = config
        self.memory = memory or MemorySettings()
        self._progress = progress or (lambda _: None)
        if library is None:
            text = verilog if verilog is not None else _emit(config, self._progress)
            if not library_is_cached(text, waves=waves is not None):
                self._progress(f"building the simulator of {config.name} (once)")
            library = build_library(text, waves=waves is not None, options=options)
        self._simulation = Simulation(
            library,
            beat_bytes=config.bus_bytes,
            memory=self.memory,
            stalls=stalls,
            seed=seed,
            fault=fault,
            waves=waves.path if waves else None,
            window=(waves.first, waves.last) if waves else (0, 0),
        )
        self.bases: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._commands_at = LOWEST_ADDRESS
        self._identify()

    def open(self, sizes: Mapping[int, int]) -> None:
        """Provide cleared memory of `sizes` bytes for each region, before the first access."""
        at = LOWEST_ADDRESS
        self.bases, self._sizes = {}, dict(sizes)
        for region, size in sorted(sizes.items()):
            self.bases[region] = at
            at = _page_after(at + size)
        self._commands_at = at
        self._simulation.resize(LOWEST_ADDRESS)
        self._simulation.resize(at)
        for region, base in self.bases.items():
            self._write(f"REGION{region}_BASE", base)

    def write(self, region: int, offset: int, data: ByteArray) -> None:
        """Copy `data` into memory."""
        flat = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        self._range(region, offset, flat.size)[:] = flat

    def read(self, region: int, offset: int, size: int) -> ByteArray:
        """Return a copy of `size` bytes of memory."""
        return self._range(region, offset, size).copy()

    def run(self, commands: bytes) -> RunStats:
        """Execute `commands` to their end.

        Raises
        ------
        DeviceError
            E701 if the device reports a fault or breaks a bus protocol; E702 if nothing moves in
            it for 200 000 cycles.
        """
        words = np.frombuffer(commands, dtype=np.uint8)
        at = self._commands_at
        if self._simulation.memory.size < at + words.size:
            self._simulation.resize(at + words.size)
        self._simulation.memory[at : at + words.size] = words
        start(self._simulation, at, words.size // COMMAND_BYTES)
        cycles = self._wait() + START_CYCLES
        if self._read("STATUS") & Status.ERROR:
            raise self._fault()
        clear_interrupts(self._simulation)
        counters = read_counters(self._simulation, self.config)
        if not self.config.counters:
            return RunStats(cycles=cycles, counters=counters)
        marks = read_marks(self._simulation, commands, self.config)
        return RunStats(cycles=counters["CYCLES"], counters=counters, marks=marks)

    def close(self) -> None:
        """Release the model and close the wave file."""
        self._simulation.close()

    def _range(self, region: int, offset: int, size: int) -> ByteArray:
        if region not in self.bases or offset < 0 or offset + size > self._sizes[region]:
            raise DeviceError(
                Finding(
                    "E701",
                    f"{size} bytes at offset {offset} are outside region {region}",
                    where="simulated device",
                    have=f"[{offset}, {offset + size})",
                    need=f"a range inside [0, {self._sizes.get(region, 0)})",
                    help="open() must be told the size of every region",
                )
            )
        base = self.bases[region] + offset
        return self._simulation.memory[base : base + size]

    def _wait(self) -> int:
        """Run until the interrupt, as long as something moves; return the cycles run."""
        began = rested = self._simulation.cycles
        before: list[int] = []
        while True:
            self._simulation.run(SLICE_CYCLES)
            if self._simulation.irq:
                return self._simulation.cycles - began
            now = self._simulation.cycles
            counters = read_counters(self._simulation, self.config)
            moved = [counters[name] for name in PROGRESS if name in counters]
            if moved != before:
                before, rested = moved, now
            elif now - rested >= PATIENCE_CYCLES * (
                1 if self.config.counters else PATIENCE_COMMANDS
            ):
                raise _late(now - began, counters)
            self._progress(f"simulated {now - began} cycles")

    def _identify(self) -> None:
        """Check that the gates are the ones that `config` describes."""
        found = self._read("IDENTITY"), self._read("DIGEST0"), self._read("DIGEST1")
        digest = self.config.digest
        expected = IDENTITY, int(digest[:8], 16), int(digest[8:16], 16)
        if found != expected:
            raise DeviceError(
                Finding(
                    "E701",
                    "the device is not the accelerator of this configuration",
                    where="registers IDENTITY, DIGEST0, DIGEST1",
                    have=" ".join(f"{value:08x}" for value in found),
                    need=" ".join(f"{value:08x}" for value in expected),
                    help="generate the Verilog from this configuration",
                )
            )

    def _fault(self) -> DeviceError:
        """Return what the error registers say; the device can run again afterwards."""
        code, address = self._read("ERROR_CODE"), self._read("ERROR_ADDRESS")
        command = self._read("ERROR_COMMAND")
        clear_interrupts(self._simulation)
        name = Fault(code).name if code in set(Fault) else f"fault {code}"
        bus = code in (1, 2, 3, 4)
        at = f"bus address 0x{address:08x}{self._place(address)}" if bus else f"command {command}"
        return DeviceError(
            Finding(
                "E701",
                f"the device reported {name} at {at}",
                where=at,
                have=name,
                need="NONE",
                help="check that the program and its memory regions belong together",
            )
        )

    def _place(self, address: int) -> str:
        """Name the region that holds a bus address."""
        for region, base in self.bases.items():
            if base <= address < base + self._sizes[region]:
                return f" (region {region}, offset {address - base})"
        return ""

    def _read(self, name: str) -> int:
        return self._simulation.read_register(BY_NAME[name].address)

    def _write(self, name: str, value: int) -> None:
        self._simulation.write_register(BY_NAME[name].address, value)


def _emit(config: ArrayConfig, progress: Callable[[str], None]) -> str:
    from intaglio.bench.source import accelerator_verilog

    return accelerator_verilog(config, progress)


def _page_after(address: int) -> int:
    """Return the start of the second page after `address`: a page between regions stays empty."""
    return (address // PAGE + 2) * PAGE


def _late(cycles: int, counters: Mapping[str, int]) -> DeviceError:
    shown = ", ".join(f"{name} {value}" for name, value in counters.items())
    return DeviceError(
        Finding(
            "E702",
            f"the device did not finish: nothing moved for {PATIENCE_CYCLES} of {cycles} cycles",
            where="simulated device",
            have=shown,
            need="an interrupt",
            help="run again with waves of the last cycles; the program may wait for itself",
        )
    )
