"""A compiled network, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from intaglio.api.bits import Bits
from intaglio.api.devices import Watched, open_device
from intaglio.api.files import read_file, write_file
from intaglio.api.model import Model, load
from intaglio.api.outcome import Layer, Run
from intaglio.spec.commands import COMMAND_BYTES
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.device import Device
from intaglio.spec.errors import Finding, ModelError, UsageError
from intaglio.spec.program import Job, Program, is_program

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings
    from intaglio.compiler.passes.certificate import Certificate
    from intaglio.runtime.run import Result

Array = npt.NDArray[np.generic]
Inputs = Array | Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Plan:
    """A program with the configuration that it was made for.

    Parameters
    ----------
    program : Program
        What a device runs.
    config : ArrayConfig
        The accelerator.
    model : Model or None
        What it was compiled from; None for a program that was read from a file.
    reference : str
        Engine whose rounding is obeyed.
    log : tuple of Certificate
        What the passes did to the network before it was mapped.
    """

    program: Program
    config: ArrayConfig
    model: Model | None = None
    reference: str = "litert"
    log: tuple[Certificate, ...] = ()

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates for one input."""
        return sum(layer.macs for layer in self.program.layers)

    @property
    def command_count(self) -> int:
        """Commands of the program."""
        return len(self.program.commands) // COMMAND_BYTES

    def save(self, path: Path | str) -> Path:
        """Write the program as one file, whole or not at all; see :func:`open_plan`."""
        return write_file(Path(path), self.program.to_bytes())

    def run(
        self,
        x: Inputs,
        *,
        keep: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Run:
        """Run on the golden device: exact integers in numpy, no tool needed.

        Parameters
        ----------
        x : array, or mapping of input name to array
            Batch first. int8: codes. Floating point: real numbers, quantised by the model's own
            scale. uint8: pixels of an image.
        keep : bool
            Fill ``tensors``.
        progress : callable, optional
            Told in one line what is under way.
        """
        device = open_device("golden", self.config)
        return self.run_on(device, x, keep=keep, progress=progress)

    def simulate(
        self,
        x: Inputs,
        *,
        stalls: float = 0.0,
        seed: int = 0,
        memory: MemorySettings | None = None,
        waves: tuple[Path, int, int] | None = None,
        keep: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Run:
        """Run in simulated gates; needs g++ and make.

        Parameters
        ----------
        x, keep
            See :meth:`run`.
        stalls, seed, memory, waves, progress
            See :func:`intaglio.api.devices.open_device`.
        """
        self.check_config(self.config)
        device = open_device(
            "sim",
            self.config,
            memory=memory,
            stalls=stalls,
            seed=seed,
            waves=waves,
            progress=progress,
        )
        return self.run_on(device, x, keep=keep, progress=progress)

    def run_on(
        self,
        device: Device,
        x: Inputs,
        *,
        keep: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Run:
        """Run on an open device, and close it.

        Raises
        ------
        ModelError
            E305, E306: an input has the wrong shape or type. E313: the program was made for
            another configuration.
        DeviceError
            E701, E702: from the device.
        """
        from intaglio.api.inputs import as_codes
        from intaglio.runtime.run import run_program

        try:
            codes = as_codes(self.program, x)
            batch = len(next(iter(codes.values())))
            jobs = sum(isinstance(step, Job) for step in self.program.steps)
            watched = Watched(device, max(jobs, 1), batch, progress) if progress else device
            result = run_program(self.program, watched, codes, keep=keep)
        finally:
            device.close()
        return self._outcome(device.name, batch, result, getattr(device, "memory", None))

    def check_config(self, config: ArrayConfig) -> None:
        """Raise ModelError (E313) if the program was made for another configuration."""
        if self.program.config_digest != config.digest:
            made_for = self.program.config_name
            raise ModelError(
                Finding(
                    "E313",
                    f"the program was made for configuration {made_for} "
                    f"({self.program.config_digest[:16]}), this is {config.name} "
                    f"({config.digest[:16]})",
                    where=self.program.model,
                    have=self.program.config_digest,
                    need=config.digest,
                    help=f"run with --config {made_for}, or compile the model again for "
                    f"{config.name}",
                )
            )

    def _outcome(
        self, device: str, batch: int, result: Result, memory: MemorySettings | None
    ) -> Run:
        from intaglio.api.layer_cycles import model_cycles

        expected = model_cycles(self.program, self.config, memory)
        plans = {number: self.program.tensor(number) for number in self.program.outputs}
        cycles = result.stats.cycles
        layers = tuple(
            Layer(
                name=layer.name,
                op=layer.op,
                where=layer.where,
                macs=layer.macs * batch,
                cycles=result.layer_cycles.get(index),
                model_cycles=expected[index] * batch if index in expected else None,
                utilisation=self._utilisation(layer.macs * batch, result.layer_cycles.get(index)),
            )
            for index, layer in enumerate(self.program.layers)
        )
        return Run(
            model=self.program.model,
            device=device,
            config=self.config.name,
            batch=batch,
            cycles=cycles,
            macs=self.macs * batch,
            utilisation=self._utilisation(self.macs * batch, cycles),
            layers=layers,
            outputs={plans[number].name: codes for number, codes in result.outputs.items()},
            scales={plan.name: (plan.scale, plan.zero_point) for plan in plans.values()},
            tensors=result.tensors,
            counters=result.stats.counters,
        )

    def _utilisation(self, macs: int, cycles: int | None) -> float | None:
        return macs / (cycles * self.config.macs) if cycles else None


def compile(
    model: Model,
    config: ArrayConfig | str = "default",
    *,
    reference: str = "litert",
    keep_all: bool = False,
    convert: bool = False,
    bits: int | Bits = 0,
    objective: str = "latency",
    solver: str = "enum",
) -> Plan:
    """Compile a model for a configuration.

    Parameters
    ----------
    model : Model
        From :func:`intaglio.api.model.load`.
    config : ArrayConfig or str
        A configuration, a preset's name or a TOML file.
    reference : str
        Engine whose rounding is obeyed: one of :data:`intaglio.spec.rounding.REFERENCES`.
    keep_all : bool
        Every operator's output is written to memory, so that each can be compared.
    convert, bits : bool, int or Bits
        Quantise the network to the lanes first, to a width of theirs: :meth:`Model.converted`.
    objective, solver : str
        See :func:`intaglio.compiler.objective.compile_for`.

    Raises
    ------
    ModelError
        E303, E304: what is not supported, all together.
    FitError
        E401, E402, E403.
    """
    from intaglio.api.rewriting import rewritten
    from intaglio.compiler.objective import compile_for

    chosen = load_config(config) if isinstance(config, str) else config
    model = model.converted(chosen, bits) if convert or bits else model
    graph, log = rewritten(model.graph, chosen, reference, keep_all=keep_all)
    form = {"reference": reference, "solver": solver}
    program = compile_for(graph, chosen, objective, keep_all=keep_all, **form)
    return Plan(program, chosen, model, reference, log)


def open_plan(
    path: Path | str,
    config: ArrayConfig | str = "default",
    *,
    reference: str = "litert",
    keep_all: bool = False,
    convert: bool = False,
    bits: int | Bits = 0,
) -> Plan:
    """Return the plan in a program file, or compile a model file; the content decides which.

    Options as those of :func:`compile`.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E311, E312, E313: the program is damaged, has another schema version or was made for
        another configuration; and the errors of :func:`compile`.
    """
    chosen = load_config(config) if isinstance(config, str) else config
    data = read_file(Path(path), "a .tflite model or a program file")
    if is_program(data) and (convert or bits):
        raise UsageError(
            Finding(
                "E102",
                "--convert and --bits change nothing: a program is compiled already",
                where=str(path),
                have="a program file",
                need="a model file",
                help="compile the model with --convert or --bits",
            )
        )
    if is_program(data):
        plan = Plan(Program.from_bytes(data, str(path)), chosen)
        plan.check_config(chosen)
        return plan
    return compile(
        load(path), chosen, reference=reference, keep_all=keep_all, convert=convert, bits=bits
    )
