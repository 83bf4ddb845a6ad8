"""Allocations of bits from files: a model with samples, or a table of sensitivities."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from intaglio.api.allocations import Allocated, Told, allocate_bits
from intaglio.api.bits import KEPT_BITS, Bits
from intaglio.api.files import read_file
from intaglio.api.inputs import read_inputs
from intaglio.api.plan import compile as compile_model
from intaglio.api.plan import open_plan
from intaglio.quantise.allocate import allocate
from intaglio.quantise.sensitivity_table import read_table, table_problem
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.errors import Finding, ModelError


@dataclass(frozen=True)
class AllocatedTable:
    """Bits of the rows of a table.

    Parameters
    ----------
    layers : dict
        Name of the layer to its bits.
    gain : float
        Loss less that of the least width everywhere, 0 or below.
    """

    budget: str
    share: float
    layers: dict[str, int]
    cost: float
    limit: float
    loss: float
    gain: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for ``--json``."""
        return asdict(self)


def allocate_table(path: Path, budget: str, share: float) -> AllocatedTable:
    """Return the bits of the layers of a table within a budget.

    Parameters
    ----------
    budget, share
        See :func:`intaglio.quantise.sensitivity_table.table_problem`.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E307: it is no such table.
    """
    text = read_file(path, "a table of sensitivities").decode("utf-8", "replace")
    rows, widths = read_table(text, str(path))
    problem, place = table_problem(rows, widths, budget, share, str(path))
    found = allocate(problem)
    least = problem.loss([0] * len(problem.groups))
    layers = {row["layer"]: found.options[p] for row, p in zip(rows, place, strict=True)}
    return AllocatedTable(
        budget, share, layers, found.cost, problem.budget, found.loss, found.loss - least
    )


def allocate_model(
    path: Path,
    data: Path,
    config: ArrayConfig | str = "bench256",
    *,
    budget: str = "cycles",
    limit: float | None = None,
    share: float | None = None,
    widths: Sequence[int] = (4, 8),
    count: int = 32,
    traces: Path | None = None,
    tell: Told | None = None,
) -> Allocated:
    """Return the bits of the tensors of a model file within a budget.

    Parameters
    ----------
    path, data : Path
        Model, and an ``.npz`` file of inputs, of which the first `count` are used.
    traces : Path, optional
        Table with the columns ``layer`` and ``hessian_trace_per_param``.
    config, budget, limit, share, widths, tell
        See :func:`intaglio.api.allocations.allocate_bits`.

    Raises
    ------
    UsageError, ConfigError, ModelError, FitError
        A file or name is not as it should be, or nothing costs as little.
    """
    from intaglio.api.inputs import as_codes
    from intaglio.api.model import load

    chosen = load_config(config) if isinstance(config, str) else config
    model = load(path)
    program = compile_model(model, chosen).program
    arrays = {name: array[:count] for name, array in read_inputs([data], program).items()}
    return allocate_bits(
        model,
        chosen,
        as_codes(program, arrays),
        budget=budget,
        limit=limit,
        share=share,
        widths=widths,
        traces=None if traces is None else _traces(traces),
        tell=tell,
    )


def accuracies(
    path: Path, data: Path, config: ArrayConfig | str, found: Allocated, tell: Told | None = None
) -> dict[str, float]:
    """Return the share of right classes at eight bits, as allocated, and at the least width.

    Parameters
    ----------
    path, data, config
        As :func:`allocate_model` had them; the data hold labels.
    """
    from intaglio.api.evaluation import evaluate

    kinds: dict[str, Bits | int] = {"8": KEPT_BITS, "allocated": found.bits, "least": found.narrow}
    return {
        name: evaluate(open_plan(path, config, bits=bits), data, tell=tell).accuracy
        for name, bits in kinds.items()
    }


def _traces(path: Path) -> dict[str, float]:
    text = read_file(path, "a table of traces").decode("utf-8", "replace")
    try:
        return {
            row["layer"]: float(row["hessian_trace_per_param"])
            for row in csv.DictReader(io.StringIO(text))
        }
    except (KeyError, ValueError, TypeError) as error:
        need = "columns layer and hessian_trace_per_param"
        raise ModelError(
            Finding("E307", f"{path} holds no traces", str(path), str(error), need, f"give {need}")
        ) from error
