"""Files of a run: outputs, inputs, the report, waves."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.api.files import unwritable, write_folder
from intaglio.api.outcome import Run
from intaglio.api.plan import Plan
from intaglio.spec.errors import Finding, UsageError

LONGEST_STEM = 60
LAST_CYCLE = 1 << 62


def save_run(
    folder: Path,
    plan: Plan,
    run: Run,
    x: Mapping[str, npt.NDArray[np.generic]],
    report: Mapping[str, Any],
) -> dict[str, str]:
    """Write all files of a run to `folder`, or none, and return output name to path.

    ``NAME.npy`` holds an output's codes, ``NAME.real.npy`` its real values, ``input.NAME.npy``
    what was run, ``run.json`` the report with these paths.

    Raises
    ------
    UsageError
        E103: the folder cannot be written.
    """
    stems = _stems((*run.outputs, *x))
    contents: dict[str, bytes | str] = {}
    for name, codes in run.outputs.items():
        contents[f"{stems[name]}.npy"] = _npy(codes)
        contents[f"{stems[name]}.real.npy"] = _npy(run.real[name])
    for name, values in x.items():
        contents[f"input.{stems[name]}.npy"] = _npy(values)
    paths = {name: str(folder / f"{stems[name]}.npy") for name in run.outputs}
    contents["run.json"] = json.dumps({**report, "outputs": paths}, indent=1) + "\n"
    write_folder(folder, contents)
    return paths


@contextmanager
def wave_file(folder: Path, window: str | None) -> Iterator[tuple[Path, int, int] | None]:
    """Yield (file, first cycle, last cycle) for a device; ``dump.vcd`` appears in the end.

    Parameters
    ----------
    folder : Path
        Where ``dump.vcd`` goes.
    window : str or None
        ``"all"`` or ``"FIRST:LAST"``; None: no waves.

    Raises
    ------
    UsageError
        E101: the window is not as it should be. E103: the folder cannot be written.
    """
    if window is None:
        yield None
        return
    first, last = _window(window)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".waves.", dir=folder.parent) as staging:
            yield Path(staging) / "dump.vcd", first, last
            folder.mkdir(exist_ok=True)
            (Path(staging) / "dump.vcd").replace(folder / "dump.vcd")
    except OSError as error:
        raise unwritable(folder / "dump.vcd", error) from error


def _window(text: str) -> tuple[int, int]:
    if text == "all":
        return 0, LAST_CYCLE
    match = re.fullmatch(r"(\d+):(\d+)", text)
    if match is None or int(match[1]) >= int(match[2]):
        raise UsageError(
            Finding(
                "E101",
                f"waves is {text}",
                where="--waves",
                have=text,
                need="all, or FIRST:LAST with FIRST before LAST",
                help="give cycles counted from reset, such as 1000:2000",
            )
        )
    return int(match[1]), int(match[2])


def _npy(array: npt.NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _stems(names: tuple[str, ...]) -> dict[str, str]:
    """Return a file name for each tensor, each once."""
    stems: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^\w.-]+", "_", name)[-LONGEST_STEM:].strip("._") or "tensor"
        stem, number = plain, 2
        while stem in stems.values():
            stem, number = f"{plain}-{number}", number + 1
        stems[name] = stem
    return stems
