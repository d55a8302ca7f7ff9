"""The parts of an installation that may die at any moment, each started again at once."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from humana.embedded.postgres import Postgres
from humana.embedded.process import CannotStart, Child, spawn
from humana.embedded.valkey import Valkey
from humana.up import BEAT
from tests.benchmarks.stage import ROOT
from tests.plugins.services import Services

#: What a server that crashes still has to keep; the machine itself does not crash here.
CRASHES = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}
WORKER = (
    "celery",
    "-A",
    "humana",
    "worker",
    "--pool",
    "threads",
    "--concurrency",
    "2",
    "--loglevel",
    "WARNING",
)


class Mortal(Services):
    """The servers of a run, of which PostgreSQL keeps what it has promised when a backend is killed."""

    def _start_postgres(self) -> None:
        self.postgres = Postgres(self.home, self.secrets, settings=CRASHES)
        self.children.append(self.postgres.start())
        self.postgres.prepare()
        os.environ["DATABASE_URL"] = self.postgres.url("app")
        os.environ["DATABASE_OWNER_URL"] = self.postgres.url("owner")


class Parts:
    """Two workers and a beat, which runs the relay every five seconds in one of them."""

    def __init__(self, services: Mortal) -> None:
        self.services = services
        self.running: dict[str, Child] = {}
        self.kills: dict[str, int] = {}
        self._beats = 0

    def start(self) -> None:
        for name in ("worker 1", "worker 2", "beat"):
            self.running[name] = self._spawn(name)

    def stop(self) -> None:
        for child in self.running.values():
            child.stop()

    def kill_one(self) -> str:
        """`kill -9` of something, which is then started again; what it was."""
        name = random.choice([*self.running, "a backend of PostgreSQL", "the broker"])
        if self.kill(name):
            self.kills[name] = self.kills.get(name, 0) + 1
        return name

    def kill(self, name: str) -> bool:
        if name == "the broker":
            return self._kill_broker()
        if name == "a backend of PostgreSQL":
            return self._kill_backend()
        self.running[name].process.kill()
        self.running[name].process.wait()
        self.running[name] = self._spawn(name)
        return True

    def _spawn(self, name: str) -> Child:
        self._beats += 1
        command = WORKER if "worker" in name else (*BEAT, str(self.services.home / f"beat-{self._beats}.db"))
        extra = ("-n", f"{name.replace(' ', '-')}-{self._beats}@here") if "worker" in name else ()
        return spawn(
            name,
            [sys.executable, "-m", *command, *extra],
            log=self.services.home / "logs" / f"{name}.log",
            environ={"DJANGO_SETTINGS_MODULE": "humana.settings.test", **os.environ},
            directory=ROOT,
        )

    def _kill_backend(self) -> bool:
        """PostgreSQL then ends all its backends, recovers from its log, and takes connections again."""
        postgres = self.services.postgres
        assert postgres is not None
        assert postgres.child is not None
        children = psutil.Process(postgres.child.process.pid).children()
        with suppress(psutil.Error):
            backends = [one for one in children if "humana_app" in " ".join(one.cmdline())]
            if backends:
                random.choice(backends).send_signal(signal.SIGKILL)
                return True
        return False

    def _kill_broker(self) -> bool:
        """It comes back empty, on the same port: all that was queued is gone."""
        valkey: Valkey | None = self.services.valkey
        assert valkey is not None
        assert valkey.child is not None
        valkey.child.process.kill()
        valkey.child.process.wait()
        until(lambda: _started(valkey), 30)
        self.services.children.append(valkey.child)
        return True

    def logs(self) -> Path:
        return self.services.home / "logs"


def _started(valkey: Valkey) -> bool:
    with suppress(CannotStart):
        valkey._start(valkey.port)
        return True
    return False


def until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it held within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.2)
    return False
