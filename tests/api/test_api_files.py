"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from intaglio.api.files import fresh_folder, write_file, write_folder
from intaglio.spec.errors import UsageError


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_replaces_another(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    write_file(path, "one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a/b.txt"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path / "x", "old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_file(path, "new")
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "f", {"a": "1", "b": "2"})
    monkeypatch.undo()
    assert names(tmp_path) == ["x"]
    assert path.read_text() == "old"


def test_a_folder_keeps_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "mine").write_text("kept")
    paths = write_folder(tmp_path / "f", {"a": "1", "sub/b": b"2"})
    assert [path.read_text() for path in paths] == ["1", "2"]
    assert names(tmp_path) == ["f/a", "f/mine", "f/sub/b"]


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for action in (
        lambda: write_file(tmp_path / "file" / "x", ""),
        lambda: write_folder(tmp_path / "file" / "x", {"a": ""}),
        lambda: write_folder(tmp_path / "file", {"a": ""}),
    ):
        with pytest.raises(UsageError, match="E103"):
            action()
    assert names(tmp_path) == ["file"]


def test_fresh_folders_count_up(tmp_path: Path) -> None:
    assert fresh_folder(tmp_path, "m").name == "m-001"
    (tmp_path / "m-001").mkdir()
    assert fresh_folder(tmp_path, "m").name == "m-002"
