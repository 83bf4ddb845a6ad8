"""The shipped digits network and its held-out images."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SHADES = " ░▒▓█"
CHARACTERS_PER_PIXEL = 2  # a character is about twice as high as it is wide


@dataclass(frozen=True, eq=False)
class DemoDigits:
    """Images that the network has not seen in training.

    Parameters
    ----------
    model : Path
        The quantised network.
    images : int8 array N,8,8,1
        Codes of its input.
    labels : int64 array
        What they show.
    """

    model: Path
    images: npt.NDArray[np.int8]
    labels: npt.NDArray[np.int64]

    def right(self, outputs: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
        """Tell for each image whether the greatest output is the label's."""
        answers = outputs.reshape(len(outputs), -1).argmax(axis=1)
        return np.asarray(answers == self.labels, np.bool_)


def demo_digits() -> DemoDigits:
    """Return the network and images that the package carries."""
    folder = Path(str(files("intaglio.api") / "data"))
    with np.load(folder / "digits_test.npz") as data:
        return DemoDigits(folder / "digits.tflite", data["images"], data["labels"].astype(np.int64))


def picture(image: npt.NDArray[np.integer[Any]]) -> list[str]:
    """Return an H,W,1 image of int8 codes as lines of shaded blocks, dark to bright."""
    levels = (image[..., 0].astype(np.int64) + 128) * len(SHADES) // 256
    return ["".join(SHADES[level] * CHARACTERS_PER_PIXEL for level in row) for row in levels]
