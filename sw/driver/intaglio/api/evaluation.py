"""Accuracy of a classifier on labelled data: on golden operators, and a sample in gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intaglio.api.inputs import as_codes, read_archive
from intaglio.api.plan import Plan
from intaglio.runtime.inputs import element_shape
from intaglio.spec.errors import Finding, ModelError

if TYPE_CHECKING:
    from intaglio.api.checking import Settings

Array = npt.NDArray[Any]
Told = Callable[[str], None]
LABELS = ("labels", "label", "y", "targets", "classes")
TOP = 5
AT_ONCE = 16


@dataclass(frozen=True)
class ClassFigures:
    """One class.

    Parameters
    ----------
    support : int
        Samples that are of it.
    precision, recall, f1 : float or None
        Shares from 0 to 1; None: there is nothing to take a share of.
    """

    label: int
    support: int
    predicted: int
    right: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Sample:
    """Samples that ran in gates too.

    Parameters
    ----------
    count : int
        How many.
    right : int
        Whose class the gates found.
    elements, mismatches : int
        Of the network's output, compared with the golden operators.
    cycles : int or None
        Of all of them.
    """

    count: int
    right: int
    elements: int
    mismatches: int
    cycles: int | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network made of labelled data.

    Parameters
    ----------
    confusion : int array
        Rows: labels; columns: predictions.
    top5 : float or None
        Share of samples whose label is among the five greatest outputs; None: there are no more.
    sample : Sample or None
        In gates.
    """

    model: str
    count: int
    right: int
    confusion: npt.NDArray[np.int64]
    top5: float | None
    sample: Sample | None = None

    @property
    def accuracy(self) -> float:
        """Share of samples whose class was found."""
        return self.right / self.count

    @property
    def classes(self) -> tuple[ClassFigures, ...]:
        """Figures of each class."""
        return tuple(_figures(self.confusion, label) for label in range(len(self.confusion)))


def evaluate(
    plan: Plan,
    data: Path | Mapping[str, Array],
    *,
    labels: str = "",
    real: bool = False,
    settings: Settings | None = None,
    sample: int = 0,
    tell: Told | None = None,
) -> Evaluation:
    """Run labelled data through the golden operators, and the first of them through a device.

    Parameters
    ----------
    plan : Plan
        Compiled from a model file.
    data : Path or mapping of name to array
        An array for each input and the labels; inputs as :meth:`intaglio.api.plan.Plan.run` takes
        them. A path: an ``.npz`` file.
    labels : str
        Name of the labels, integers from 0; empty: one of :data:`LABELS`, or the only array of
        one integer for each sample.
    real : bool
        Integers are real numbers, to be quantised by the model's own scale.
    settings, sample
        The device, and how many samples run on it.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ModelError
        E305, E306: the data do not fit the model; E307: there are no labels, or the output is no
        row of classes.
    """
    if plan.model is None:
        raise _unfit("a saved program is no model", "a program file", "a .tflite or .onnx file")
    arrays = read_archive(data) if isinstance(data, Path) else dict(data)
    truth = _labels(arrays, labels)
    inputs = _inputs(plan, arrays, len(truth), real=real)
    codes = as_codes(plan.program, inputs)
    scores = _golden(plan, codes, len(truth), tell or (lambda _: None))
    kinds = max(scores.shape[1], 1)
    if kinds > 1 and truth.max() >= kinds:
        have = f"a label of {truth.max()}, {kinds} classes"
        raise _unfit("labels do not fit the output", have, f"0 to {kinds - 1}")
    found = _classes(scores)
    size = kinds if kinds > 1 else int(max(truth.max(), found.max())) + 1
    confusion = np.zeros((size, size), np.int64)
    np.add.at(confusion, (truth, found), 1)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
    top5 = float((best == truth[:, None]).any(axis=1).mean()) if kinds > TOP else None
    ran = None
    if settings is not None and sample:
        ran = _sampled(plan, inputs, min(sample, len(truth)), settings, scores, truth)
    right = int((found == truth).sum())
    return Evaluation(plan.program.model, len(truth), right, confusion, top5, ran)


def labelled(
    plan: Plan, data: Path, labels: str = ""
) -> tuple[dict[int, Array], npt.NDArray[np.int64]]:
    """Return the codes of each input by tensor number, and the labels; see :func:`evaluate`."""
    arrays = read_archive(data)
    truth = _labels(arrays, labels)
    inputs = _inputs(plan, arrays, len(truth), real=False)
    return dict(as_codes(plan.program, inputs)), truth


def _classes(scores: Array) -> Array:
    return scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0]


def _labels(arrays: dict[str, Array], name: str) -> npt.NDArray[np.int64]:
    """Take the labels out of `arrays`."""
    whole = [k for k, a in arrays.items() if a.dtype.kind in "iu" and a.size == len(a) > 0]
    known = [key for key in LABELS if key in whole] or whole
    chosen = name or (known[0] if known else "")
    if chosen not in whole:
        have = ", ".join(f"{key} {a.dtype} {a.shape}" for key, a in arrays.items())
        raise _unfit("there are no labels", have, "integers (N,), called labels or by --labels")
    found = arrays.pop(chosen).reshape(-1).astype(np.int64)
    if found.min() < 0:
        raise _unfit(f"labels {chosen} go down to {found.min()}", str(found.min()), "0 and more")
    return found


def _inputs(plan: Plan, arrays: dict[str, Array], count: int, *, real: bool) -> dict[str, Array]:
    """Return an array for each input: by name, or the only one of its shape."""
    found = {}
    for number in plan.program.inputs:
        tensor = plan.program.tensor(number)
        shape = element_shape(tensor)
        turned = (shape[-1], *shape[:-1]) if len(shape) == 3 else shape
        fitting = [k for k, a in arrays.items() if a.shape[1:] in {shape, turned}]
        key = tensor.name if tensor.name in arrays else fitting[0] if len(fitting) == 1 else ""
        if not key or len(arrays[key]) != count:
            have = ", ".join(f"{k} {a.shape}" for k, a in arrays.items())
            need = f"{tensor.name} ({count},{','.join(map(str, shape))})"
            raise _unfit(f"no {count} samples for input {tensor.name}", have, need, "E305")
        array = arrays[key]
        found[tensor.name] = array.astype(np.float64) if real else array
    return found


def _golden(plan: Plan, codes: Mapping[int, Array], count: int, tell: Told) -> Array:
    """Return the codes of the output, a row for each sample."""
    from intaglio.api.rewriting import golden_graph
    from intaglio.golden.network import run_graph

    graph, parts = golden_graph(plan), []
    for first in range(0, count, AT_ONCE):
        tell(f"golden: {first} of {count} samples")
        part = {number: array[first : first + AT_ONCE] for number, array in codes.items()}
        out = run_graph(graph, part, plan.reference)[graph.outputs[0]]
        parts.append(out.reshape(len(next(iter(part.values()))), -1))
    return np.concatenate(parts).astype(np.int64)


def _sampled(
    plan: Plan,
    inputs: Mapping[str, Array],
    count: int,
    settings: Settings,
    scores: Array,
    truth: npt.NDArray[np.int64],
) -> Sample:
    run = settings.run(plan, {name: a[:count] for name, a in inputs.items()}, keep=False)
    name = plan.program.tensor(plan.program.outputs[0]).name
    got = run.outputs[name].reshape(count, -1).astype(np.int64)
    return Sample(
        count,
        int((_classes(got) == truth[:count]).sum()),
        got.size,
        int((got != scores[:count]).sum()),
        run.cycles,
    )


def _figures(confusion: npt.NDArray[np.int64], label: int) -> ClassFigures:
    right, support = int(confusion[label, label]), int(confusion[label].sum())
    predicted = int(confusion[:, label].sum())
    both = support + predicted
    return ClassFigures(
        label,
        support,
        predicted,
        right,
        right / predicted if predicted else None,
        right / support if support else None,
        2 * right / both if both else None,
    )


def _unfit(message: str, have: str, need: str, code: str = "E307") -> ModelError:
    return ModelError(Finding(code, message, "--data", have, need, "give labelled samples"))
