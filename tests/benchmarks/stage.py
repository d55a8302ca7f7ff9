"""The stage of a benchmark: servers of its own, a migrated database, processes whose CPU is read."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from humana.embedded.process import free_port
from tests.plugins.services import Services, run_database

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def staged() -> Iterator[Services]:
    """PostgreSQL, Valkey and an empty migrated database; Django is set up as the application's role.

    Between the figures nothing is told that is no warning; servers that are measured log as they always do.
    """
    services = Services()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "humana.settings.test")
    try:
        services.start()
        import django

        django.setup()
        logging.getLogger().setLevel(logging.WARNING)
        from django.core.management import call_command

        from tests.plugins.databases import create, disconnect

        create(run_database(), template="template1")
        call_command("migrate", verbosity=0, interactive=False)
        yield services
        disconnect()
    finally:
        services.stop()


@dataclass
class Process:
    """A child whose user and system time can be read at any moment."""

    popen: subprocess.Popen[bytes]
    url: str
    log: Path

    def cpu(self) -> float:
        """Seconds of CPU since it began, children included."""
        process = psutil.Process(self.popen.pid)
        tree = [process, *process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in tree)

    def stop(self) -> None:
        self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()


def uvicorn(app: str, services: Services, name: str, **environment: str) -> Process:
    """One worker of an ASGI application on a free port, ready to answer."""
    port, log = free_port(), services.home / f"{name}.log"
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-access-log",
    ]
    command += ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--backlog", "2048"]
    with log.open("ab") as out:
        # PostgreSQL tells by it whose connections are whose.
        environment = os.environ | {"PGAPPNAME": name} | environment
        popen = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    process = Process(popen, f"http://127.0.0.1:{port}", log)
    _wait(process, port)
    return process


def scripted_model(services: Services) -> Process:
    """The scripted model in a process of its own."""
    log = services.home / "model.log"
    command = [sys.executable, "-m", "tests.peers.scripted_model", "--port", "0"]
    popen = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log.open("ab"))
    assert popen.stdout is not None
    port = int(popen.stdout.readline())
    return Process(popen, f"http://127.0.0.1:{port}", log)


def answering(services: Services) -> Process:
    """A service that answers as it is asked to, in a process of its own; see `tests.peers.answering`."""
    log = services.home / "answering.log"
    command = [sys.executable, "-m", "tests.peers.answering"]
    popen = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log.open("ab"))
    assert popen.stdout is not None
    return Process(popen, f"http://127.0.0.1:{int(popen.stdout.readline())}", log)


def _wait(process: Process, port: int, seconds: float = 30) -> None:
    import socket

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.popen.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"did not start:\n{process.log.read_text()[-3000:]}")


def verdict(figure: str, goal: str, *, holds: bool) -> bool:
    """One line of a report."""
    print(f"{figure:<78} goal {goal:<28} {'holds' if holds else 'falls short'}", flush=True)
    return holds
