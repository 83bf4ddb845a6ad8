"""A built wheel carries all that an installed intaglio reads."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOTS = [ROOT / "hw", ROOT / "sim", ROOT / "sw" / "driver"]
COMPILED = {".pyc", ".so"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the contents of a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("intaglio-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, code: str, folder: Path) -> str:
    """Run `code` with the wheel and the installed dependencies, without the editable install."""
    libraries = [p for p in sys.path if p.endswith("site-packages")]
    # -S leaves .pth files unread, and with them the checkout.
    path = f"import sys; sys.path[:0] = [{str(site)!r}]; sys.path += {libraries!r}\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", path + code],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.stdout


def test_the_wheel_has_every_file_of_the_source_roots(site: Path) -> None:
    source = {
        str(path.relative_to(root))
        for root in ROOTS
        for path in root.glob("intaglio/**/*")
        if path.is_file() and path.suffix not in COMPILED and "__pycache__" not in path.parts
    }
    packed = {str(p.relative_to(site)) for p in site.glob("intaglio/**/*") if p.is_file()}
    assert source <= packed
    extra = {p for p in packed - source if not p.startswith("intaglio/spec/targets/")}
    assert extra == set()


def test_the_wheel_has_one_top_name(site: Path) -> None:
    assert {p.name for p in site.iterdir() if not p.name.endswith(".dist-info")} == {"intaglio"}


def test_the_wheel_has_the_targets_of_the_checkout(site: Path) -> None:
    for path in (ROOT / "constraints").glob("*/*"):
        packed = site / "intaglio/spec/targets" / path.relative_to(ROOT / "constraints")
        assert packed.read_bytes() == path.read_bytes()


def test_targets_are_read_from_the_wheel(site: Path, tmp_path: Path) -> None:
    code = (
        "import intaglio.spec.target as t\n"
        "print(t.__file__); print(t.target_names()); print(t.load_target('ulx3s-85f').pin_text())"
    )
    file, names, *pins = run(site, code, tmp_path).splitlines()
    assert Path(file).is_relative_to(site)
    assert names == str(tuple(sorted(p.name for p in (ROOT / "constraints").iterdir())))
    assert 'LOCATE COMP "clk" SITE "G2";' in pins


@pytest.mark.slow
def test_the_demo_runs_from_the_wheel(site: Path, tmp_path: Path) -> None:
    code = "sys.argv = ['intaglio', 'demo']\nfrom intaglio.cli import main\nmain()"
    assert "64" in run(site, code, tmp_path)
