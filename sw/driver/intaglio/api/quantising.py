"""Quantises a float model file on samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intaglio.api.files import read_file
from intaglio.api.inputs import read_archive
from intaglio.spec.errors import Finding, ModelError

if TYPE_CHECKING:
    from intaglio.quantise.run import Quantised
    from intaglio.quantise.scheme import Scheme

Array = npt.NDArray[Any]
COUNT = 32
"""Samples that are used by default."""


def quantise(
    path: Path | str,
    data: Path | Mapping[str, Array],
    scheme: Scheme | None = None,
    *,
    count: int = COUNT,
    tell: Callable[[str], None] | None = None,
) -> Quantised:
    """Quantise a float ONNX file.

    Parameters
    ----------
    path : Path or str
        The file.
    data : Path or mapping of input name to array
        Samples along the first axis, as real numbers in the shape of the input; images may have
        their channels last. A path: an ``.npz`` file, whose only array of a fitting shape is taken
        where the names differ.
    scheme : Scheme, optional
        How; None: 8 bits, ranges of least squared error, a scale for each output channel.
    count : int
        At most so many samples.

    Raises
    ------
    UsageError
        E101: a setting is not allowed. E103: a file cannot be read.
    ModelError
        E301 to E304: from the file. E305: the samples do not fit. E306: they are no numbers.
    """
    from intaglio.quantise.network import read_float
    from intaglio.quantise.run import quantise as run
    from intaglio.quantise.scheme import Scheme

    file = Path(path)
    content = read_file(file, "a float .onnx model")
    model = read_float(content, str(file), file.parent)
    arrays = read_archive(data) if isinstance(data, Path) else data
    samples = {
        name: fitting(arrays, name, shape, str(data) if isinstance(data, Path) else "samples")[
            :count
        ].reshape(-1, *shape)
        for name, (_, shape) in model.inputs.items()
    }
    if len({len(array) for array in samples.values()}) > 1:
        raise _unfit("samples", "inputs have different numbers of samples", "as many of each")
    return run(content, str(file), samples, scheme or Scheme(), folder=file.parent, tell=tell)


def fitting(
    arrays: Mapping[str, Array], name: str, shape: tuple[int, ...], where: str
) -> npt.NDArray[np.float32]:
    """Return the samples of an input: N, then `shape` without its batch of 1.

    Raises
    ------
    ModelError
        E305: no array, or several, have the shape. E306: a value is no number.
    """
    element = shape[1:]
    turned = (*element[1:], element[0]) if len(element) == 3 else element
    known = [key for key in arrays if arrays[key].shape[1:] in {element, turned, shape}]
    chosen = name if name in arrays else known[0] if len(known) == 1 else None
    if chosen is None or chosen not in known or not len(arrays[chosen]):
        have = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
        raise _unfit(where, f"no samples for input {name}: {have}", f"{name} (N,{element})")
    array = arrays[chosen]
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise ModelError(
            Finding(
                "E306",
                f"{where}: {chosen} is {array.dtype}, or holds values that are no finite number",
                where=where,
                have=str(array.dtype),
                need="finite numbers",
                help="leave out broken samples",
            )
        )
    if array.shape[1:] not in {element, shape}:
        array = np.moveaxis(array, -1, 1)
    return np.asarray(array.reshape(-1, *element), np.float32)


def _unfit(where: str, message: str, need: str) -> ModelError:
    return ModelError(
        Finding("E305", f"{where}: {message}", where, message, need, "give samples of this shape")
    )
