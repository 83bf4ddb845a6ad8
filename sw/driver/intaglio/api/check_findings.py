"""Everything that can be said of a model before any work is done: faults, places, references."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.api.model import Model, load
from intaglio.spec.config import ArrayConfig
from intaglio.spec.config_file import load_config
from intaglio.spec.errors import Finding, FitError, IntaglioError, UsageError
from intaglio.spec.program import HostStep

if TYPE_CHECKING:
    from intaglio.compiler.passes.certificate import Certificate
    from intaglio.spec.graph import Graph


@dataclass(frozen=True)
class HostLayer:
    """A layer that the host runs.

    Parameters
    ----------
    name, op, why : str
        The layer, its operator, and why the array does not run it.
    bytes_read, bytes_written : int
        What crosses the bus for it, for one input.
    """

    name: str
    op: str
    why: str
    bytes_read: int
    bytes_written: int


@dataclass(frozen=True)
class ModelCheck:
    """What :func:`check_model` found.

    Parameters
    ----------
    model, file : str
        Name of the network and path of the file.
    reference, config : str
        Engine whose rounding is obeyed, and the configuration.
    findings : tuple of Finding
        All that stands in the way; empty: the model compiles and fits.
    layers, operators : int, dict
        How many operators the file has, and how often each occurs; 0 where it cannot be read.
    passes : tuple of Certificate
        What the compiler makes of them before it maps the network.
    runs : dict
        How often each operator occurs in what then runs; empty where findings stand in the way.
    macs : int
        Its useful multiply-accumulates.
    host : tuple of HostLayer
        Its layers that do not run on the array.
    differences : tuple of str
        Where other references give other bits.
    floats : tuple of str
        Layers that the reference itself computes in floating point.
    exit_code : int
        0, or the exit code of the worst finding.
    """

    model: str
    file: str
    reference: str
    config: str
    findings: tuple[Finding, ...]
    layers: int = 0
    macs: int = 0
    operators: dict[str, int] | None = None
    passes: tuple[Certificate, ...] = ()
    runs: dict[str, int] | None = None
    host: tuple[HostLayer, ...] = ()
    differences: tuple[str, ...] = ()
    floats: tuple[str, ...] = ()
    exit_code: int = 0

    @property
    def ok(self) -> bool:
        """Whether the model compiles and fits."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for ``--json``."""
        passes = [entry.as_dict() for entry in self.passes]
        return {"ok": self.ok, **asdict(self), "passes": passes}


def check_model(
    path: Path | str, config: ArrayConfig | str = "default", *, reference: str = "litert"
) -> ModelCheck:
    """Read a model and find all that stands in the way of running it, in one pass.

    Faults of the file, operators, types, precisions and the fit to the buffers are returned, not
    raised.

    Raises
    ------
    UsageError
        E103: the file cannot be read. E101: there is no such reference.
    ConfigError
        The configuration is wrong.
    """
    chosen = load_config(config) if isinstance(config, str) else config
    shown = (str(path), reference, chosen.name)
    try:
        model = load(path)
    except UsageError:
        raise
    except IntaglioError as error:
        return ModelCheck(Path(path).stem, *shown, error.findings, exit_code=error.exit_code)
    return _of_graph(model, chosen, reference, shown)


def _of_graph(
    model: Model, config: ArrayConfig, reference: str, shown: tuple[str, str, str]
) -> ModelCheck:
    from intaglio.compiler.check import faults_of
    from intaglio.compiler.references import differences, float_layers
    from intaglio.spec.rounding import require_reference

    require_reference(reference)
    graph = model.graph
    findings = tuple(faults_of(graph, config, reference))
    code = 3 if findings else 0
    host: tuple[HostLayer, ...] = ()
    passes: tuple[Certificate, ...] = ()
    runs: dict[str, int] = {}
    macs = 0
    if not findings:
        from intaglio.api.rewriting import rewritten
        from intaglio.compiler.compile import compile_graph

        after, passes = rewritten(graph, config, reference)
        try:
            program = compile_graph(after, config, reference=reference)
        except FitError as error:
            findings, code = error.findings, error.exit_code
        else:
            runs = _counts(after)
            macs = sum(layer.macs for layer in program.layers)
            moved = {step.layer for step in program.steps if isinstance(step, HostStep)}
            host = tuple(
                HostLayer(
                    layer.name,
                    layer.op,
                    layer.reason,
                    sum(_bytes(program.tensor(n).image) for n in layer.inputs),
                    _bytes(program.tensor(layer.output).image),
                )
                for index, layer in enumerate(program.layers)
                if index in moved
            )
    return ModelCheck(
        graph.name,
        *shown,
        findings,
        layers=len(graph.nodes),
        macs=macs,
        operators=_counts(graph),
        passes=passes,
        runs=runs,
        host=host,
        differences=differences(graph, reference),
        floats=float_layers(graph, reference),
        exit_code=code,
    )


def _counts(graph: Graph) -> dict[str, int]:
    return dict(Counter(node.op.value for node in graph.nodes))


def _bytes(image: tuple[int, int, int]) -> int:
    return image[0] * image[1] * image[2]
