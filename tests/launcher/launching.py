"""Start a real launcher in a home of its own, and look at what it leaves behind."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from humana import env
from humana.embedded.footprint import tree
from humana.embedded.process import Child, spawn

OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "HUMANA_SEAL_KEY")
KEYS = ("HUMANA_LLM_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HUMANA_DEMO_PASSWORD", "PORT")
ELSEWHERE = "http://127.0.0.1:9/v1"  # a model that is not started because it is named


class Launched:
    def __init__(self, home: Path, child: Child) -> None:
        self.home = home
        self.child = child

    @property
    def pid(self) -> int:
        return self.child.process.pid

    def said(self) -> str:
        return self.child.log.read_text()

    def told(self) -> dict[str, str]:
        return dict(json.loads((self.home / "run.json").read_text()))

    def runs(self) -> bool:
        """Whether it says so; a killed predecessor's word does not count."""
        try:
            told = self.told()
        except OSError:
            return False
        return told["HUMANA_STATE"] == "running" and told["HUMANA_LAUNCHER"] == str(self.pid)

    def end(self, signal_number: int, *, within: float = 20) -> int:
        self.child.process.send_signal(signal_number)
        return self.child.process.wait(within)


@contextmanager
def launched(home: Path, *arguments: str, wait: bool = True, **variables: str) -> Iterator[Launched]:
    """`python -m humana.up --services-only`, stopped at the end whatever happens."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS + KEYS}
    log = home.with_name(f"{home.name}-{time.monotonic_ns()}.log")
    child = spawn(
        "launcher",
        [sys.executable, "-m", "humana.up", *(arguments or ("--services-only",))],
        log=log,
        environ=inherited | {"HUMANA_HOME": str(home)} | variables,
        directory=env.REPOSITORY,
    )
    launcher = Launched(home, child)
    try:
        if wait:
            until(lambda: launcher.runs() or not child.alive, seconds=60)
            assert child.alive, launcher.said()
        yield launcher
    finally:
        child.stop(patience=20)


def until(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def family(pid: int) -> list[int]:
    return tree(pid)[1:]


def lives(pid: int) -> bool:
    """A zombie does not: it only waits for somebody to ask how it ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
