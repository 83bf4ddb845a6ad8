"""Inputs of a network: files, arrays, images or seeded chance become codes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intaglio.api.files import read_file
from intaglio.runtime.inputs import element_shape
from intaglio.spec.errors import Finding, ModelError, UsageError
from intaglio.spec.formats import INT8, signed
from intaglio.spec.program import Program, TensorPlan

if TYPE_CHECKING:
    from intaglio.api.plan import Inputs

Array = npt.NDArray[np.generic]
Codes = npt.NDArray[Any]
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm")
NEED_FILE = "a .npy or .npz file, or a PNG, JPEG or BMP image"


def read_inputs(paths: Sequence[Path], program: Program) -> dict[str, Array]:
    """Return an array for each input of `program`.

    Parameters
    ----------
    paths : sequence of Path
        One file for each input, in the program's order, or one ``.npz`` file with an array for
        each input, called by its name or ``tNNN``. Images are scaled to the input's size.

    Raises
    ------
    UsageError
        E103: a file cannot be read.
    ModelError
        E305: the number of files or the names of arrays do not fit.
    """
    plans = [program.tensor(number) for number in program.inputs]
    if len(paths) == 1 and paths[0].suffix == ".npz":
        return _from_archive(paths[0], plans)
    if len(paths) != len(plans):
        names = ", ".join(plan.name for plan in plans)
        raise ModelError(
            Finding(
                "E305",
                f"{len(paths)} inputs are given, the model has {len(plans)}",
                where="--input",
                have=f"{len(paths)} files",
                need=f"{len(plans)}: {names}",
                help="give --input once for each, in this order",
            )
        )
    return {plan.name: _from_file(path, plan) for path, plan in zip(paths, plans, strict=True)}


def random_inputs(program: Program, seed: int, batch: int = 1) -> dict[str, Codes]:
    """Return codes drawn evenly from all values of the inputs' widths, the same for one seed."""
    rng = np.random.default_rng(seed)
    plans = [program.tensor(number) for number in program.inputs]
    return {
        plan.name: rng.integers(
            signed(plan.bits).min,
            signed(plan.bits).max + 1,
            (batch, *element_shape(plan)),
            code_type(plan),
        )
        for plan in plans
    }


def code_type(plan: TensorPlan) -> type[np.int8] | type[np.int16]:
    """Return the type in which the codes of a tensor are held."""
    return np.int16 if plan.bits > INT8.bits else np.int8


def signed_codes(array: Array) -> Array:
    """Return uint8 codes, which unsigned models have, as the int8 codes that are run: less 128."""
    if array.dtype != np.uint8:
        return array
    return (array.astype(np.int16) - 128).astype(np.int8)


def as_codes(program: Program, x: Inputs) -> dict[int, Codes]:
    """Return the codes of each input by tensor number, batch first.

    Raises
    ------
    ModelError
        E305: an input is missing, unknown or has the wrong shape. E306: it has the wrong type or
        holds a value that is no number.
    """
    plans = {program.tensor(number).name: program.tensor(number) for number in program.inputs}
    if isinstance(x, Mapping):
        given = dict(x)
    elif len(plans) == 1:
        given = dict.fromkeys(plans, x)
    else:
        given = {}
    findings = [
        _finding(
            f"input {name} is {'missing' if name in plans else 'unknown'}",
            name,
            "a mapping with " + ", ".join(plans),
        )
        for name in plans.keys() ^ given.keys()
    ]
    if findings:
        raise ModelError(findings)
    return {
        plan.number: to_codes(_with_batch(np.asarray(given[name]), plan), plan)
        for name, plan in plans.items()
    }


def to_codes(array: Array, plan: TensorPlan) -> Codes:
    """Return the codes of `array`.

    int8, of 16 bits int16, is taken as it is. Floating point is quantised: round half to even of
    real / scale, plus the zero point, saturated. uint8 counts as the pixels of an image, black to
    white over the range of the codes: code = pixel - 128, which are also the codes of a model
    whose own are unsigned.

    Raises
    ------
    ModelError
        E306: another type, or a value that is no number.
    """
    kind, form = code_type(plan), signed(plan.bits)
    if array.dtype == kind and form.holds(array):
        return array.astype(kind)
    if array.dtype == np.uint8 and plan.bits == INT8.bits:
        return signed_codes(array).astype(np.int8)
    have = str(array.dtype)
    if array.dtype.kind == "f":
        if np.isfinite(array).all():
            scaled = np.rint(array.astype(np.float64) / plan.scale) + plan.zero_point
            return np.asarray(np.clip(scaled, form.min, form.max), kind)
        have = f"{int((~np.isfinite(array)).sum())} values that are no finite number"
    raise ModelError(
        Finding(
            "E306",
            f"input {plan.name} is {have}",
            "--input",
            have,
            f"{form} codes, real numbers as float32 or float64, or uint8 pixels",
            "convert it with array.astype",
        )
    )


def _with_batch(array: Array, plan: TensorPlan) -> Array:
    """Return `array` with a batch axis, which one element may leave out, and channels last."""
    shape = element_shape(plan)
    if array.shape == shape:
        return array[None]
    if array.ndim == len(shape) + 1 and array.shape[1:] == shape and array.shape[0]:
        return array
    if len(shape) == 3 and array.shape[-3:] == (shape[2], *shape[:2]):
        # Channels first, as ONNX has images.
        return _with_batch(np.moveaxis(array, -3, -1), plan)
    need = ",".join(map(str, shape))
    raise ModelError(
        _finding(
            f"input {plan.name} has shape {array.shape}",
            str(array.shape),
            f"({need}), or (N,{need}) for a batch of N",
        )
    )


def _from_file(path: Path, plan: TensorPlan) -> Array:
    data = read_file(path, NEED_FILE)
    if path.suffix == ".npy":
        return _load(data, path)
    if path.suffix.lower() in IMAGES:
        return _image(data, path, plan)
    raise _unreadable(path, f"the name ends in {path.suffix!r}")


def _load(data: bytes, path: Path) -> Array:
    try:
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise _unreadable(path, f"it is no .npy file: {error}") from error


def read_archive(path: Path) -> dict[str, Array]:
    """Return the arrays of an ``.npz`` file.

    Raises
    ------
    UsageError
        E103: it cannot be read, or is no such file.
    """
    data = read_file(path, "an .npz file")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, AttributeError) as error:
        raise _unreadable(path, f"it is no .npz file: {error}") from error


def _from_archive(path: Path, plans: Sequence[TensorPlan]) -> dict[str, Array]:
    arrays = read_archive(path)
    found: dict[str, Array] = {}
    findings = []
    for plan in plans:
        names = [plan.name, f"t{plan.number:03d}"]
        fitting = [name for name in arrays if arrays[name].shape[1:] == element_shape(plan)]
        if len(plans) == 1 and len(fitting) == 1:
            names.append(fitting[0])
        chosen = next((name for name in names if name in arrays), None)
        if chosen is None:
            findings.append(
                _finding(
                    f"{path} has no array for input {plan.name}",
                    ", ".join(arrays),
                    f"an array called {' or '.join(names[:2])}",
                )
            )
        else:
            found[plan.name] = arrays[chosen]
    if findings:
        raise ModelError(findings)
    return found


def _image(data: bytes, path: Path, plan: TensorPlan) -> Array:
    """Return the pixels of an image, scaled to the input's size, as uint8."""
    from PIL import Image, UnidentifiedImageError

    height, width, channels = plan.image
    if channels not in {1, 3}:
        raise ModelError(
            _finding(
                f"input {plan.name} has {channels} channels, which no image has",
                f"{channels} channels",
                "1 (grey) or 3 (RGB)",
            )
        )
    try:
        with Image.open(io.BytesIO(data)) as image:
            plain = image.convert("L" if channels == 1 else "RGB")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise _unreadable(path, f"it is no image: {error}") from error
    if plain.size != (width, height):
        plain = plain.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(plain, np.uint8).reshape(1, *element_shape(plan))


def _finding(message: str, have: str, need: str) -> Finding:
    return Finding("E305", message, "--input", have, need, "give the input in the model's shape")


def _unreadable(path: Path, reason: str) -> UsageError:
    return UsageError(
        Finding(
            "E103",
            f"{path} cannot be read: {reason}",
            where=str(path),
            have=reason,
            need=NEED_FILE,
            help="save the array with numpy.save, or give an image",
        )
    )
