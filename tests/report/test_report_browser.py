"""The report in a real browser: charts, no error in the console, no request."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from intaglio import api
from intaglio.api.golden_pass import PASSED

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def test_the_page_in_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    monkeypatch.setattr("intaglio.api.reports.golden_check", lambda *_: PASSED)
    data = api.make_report(api.load(api.demo_digits().model), "small")
    api.save_report(data, tmp_path / "r")
    done = subprocess.run(
        [
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
            *("--v=0", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"),
            f"file://{tmp_path / 'r' / 'report.html'}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.count("<svg") == done.stdout.count("</svg>") >= 8
    assert "CONSOLE" not in done.stderr
    assert not re.search(r"https?://(?!www\.w3\.org)", done.stdout)
