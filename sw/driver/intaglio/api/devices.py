"""Devices by name, and the settings that the simulated one takes."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import Device, RunStats
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

DEVICES = ("golden", "sim")


def open_device(
    name: str,
    config: ArrayConfig,
    *,
    memory: MemorySettings | None = None,
    stalls: float = 0.0,
    seed: int = 0,
    waves: tuple[Path, int, int] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Device:
    """Return a device; the caller closes it.

    Parameters
    ----------
    name : str
        ``"golden"``: exact integers in numpy. ``"sim"``: the gates, simulated.
    memory, stalls, seed, waves, progress
        See :class:`intaglio.bench.device.SimDevice`; ``waves`` is file, first and last cycle.

    Raises
    ------
    UsageError
        E101: no device has this name, or a setting is not allowed. E102: a setting has no effect
        on this device.
    """
    if name not in DEVICES:
        near = difflib.get_close_matches(name, DEVICES, 1)
        help_text = f"did you mean {near[0]}?" if near else "choose one of them"
        raise _bad("E101", f"no device is called {name}", "--device", name, DEVICES, help_text)
    if not 0 <= stalls < 1:
        need = ("0 or more, less than 1",)
        raise _bad("E101", f"stalls is {stalls}", "--stalls", str(stalls), need, "lower it")
    if name == "golden":
        given = {"memory": memory is not None, "stalls": stalls > 0, "waves": waves is not None}
        if any(given.values()):
            have = " and ".join(f"--{key}" for key, used in given.items() if used)
            message = f"{have} has no effect on the golden device, which has no clock"
            raise _bad("E102", message, have, "golden", ("--device sim",), "add --device sim")
        from intaglio.golden.machine import GoldenDevice

        return GoldenDevice(config)
    from intaglio.bench.device import SimDevice, Waves

    return SimDevice(
        config,
        memory,
        stalls=stalls,
        seed=seed,
        waves=Waves(*waves) if waves else None,
        progress=progress,
    )


class Watched:
    """A device that says which input it works on.

    Parameters
    ----------
    device : Device
        What does the work.
    jobs : int
        Runs of the device for each input.
    batch : int
        Inputs.
    progress : callable
        Told in one line.
    """

    def __init__(
        self, device: Device, jobs: int, batch: int, progress: Callable[[str], None]
    ) -> None:
        self.name = device.name
        self.config = device.config
        self._device, self._jobs, self._batch = device, jobs, batch
        self._progress = progress
        self._runs = 0
        self.open, self.write, self.read = device.open, device.write, device.read
        self.close = device.close

    def run(self, commands: bytes) -> RunStats:
        """Execute `commands` to their end."""
        self._progress(f"{self.name}: input {self._runs // self._jobs + 1} of {self._batch}")
        self._runs += 1
        return self._device.run(commands)


def default_memory() -> MemorySettings:
    """Return the memory of a simulated device that is given none."""
    from intaglio.bench.library import MemorySettings

    return MemorySettings()


def parse_memory(text: str) -> MemorySettings:
    """Return the memory that ``width=16,latency=20,bytes_per_cycle=3.2`` describes, in any order.

    Raises
    ------
    UsageError
        E101: every unknown key and every bad value, all together.
    """
    from intaglio.bench.library import MemorySettings

    kinds = {"width": int, "latency": int, "bytes_per_cycle": float}
    known = [field.name for field in fields(MemorySettings) if field.name in kinds]
    values: dict[str, float | int] = {}
    findings: list[Finding] = []
    for part in text.split(","):
        key, equals, value = part.strip().partition("=")
        near = difflib.get_close_matches(key, known, 1)
        if key not in known or not equals:
            hint = f"did you mean {near[0]}?" if near else "write key=value"
            error = _bad("E101", f"memory has no {key!r}", "--memory", part, known, hint)
            findings += error.findings
            continue
        try:
            values[key] = kinds[key](value)
        except ValueError:
            need = ("a whole number",) if kinds[key] is int else ("a number",)
            message = f"memory {key} is {value!r}"
            findings += _bad("E101", message, "--memory", value, need, f"set {key}").findings
    if findings:
        raise UsageError(findings)
    return MemorySettings(**values)  # type: ignore[arg-type]


def _bad(
    code: str, message: str, where: str, have: str, need: tuple[str, ...] | list[str], hint: str
) -> UsageError:
    return UsageError(Finding(code, message, where, have, " or ".join(need), hint))
