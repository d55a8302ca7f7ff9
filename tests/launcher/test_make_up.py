"""The whole house, as `make up` starts it."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from humana.embedded.process import free_port
from tests.launcher.launching import ELSEWHERE, Launched, family, launched, lives, until

pytestmark = [pytest.mark.needs("linux"), pytest.mark.battery]

ALL = {"HUMANA_LLM_URL": ELSEWHERE, "HUMANA_DEMO": "0"}


def status(launcher: Launched) -> int:
    with urlopen(f"{launcher.told()['HUMANA_URL']}/health/ready", timeout=10) as page:
        return int(page.status)


def test_everything_comes_up_survives_a_kill_and_stops_in_order(tmp_path: Path) -> None:
    home, port = tmp_path / 'it\'s a "home"', str(free_port())
    with launched(home, "--with-parent", PORT=port, **ALL) as first:
        assert first.told()["PORT"] == port
        assert status(first) == 200
        children = family(first.pid)
        first.end(signal.SIGKILL)
        until(lambda: not any(lives(pid) for pid in children), seconds=10)

    began = time.monotonic()
    with launched(home, "--with-parent", PORT=port, **ALL) as second:
        assert time.monotonic() - began < 30  # 10 s on an idle machine
        assert status(second) == 200
        children = family(second.pid)
        until(lambda: "celery.apps.worker" in loggers(home / "logs" / "worker.log"), seconds=20)
        port_is_taken(tmp_path / "other", port)
        assert second.end(signal.SIGINT, within=30) == 0
        assert "did not stop by itself" not in second.said()
    assert not [pid for pid in children if lives(pid)]


def loggers(log: Path) -> set[str]:
    """Who wrote in it a line as web processes do: in JSON, with the organization where there is one."""
    lines = (line for line in log.read_text().splitlines() if line.startswith("{"))
    return {json.loads(line)["logger"] for line in lines}


def port_is_taken(home: Path, port: str) -> None:
    """Another launcher is told plainly that it cannot have this port."""
    given = {"DATABASE_URL": "postgresql://a:a@127.0.0.1:9/x", "REDIS_URL": "redis://127.0.0.1:9"}
    with launched(home, "--with-parent", wait=False, PORT=port, **ALL, **given) as late:
        assert late.child.process.wait(30) == 1
        assert f"PORT should be a free port: {port} is in use" in late.said()
