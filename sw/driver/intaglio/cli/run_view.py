"""What ``intaglio run`` prints: the layer table, the verdict, the JSON object."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.api.checking import Checked, Settings
    from intaglio.api.comparison import Comparison, Mismatch
    from intaglio.api.outcome import Layer, Run

LONGEST_NAME = 36
SHOWN_INPUTS = 3  # of a batch: the JSON object and the files hold all
TOP = 5
COLUMNS = (
    *("layer", "operator", "where", ">MACs", ">cycles\nRTL", ">cycles\nmodel"),
    *(">model\n- RTL", ">used", ">compared", ">mis-\nmatches"),
)
LEFT_OUT = ("where", ">compared")  # on narrow terminals
WIDE = 110
OTHERS, LEAST_NAME = 72, 8  # characters of the other columns that a narrow terminal gets


def payload(done: Checked, settings: Settings, digest: str) -> dict[str, Any]:
    """Return the JSON object of a run, without what only the verb knows."""
    run = done.run
    found: dict[str, Any] = {
        "model": run.model,
        "device": run.device,
        "config": run.config,
        "config_digest": digest,
        "memory": _memory(settings),
        "stalls": settings.stalls,
        "seed": settings.seed,
        "batch": run.batch,
        "cycles": run.cycles,
        "model_cycles": run.model_cycles,
        "macs": run.macs,
        "utilisation": run.utilisation,
        "compared": _compared(done.comparison),
        "mismatches": done.mismatches,
        "layers": run.layer_dicts(),
        "counters": dict(run.counters),
        "first_mismatch": asdict(done.first) if done.first else None,
        "top": {
            name: [[{"index": i, "value": v} for i, v in row] for row in rows]
            for name, rows in run.top(TOP).items()
        },
    }
    if done.fused is not None and done.fused_comparison is not None:
        found["fused"] = {
            "cycles": done.fused.cycles,
            "utilisation": done.fused.utilisation,
            "compared": _compared(done.fused_comparison),
            "mismatches": done.fused_comparison.mismatches,
        }
    return found


def show(terminal: Terminal, done: Checked, repeat: str) -> None:
    """Print the layer table, the greatest outputs and the verdict."""
    layer_table(terminal, done.run)
    _show_top(terminal, done.run)
    for run, comparison in ((done.run, done.comparison), (done.fused, done.fused_comparison)):
        if run is None or comparison is None:
            continue
        cycles = "" if run.cycles is None else f", {run.cycles} cycles"
        terminal.say(
            f"compared {comparison.tensors} tensors, {comparison.elements} elements with "
            f"{comparison.against}: {comparison.mismatches} mismatches{cycles}",
            style="bold red" if comparison.mismatches else "bold green",
        )
    if done.first is not None:
        _show_mismatch(terminal, done.first, repeat)


def layer_table(terminal: Terminal, run: Run) -> None:
    """Print one line for each layer, and the sums; a narrow terminal gets fewer columns."""
    from intaglio import api

    batch = "1 input" if run.batch == 1 else f"{run.batch} inputs"
    title = f"{run.model} on {run.device}, configuration {run.config}, {batch}"
    wide = terminal.width >= WIDE
    columns = [name for name in COLUMNS if wide or name not in LEFT_OUT]
    longest = LONGEST_NAME if wide else max(terminal.width - OTHERS, LEAST_NAME)
    rows = [_row(layer, longest) for layer in run.layers]
    compared = sum(layer.compared for layer in run.layers)
    total = api.Layer(
        name="all",
        op="",
        where="",
        macs=run.macs,
        cycles=run.cycles,
        model_cycles=run.model_cycles,
        utilisation=run.utilisation,
        compared=compared,
        mismatches=sum(layer.mismatches for layer in run.layers),
    )
    last = _row(total, longest)
    terminal.table(
        columns,
        [[row[name] for name in columns] for row in rows],
        title=title,
        footer=[last[name] for name in columns],
    )


def _row(layer: Layer, longest: int) -> dict[str, str]:
    """Return the text of each column."""
    values = (
        _short(layer.name, longest),
        layer.op,
        layer.where,
        _number(layer.macs or None),
        _number(layer.cycles),
        _number(layer.model_cycles),
        _difference(layer.cycles, layer.model_cycles),
        _share(layer.utilisation),
        _number(layer.compared or None),
        str(layer.mismatches) if layer.compared else "-",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _show_top(terminal: Terminal, run: Run) -> None:
    for name, rows in run.top(TOP).items():
        for batch, row in enumerate(rows[:SHOWN_INPUTS]):
            which = f"[{batch}]" if run.batch > 1 else ""
            values = ", ".join(f"{index}: {value:.4g}" for index, value in row)
            terminal.say(f"{_short(name)}{which}: index: value = {values}")
        if len(rows) > SHOWN_INPUTS:
            terminal.say(f"{_short(name)}: {len(rows) - SHOWN_INPUTS} more inputs in the files")


def _show_mismatch(terminal: Terminal, first: Mismatch, repeat: str) -> None:
    terminal.say(
        f"first mismatch: layer {first.layer} ({first.op}), tensor {first.tensor}, "
        f"batch {first.batch}, y {first.y}, x {first.x}, channel {first.channel}: "
        f"expected {first.expected}, got {first.got}, accumulator "
        f"{'unknown' if first.accumulator is None else first.accumulator}"
    )
    terminal.say(f"repeat with waves: {repeat}")


def _memory(settings: Settings) -> dict[str, Any] | None:
    """Return the memory as it was, None on a device without one that is timed."""
    if settings.device != "sim":
        return None
    from intaglio.api.devices import default_memory

    return asdict(settings.memory or default_memory())


def _compared(comparison: Comparison | None) -> dict[str, int]:
    if comparison is None:
        return {"tensors": 0, "elements": 0}
    return {"tensors": comparison.tensors, "elements": comparison.elements}


def _short(name: str, longest: int = LONGEST_NAME) -> str:
    """Return the end of a long name: converters put what differs there."""
    return name if len(name) <= longest else "…" + name[1 - longest :]


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _difference(cycles: int | None, model: int | None) -> str:
    """Return how far the model is from the gates, in per cent of the gates' cycles."""
    return f"{100 * (model - cycles) / cycles:+.1f} %" if cycles and model is not None else "-"
