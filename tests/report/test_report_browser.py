"""The report in a real browser: charts, tables without scripts, no error, no request."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from intaglio import api
from intaglio.api.golden_pass import PASSED

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    *("--enable-logging=stderr", "--v=0"),
)
CHARTS = 8
NO_SCRIPT = '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'
PAGE_KEY = '"network_isolation_key":"file://'


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    return found


@pytest.fixture(scope="module")
def report_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("intaglio.api.reports.golden_check", lambda *_: PASSED)
        data = api.make_report(api.load(api.demo_digits().model), "small")
    api.save_report(data, folder)
    return folder / "report.html"


def opened(program: str, page: Path, folder: Path, *options: str) -> tuple[str, str, list[str]]:
    """Return what the browser prints, its log, and hosts that the page asked for."""
    log = folder / "net.json"
    done = subprocess.run(
        [
            *(program, *QUIET, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}"),
            *(*options, page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    # The browser asks its maker's hosts; what a page asks for carries the page's own key.
    asked = [line for line in log.read_text("utf-8").splitlines() if PAGE_KEY in line]
    urls = [url for line in asked for url in re.findall(r'"url":"([^"]*)"', line)]
    return done.stdout, done.stderr, sorted({urlsplit(url).netloc for url in urls} - {""})


def test_the_page_in_a_browser(browser: str, report_page: Path, tmp_path: Path) -> None:
    document, log, hosts = opened(browser, report_page, tmp_path, "--dump-dom")
    assert document.count("<svg") == document.count("</svg>") >= CHARTS
    assert document.count("<tr") >= len(api.load(api.demo_digits().model).graph.nodes)
    assert "CONSOLE" not in log
    assert not re.search(r"https?://(?!www\.w3\.org)", document)
    assert hosts == []


def test_the_page_needs_no_script(browser: str, report_page: Path, tmp_path: Path) -> None:
    text = report_page.read_text("utf-8")
    assert not re.search(r"<script|javascript:|<[^>]*\son\w+=", text)
    strict = tmp_path / "strict.html"
    strict.write_text(text.replace("<head>", f"<head>{NO_SCRIPT}", 1), "utf-8")
    plain, _, _ = opened(browser, report_page, tmp_path, "--dump-dom")
    document, log, _ = opened(browser, strict, tmp_path, "--dump-dom")
    assert "CONSOLE" not in log
    assert document.count(NO_SCRIPT) == 1
    assert document.replace(NO_SCRIPT, "") == plain


def test_the_log_tells_of_requests_and_errors(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<img src='http://127.0.0.1:9/x.png'><script>console.error('oops')</script>", "utf-8"
    )
    _, log, hosts = opened(browser, page, tmp_path, "--dump-dom")
    assert "CONSOLE" in log
    assert hosts == ["127.0.0.1:9"]
