"""Build cache: finished folders named by the content that they were made from."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from intaglio.spec.errors import Finding, UsageError

DEFAULT_LIMIT_MB = 2048
GRACE_SECONDS = 600  # an entry used this recently may be in use: it is not evicted


def folder() -> Path:
    """Return the folder of all caches: ``$INTAGLIO_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("INTAGLIO_CACHE")
    path = Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("intaglio")
    return path.absolute()


def limit_bytes() -> int:
    """Return the size cap in bytes: ``$INTAGLIO_CACHE_MB`` (10**6 bytes each), else 2048 MB.

    Raises
    ------
    UsageError
        E101 if the variable is not a whole number of at least 1.
    """
    text = os.environ.get("INTAGLIO_CACHE_MB", str(DEFAULT_LIMIT_MB))
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(
            Finding(
                "E101",
                f"INTAGLIO_CACHE_MB is {text!r}",
                where="environment",
                have=text,
                need="a whole number of megabytes, 1 or more",
                help="unset it for the default of 2048",
            )
        )
    return int(text) * 10**6


def digest(*parts: str | bytes) -> str:
    """Return the SHA-256 of `parts` as hexadecimal; where one part ends is part of the content."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


def entry(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of ``kind`` and ``key``; on the first call `make` fills it.

    `make` works in a temporary folder that is renamed when it returns, so a folder with the final
    name is always whole: an interrupted or failed `make` leaves nothing behind. Processes that
    want one entry wait for each other; the first makes it.

    Parameters
    ----------
    kind : str
        What the entry is, a file-name prefix.
    key : str
        :func:`digest` of everything that decides the content, versions of tools included.
    make : callable
        Fills the folder that it is given.
    """
    name = f"{kind}-{key[:32]}"
    final = folder() / "builds" / name
    if not _touch(final):
        with _lock(name):
            if not _touch(final):
                _make(name, final, make)
        evict()
    return final


def has(kind: str, key: str) -> bool:
    """Tell whether :func:`entry` would return without making anything."""
    return (folder() / "builds" / f"{kind}-{key[:32]}").is_dir()


def remove_tree(path: Path) -> None:
    """Remove a folder that is no longer wanted; what another process removed first is no fault."""
    shutil.rmtree(path, ignore_errors=True)


def evict() -> None:
    """Remove the entries used longest ago until the cache is within three quarters of its cap.

    The last quarter is the compile cache's own. Entries used within the last ten minutes stay.
    """
    _sweep_partial()
    now = time.time()
    aged = []
    for path in _children("builds"):
        try:
            aged.append((path.stat().st_mtime, _size(path), path))
        except FileNotFoundError:
            continue  # another process evicts too
    total = sum(size for _, size, _ in aged)
    for used, size, path in sorted(aged):
        if total <= limit_bytes() * 3 // 4 or now - used < GRACE_SECONDS:
            return
        total -= size
        _remove(path)


def _make(name: str, final: Path, make: Callable[[Path], None]) -> None:
    partial = folder() / "partial"
    partial.mkdir(parents=True, exist_ok=True)
    final.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=partial))
    try:
        make(work)
        work.rename(final)
    finally:
        remove_tree(work)


def _lock(name: str) -> FileLock:
    locks = folder() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    return FileLock(locks / f"{name}.lock")


def _touch(path: Path) -> bool:
    """Note that `path` was used now; False if it does not exist."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _children(name: str) -> list[Path]:
    parent = folder() / name
    return list(parent.iterdir()) if parent.is_dir() else []


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _remove(path: Path) -> None:
    """Remove an entry so that no reader ever sees half of it."""
    partial = folder() / "partial"
    partial.mkdir(parents=True, exist_ok=True)
    try:
        doomed = path.rename(Path(tempfile.mkdtemp(prefix="evicted.", dir=partial)) / path.name)
    except FileNotFoundError:
        return
    remove_tree(doomed.parent)


def _sweep_partial() -> None:
    """Remove what killed processes left: partial folders whose lock nobody holds."""
    for path in _children("partial"):
        lock = _lock(path.name.rsplit(".", 1)[0])
        try:
            with lock.acquire(blocking=False):
                remove_tree(path)
        except Timeout:
            continue
