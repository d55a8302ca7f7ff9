"""The small version of `make chaos`: nothing is lost, nothing happens twice, the order is kept."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.benchmarks.stage import ROOT

OWN = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HUMANA_HOME"}


@pytest.mark.adapters
@pytest.mark.needs("linux")
def test_messages_survive_what_is_killed_around_them() -> None:
    """With servers of its own: those of this run must live."""
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    command = [sys.executable, "-m", "tests.chaos", "--messages", "200", "--seed", "7"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert re.match(r"\d+ messages, [1-9]\d* kills, 0 lost, 0 duplicated, order kept, settled in \d+ s", last)
