from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from intaglio.spec.errors import UsageError
from intaglio.tooling import cache


def _maker(calls: list[Path], size: int = 10):  # type: ignore[no-untyped-def]
    def make(work: Path) -> None:
        calls.append(work)
        (work / "file").write_bytes(b"x" * size)

    return make


def test_an_entry_is_made_once(fresh_cache: Path) -> None:
    calls: list[Path] = []
    first = cache.entry("kind", cache.digest("a"), _maker(calls))
    assert cache.entry("kind", cache.digest("a"), _maker(calls)) == first
    assert cache.entry("kind", cache.digest("b"), _maker(calls)) != first
    assert len(calls) == 2
    assert cache.has("kind", cache.digest("a"))
    assert first.is_relative_to(fresh_cache)


def test_a_digest_knows_where_parts_end() -> None:
    assert cache.digest("ab", "c") != cache.digest("a", "bc")


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_broken_make_leaves_nothing(fresh_cache: Path, error: type[BaseException]) -> None:
    def make(work: Path) -> None:
        (work / "half").write_text("x")
        raise error

    with pytest.raises(error):
        cache.entry("kind", cache.digest("a"), make)
    assert not cache.has("kind", cache.digest("a"))
    assert list((fresh_cache / "partial").iterdir()) == []


def test_what_a_killed_process_left_is_swept(fresh_cache: Path) -> None:
    left = fresh_cache / "partial" / "kind-0123.abc"
    left.mkdir(parents=True)
    cache.entry("kind", cache.digest("a"), _maker([]))
    assert not left.exists()


def test_the_entries_used_longest_ago_go_first(
    fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAGLIO_CACHE_MB", "1")  # 750 kB for builds
    now = time.time()
    paths = []
    for age, name in ((5000, "a"), (9000, "b"), (1, "c")):
        paths.append(cache.entry("kind", cache.digest(name), _maker([], 300_000)))
        os.utime(paths[-1], (now - age, now - age))
    cache.evict()
    assert [path.exists() for path in paths] == [True, False, True]


def test_an_entry_in_use_is_not_evicted(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAGLIO_CACHE_MB", "1")
    paths = [cache.entry("kind", cache.digest(n), _maker([], 600_000)) for n in "ab"]
    assert all(path.exists() for path in paths)


@pytest.mark.parametrize("text", ["", "0", "-1", "much"])
def test_a_bad_limit_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with monkeypatch.context() as changed:
        changed.setenv("INTAGLIO_CACHE_MB", text)
        with pytest.raises(UsageError, match="INTAGLIO_CACHE_MB"):
            cache.limit_bytes()


PROGRAM = """
import sys, time
from pathlib import Path
from intaglio.tooling import cache
def make(work):
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")
    time.sleep(0.5)
    (work / "file").write_text("x")
print(cache.entry("kind", cache.digest("a"), make))
"""


def test_parallel_processes_make_an_entry_once(fresh_cache: Path, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    log = tmp_path / "log"
    command = [sys.executable, "-c", PROGRAM, str(log)]
    children = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = {child.communicate(timeout=60)[0] for child in children}
    assert len(outputs) == 1
    assert log.read_text() == "made\n"
