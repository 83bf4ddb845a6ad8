"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from intaglio.spec.errors import Finding, UsageError

MODE = 0o666  # what open() asks for; the umask takes its share


def write_file(path: Path, data: bytes | str) -> Path:
    """Write `data` beside `path` and rename it, so that no half-written file is ever seen.

    Raises
    ------
    UsageError
        E103: the file cannot be written.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_file(path) as temporary:
            temporary.write_bytes(content)
            temporary.chmod(MODE & ~_umask())
            temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def write_folder(folder: Path, contents: Mapping[str, bytes | str]) -> list[Path]:
    """Write every file of `contents` or none of them, and return their paths.

    All are written beside `folder` first; files of an older run with the same names are replaced,
    others are left alone.

    Raises
    ------
    UsageError
        E103: a file cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        for name, data in contents.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_bytes(data.encode() if isinstance(data, str) else data)
        folder.mkdir(exist_ok=True)
        for name in contents:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).replace(folder / name)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return [folder / name for name in contents]


def fresh_folder(parent: Path, stem: str) -> Path:
    """Return the first of `parent`/`stem`-001, -002, ... that does not exist; nothing is made."""
    number = 1
    while (path := parent / f"{stem}-{number:03d}").exists():
        number += 1
    return path


def read_file(path: Path, need: str) -> bytes:
    """Return the bytes of `path`.

    Parameters
    ----------
    need : str
        What kind of file is wanted, for the message.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            Finding(
                "E103",
                f"{path} cannot be read: {reason}",
                where=str(path),
                have=reason,
                need=need,
                help="check the path and its permissions",
            )
        ) from error


def unwritable(path: Path, error: OSError) -> UsageError:
    """Return the error for a file or folder that cannot be written."""
    reason = error.strerror or str(error)
    return UsageError(
        Finding(
            "E103",
            f"{path} cannot be written: {reason}",
            where=str(path),
            have=reason,
            need="a place that you may write to",
            help="choose another place with --output",
        )
    )


@contextmanager
def _temporary_file(path: Path) -> Iterator[Path]:
    """Yield a name beside `path`; what is left of it in the end is removed."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    """Return this process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
