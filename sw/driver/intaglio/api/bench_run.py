"""Benches of layer tables and networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from intaglio.api.bench_formula import formula_cycles
from intaglio.api.bench_layers import (
    REFERENCE,
    LayerRow,
    cycles_in,
    read_layers,
    read_reference,
)
from intaglio.api.bench_measure import LayerResult, Task, streamed_config
from intaglio.api.bench_network import bench_network
from intaglio.api.bench_table import BenchLayer, BenchResult, ratio_of
from intaglio.api.bench_workers import WORKERS, build_simulators, measure_all
from intaglio.api.devices import default_memory
from intaglio.api.model import load
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings

DEVICES = ("sim", "model")
Reference = tuple[list[dict[str, str]], str]


def bench(
    source: Path | str,
    config: ArrayConfig | str = "bench256",
    *,
    device: str = "sim",
    against: str | None = None,
    memory: MemorySettings | None = None,
    streamed: bool = True,
    seed: int = 1,
    workers: int = WORKERS,
    bits: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> BenchResult:
    """Measure every layer of a table, or of a network.

    Parameters
    ----------
    source : path
        A ``.csv`` layer table (:mod:`intaglio.api.bench_layers`) or a ``.tflite`` model.
    device : str
        ``"sim"``: the gates, with every output compared. ``"model"``: the cycle model.
    against : str, optional
        ``FILE[:column]``: the other accelerator's cycles by layer. Default: the table's own
        column ``vela_u55_256_npu_cycles``, if it has one.
    memory : MemorySettings, optional
        Default: 16 bytes in a cycle where K is 16, 20 cycles latency.
    streamed : bool
        Also with 384 KiB of buffers; layers of a table then with everything from memory.
    seed : int
        Of weights and inputs.
    workers : int
        Processes that simulate.
    bits : int
        Of the activations and weights of a network, converted first
        (:meth:`intaglio.api.model.Model.converted`); 0: as the file has them.

    Raises
    ------
    UsageError
        E101: no such device. E103: a file cannot be read or is not as it should be.
    """
    if device not in DEVICES:
        raise UsageError(
            Finding(
                "E101",
                f"no bench device is called {device}",
                where="--device",
                have=device,
                need=" or ".join(DEVICES),
                help="sim counts in gates, model estimates",
            )
        )
    chosen = load_config(config) if isinstance(config, str) else config
    path, settings = Path(source), memory or default_memory()
    reference = read_reference(against) if against else None
    other = streamed_config(chosen)
    empty = BenchResult(
        source=path.name,
        config=chosen.name,
        device=device,
        memory=_memory(settings, chosen),
        buffers_kib=chosen.acts_kib + chosen.weights_kib,
        seed=seed,
        layers=(),
        streamed_config=other.name if streamed else "",
        streamed_buffers_kib=other.acts_kib + other.weights_kib if streamed else None,
    )
    if bits and path.suffix == ".csv":
        raise UsageError(
            Finding(
                "E102",
                "--bits changes nothing: a layer table says the bits of each layer",
                where="--bits",
                have=str(bits),
                need="a model, or no --bits",
                help="change act_bits and weight_bits in the table",
            )
        )
    if path.suffix != ".csv":
        layers, total = bench_network(
            load(path).converted(chosen, bits) if bits else load(path),
            chosen,
            device,
            settings,
            streamed=streamed,
            seed=seed,
            reference=reference,
            progress=progress,
        )
        return replace(empty, layers=layers, total=total)
    rows = read_layers(path)
    figures = _figures(rows, reference)
    tasks = [Task(row, chosen, device, settings, seed, streamed) for row in rows]
    build_simulators(tasks, progress)
    results = measure_all(tasks, workers, progress)
    return replace(
        empty,
        layers=tuple(
            _line(task, result, figures.get(result.name), empty.memory["bytes_per_cycle"])
            for task, result in zip(tasks, results, strict=True)
        ),
    )


def _memory(settings: MemorySettings, config: ArrayConfig) -> dict[str, float]:
    """Return the settings with the defaults that the bus width gives."""
    given = asdict(settings)
    width = min(given["width"] or config.bus_bytes, config.bus_bytes)
    return given | {"width": width, "bytes_per_cycle": given["bytes_per_cycle"] or width}


def _figures(rows: list[LayerRow], reference: Reference | None) -> dict[str, float]:
    """Return reference cycles by layer; without a reference, the table's own column."""
    table, column = reference or ([dict(row.columns) for row in rows], REFERENCE)
    found = {row["layer"]: cycles_in(row, column) for row in table}
    return {name: cycles for name, cycles in found.items() if cycles is not None}


def _line(
    task: Task, result: LayerResult, reference: float | None, bytes_per_cycle: float
) -> BenchLayer:
    row, near, far = task.row, result.resident, result.streamed
    macs = row.shape.macs
    return BenchLayer(
        name=row.name,
        op=row.op,
        act_bits=row.act_bits,
        weight_bits=row.weight_bits,
        macs=macs,
        cycles=near.cycles if near else None,
        model_cycles=near.model_cycles if near else None,
        utilisation=macs / (near.cycles * task.config.macs) if near else None,
        bound=near.bound if near else "",
        reference_cycles=reference,
        ratio=ratio_of(reference, near.cycles if near else None),
        formula_cycles=formula_cycles(row.shape, task.config, bytes_per_cycle),
        compared=near.compared if near else None,
        mismatches=near.mismatches if near else None,
        streamed_cycles=far.cycles if far else None,
        streamed_model_cycles=far.model_cycles if far else None,
        streamed_ratio=ratio_of(reference, far.cycles if far else None),
        streamed_mismatches=far.mismatches if far else None,
        unsupported=result.unsupported or result.streamed_unsupported,
        counters=near.counters if near else {},
    )
