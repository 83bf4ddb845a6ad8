"""Options and fixtures of all tests: ``--seed``, ``--slow``, the folder of reference data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings

# A busy machine is no fault: no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=1, help="seed of all random stimulus")
    parser.addoption("--slow", action="store_true", help="run the long sweeps too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="long sweep: run with --slow or make check-slow")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed {config.getoption('--seed')} (repeat with --seed)"


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """Seed of this run; a failure prints it in the header."""
    value = request.config.getoption("--seed")
    return int(value)


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference models and golden data; the test is skipped where it is absent."""
    folder = Path(os.environ.get("INTAGLIO_SHARED", ROOT.parent / "shared"))
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference data in {folder}; set INTAGLIO_SHARED to its folder")
    return folder


def _setting() -> dict[str, str]:
    """Return what a test may not leave changed: tools' variables and the working folder."""
    names = ("PATH", "PYTHONPATH", "MAKEFLAGS", "VERILATOR_ROOT", "OBJCACHE")
    kept = {k: v for k, v in os.environ.items() if k in names or k.startswith("INTAGLIO_")}
    return kept | {"working folder": str(Path.cwd())}


@pytest.fixture(autouse=True)
def _same_setting() -> Iterator[None]:
    """A test that leaves tools' variables or another working folder behind fails."""
    before = _setting()
    yield
    assert _setting() == before


@pytest.fixture
def reference() -> Callable[[Path, npt.NDArray[np.int8], int], npt.NDArray[np.int8]]:
    """Return a function: a tensor of a model, as LiteRT's reference kernels compute it."""
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="no ai-edge-litert: extra dev"
    )

    def run(model: Path, images: npt.NDArray[np.int8], number: int) -> npt.NDArray[np.int8]:
        interpreter = litert.Interpreter(
            model_content=model.read_bytes(),
            # The default resolver takes a delegate that rounds in another way.
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        interpreter.allocate_tensors()
        rows = []
        for image in images:
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
            interpreter.invoke()
            rows.append(interpreter.get_tensor(number).copy())
        return np.concatenate(rows)

    return run


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty build cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("INTAGLIO_CACHE", str(folder))
    return folder
