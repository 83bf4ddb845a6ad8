"""The accelerator's simulation as a library: numpy memory, no Python per clock cycle."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from intaglio.spec.errors import DeviceError, Finding, UsageError
from intaglio.spec.formats import ByteArray

RESPONSES = {0: "OKAY", 1: "EXOKAY", 2: "SLVERR", 3: "DECERR"}
LOWEST_ADDRESS = 4096  # the memory answers DECERR below it, so that a forgotten base is noticed
RESET_CYCLES = 4


@dataclass(frozen=True)
class MemorySettings:
    """The memory behind the accelerator's AXI port.

    Parameters
    ----------
    width : int or None
        Bytes that it moves in a cycle in each direction, at most the bus width (more changes
        nothing); None: the bus width.
    latency : int
        Cycles from a burst's address to its first answer, 1 or more.
    bytes_per_cycle : float or None
        Bytes that it moves in a cycle in both directions together; None: `width`, as in a DRAM
        whose data pins serve both.

    Raises
    ------
    UsageError
        E101 for every value that is not allowed, all together.
    """

    width: int | None = None
    latency: int = 20
    bytes_per_cycle: float | None = None

    def __post_init__(self) -> None:
        rules = (
            ("width", self.width, self.width is None or self.width > 0, "a number above 0"),
            ("latency", self.latency, 1 <= self.latency <= 10**6, "1 to 1000000 cycles"),
            (
                "bytes_per_cycle",
                self.bytes_per_cycle,
                self.bytes_per_cycle is None or 0 < self.bytes_per_cycle < float("inf"),
                "a number above 0",
            ),
        )
        findings = [
            Finding(
                "E101",
                f"memory {name} is {value}",
                where=f"memory.{name}",
                have=str(value),
                need=need,
                help=f"set {name} to {need}",
            )
            for name, value, good, need in rules
            if not good
        ]
        if findings:
            raise UsageError(findings)


class Settings(ctypes.Structure):
    """Settings of axi_memory.h, field by field."""

    _fields_ = (
        ("beat_bytes", ctypes.c_uint64),
        ("latency", ctypes.c_uint64),
        ("width", ctypes.c_double),
        ("bytes_per_cycle", ctypes.c_double),
        ("stall", ctypes.c_double),
        ("seed", ctypes.c_uint64),
        ("fault_low", ctypes.c_uint64),
        ("fault_high", ctypes.c_uint64),
    )


class Simulation:
    """One accelerator and its memory.

    Parameters
    ----------
    library : Path
        What :func:`intaglio.bench.compile.build_library` returned.
    beat_bytes : int
        Bytes of a bus beat.
    memory : MemorySettings
        Width, latency and bandwidth.
    stalls : float
        Probability, for each channel and cycle, that it rests; 0 <= stalls < 1.
    seed : int
        Of the stalls.
    fault : (int, int)
        Addresses [low, high) that answer SLVERR.
    waves : Path, optional
        VCD file to write; `window` is the range of cycles that it covers.
    """

    def __init__(
        self,
        library: Path,
        *,
        beat_bytes: int,
        memory: MemorySettings,
        stalls: float = 0.0,
        seed: int = 0,
        fault: tuple[int, int] = (0, 0),
        waves: Path | None = None,
        window: tuple[int, int] = (0, 1 << 62),
    ) -> None:
        if not 0 <= stalls < 1:
            raise UsageError(
                Finding(
                    "E101",
                    f"stalls is {stalls}",
                    where="stalls",
                    have=str(stalls),
                    need="a probability: 0 or more, less than 1",
                    help="0.9 is a memory that rests nine cycles of ten",
                )
            )
        width = memory.width or beat_bytes
        rate = memory.bytes_per_cycle or width
        settings = Settings(
            beat_bytes, memory.latency, width, rate, stalls, seed & (2**64 - 1), *fault
        )
        self._library = _load(library)
        path = str(waves).encode() if waves else b""
        self._handle = self._library.intaglio_create(ctypes.byref(settings), path, *window)
        self.memory: ByteArray = np.zeros(0, dtype=np.uint8)
        self.resize(LOWEST_ADDRESS)
        self._library.intaglio_reset(self._handle, RESET_CYCLES)
        self._check()

    def resize(self, size: int) -> None:
        """Make `memory` `size` bytes long; bytes that it held are kept, new ones are 0."""
        memory = np.zeros(size, dtype=np.uint8)
        kept = min(size, self.memory.size)
        memory[:kept] = self.memory[:kept]
        self.memory = memory
        self._library.intaglio_attach(self._handle, memory.ctypes.data, size)

    @property
    def cycles(self) -> int:
        """Clock cycles since creation."""
        return int(self._library.intaglio_cycles(self._handle))

    @property
    def irq(self) -> bool:
        """Level of the interrupt."""
        return bool(self._library.intaglio_irq(self._handle))

    def write_register(self, address: int, value: int) -> int:
        """Write a register over AXI4-Lite and return the bus response (0: OKAY)."""
        response = self._library.intaglio_write(self._handle, address, value)
        self._check()
        return int(response)

    def read_register(self, address: int) -> int:
        """Read a register over AXI4-Lite.

        Raises
        ------
        DeviceError
            E701 if the bus response is not OKAY.
        """
        value = ctypes.c_uint32()
        response = self._library.intaglio_read(self._handle, address, ctypes.byref(value))
        self._check()
        if response:
            raise _fault(f"register 0x{address:03x} answered {RESPONSES[response]}")
        return value.value

    def run(self, cycles: int) -> int:
        """Run until the interrupt is high or `cycles` have passed; return the cycles run."""
        count = int(self._library.intaglio_run(self._handle, cycles))
        self._check()
        return count

    def close(self) -> None:
        """Free the model and close the wave file."""
        if self._handle is not None:
            self._library.intaglio_destroy(self._handle)
            self._handle = None

    def _check(self) -> None:
        """Raise what the harness found.

        Raises
        ------
        DeviceError
            E701 for a breach of a bus protocol.
        """
        text = self._library.intaglio_error(self._handle).decode()
        if text:
            raise _fault(f"bus protocol: {text}")


def _load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    handle, u32, u64, i = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int
    settings = ctypes.POINTER(Settings)
    for name, result, arguments in (
        ("create", handle, (settings, ctypes.c_char_p, u64, u64)),
        ("destroy", None, (handle,)),
        ("attach", None, (handle, ctypes.c_void_p, u64)),
        ("reset", None, (handle, ctypes.c_uint)),
        ("run", u64, (handle, u64)),
        ("write", i, (handle, u32, u32)),
        ("read", i, (handle, u32, ctypes.POINTER(u32))),
        ("irq", i, (handle,)),
        ("cycles", u64, (handle,)),
        ("error", ctypes.c_char_p, (handle,)),
    ):
        function = getattr(library, f"intaglio_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def _fault(text: str) -> DeviceError:
    return DeviceError(
        Finding(
            "E701",
            text,
            where="simulated device",
            have=text,
            need="no fault",
            help="run again with waves and look at the cycle named",
        )
    )
