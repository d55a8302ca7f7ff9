"""`make bench-start`: from an empty clone to the first page and the first word of an answer.

What is committed is cloned, `make up` run in it, and a person signs in with a real browser, asks
the built-in model one of its example questions and waits for a word. Packages come from the
registry or from pip's and uv's own caches, whatever this machine has.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from humana.embedded.process import free_port
from tests.plugins.needs import QUIET, chromium

ROOT = Path(__file__).resolve().parents[2]

PASSWORD = "first-light-71"
#: Longer than the slowest machine we have seen needs; seconds.
PATIENCE = 600


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="humana-start-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        port = free_port()
        began = time.monotonic()
        launcher = _make_up(clone, port)
        try:
            _report("first HTTP 200 (/health/ready)", _until_ready(port) - began)
            asked, word = _first_word(f"http://127.0.0.1:{port}")
            _report("the same to the first word of an answer in the browser", word - began)
            _report("of which from the question to its first word", word - asked)
        finally:
            os.killpg(launcher.pid, signal.SIGINT)
            launcher.wait(60)
        size = subprocess.run(["du", "-sm", str(clone / ".venv")], capture_output=True, text=True, check=True)
        print(f"size of the environment: {size.stdout.split()[0]} MB")
    return 0


def _make_up(clone: Path, port: int) -> subprocess.Popen[bytes]:
    given = {name: value for name, value in os.environ.items() if not name.startswith(("HUMANA_", "DJANGO_"))}
    given |= {"PORT": str(port), "HUMANA_DEMO_PASSWORD": PASSWORD}
    return subprocess.Popen(
        ["make", "up"],
        cwd=clone,
        env=given,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def _until_ready(port: int) -> float:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return time.monotonic()
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("make up was never ready")


def _first_word(url: str) -> tuple[float, float]:
    """When the question was sent, and when a word of its answer stood on the page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=QUIET)
        page = browser.new_context(locale="en-US").new_page()
        page.goto(f"{url}/accounts/login/?next=/o/aurora/companions/alice/")
        page.get_by_label("E-mail").fill("ana@aurora.example")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Começar uma conversa").click()  # Ana reads Portuguese
        page.get_by_role("textbox", name="Mensagem para Alice").fill("Explain what a blood test is.")
        asked = time.monotonic()
        page.keyboard.press("Enter")
        page.wait_for_function(
            "() => document.querySelector('article.companion [data-text]')?.innerText.trim().length > 3"
        )
        word = time.monotonic()
        browser.close()
    return asked, word


def _report(what: str, seconds: float) -> None:
    print(f"{what:<60} {seconds:6.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
