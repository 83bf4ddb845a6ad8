"""The reference pages say what the code says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from intaglio.api import reference
from intaglio.spec import commands, registers
from intaglio.spec.errors import CODES

FOLDER = Path(__file__).parents[1] / "docs" / "reference"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.pages()


def test_no_page_is_stale(pages: dict[str, str]) -> None:
    found = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    assert found.keys() == pages.keys()
    assert [name for name, text in pages.items() if found[name] != text] == [], "run make docs"


def test_a_stale_page_is_found(
    tmp_path: Path, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FOLDER, tmp_path / "reference")
    monkeypatch.setattr(reference, "pages", lambda: pages)
    arguments = ["--check", "--output", str(tmp_path / "reference")]
    assert reference.main(arguments) == 0
    page = tmp_path / "reference" / "registers.md"
    page.write_text(page.read_text().replace("0x010", "0x014"))
    (tmp_path / "reference" / "errors.md").unlink()
    assert reference.main(arguments) == 1
    assert {path.name for path in reference.stale_pages(page.parent)} == {
        "registers.md",
        "errors.md",
    }


def test_pages_name_everything(pages: dict[str, str]) -> None:
    assert [
        r.name for r in registers.REGISTERS if f"| {r.name} |" not in pages["registers.md"]
    ] == []
    assert [code for code in CODES if f"| {code} |" not in pages["errors.md"]] == []
    for record in commands.RECORDS.values():
        for field in record.fields:
            assert f"| `{field.name}` |" in pages["commands.md"]
    assert "| `pixels` | `4` | P, output pixels" in pages["configuration.md"]
    assert "## intaglio run" in pages["cli.md"]
