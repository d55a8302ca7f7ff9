"""What the storages of other houses have in common: where they listen, and what a customer would tell us."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from byoc.contracts import EndpointSpec
from humana.embedded.process import Child, on_free_port, spawn, wait_until
from tests.peers.server import program

#: Their own environment, beside ours: `make adapter-peers`.
BESIDE = Path(sys.prefix) / "peers" / "adapters"
NODE = Path(__file__).resolve().parent / "node" / "node_modules" / ".bin"
#: What a test that is not about waiting waits for at most, in seconds.
QUICK = {"connect_seconds": 2.0, "seconds": 10.0}


def beside(name: str) -> Path | None:
    """A program of theirs, from that environment or from the machine."""
    there = BESIDE / "bin" / name
    return there if there.exists() else program(name)


class StorageServer:
    """A server below `home`, started by `start`; `ORG_A` and `ORG_B` are two customers of it."""

    type = ""
    host = "127.0.0.1"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> Child:
        """Start it and make what the customers have; CannotStart with its log."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return on_free_port(self._start)

    def spec(self, whose: str = "a", **changes: Any) -> EndpointSpec:
        """What that customer would enter. `options` and `credentials` are added to, the rest replaced."""
        options = {**QUICK, **self._options(whose), **changes.pop("options", {})}
        credentials = {**self._credentials(whose), **changes.pop("credentials", {})}
        given: dict[str, Any] = {"name": f"{self.type} {whose}", "kind": "storage", "type": self.type}
        given |= {"url": self.url, "owner": "platform", "role": "documents"}
        return EndpointSpec(**(given | changes), options=options, credentials=credentials)

    def _start(self, port: int) -> Child:
        self.port = port
        child = spawn(
            type(self).__name__,
            self._command(),
            log=self.home.parent / "logs" / f"{type(self).__name__.lower()}.log",
            directory=self.home,
            environ={**_environment(self.home), **self._environment()},
        )
        wait_until(self._answers, child, seconds=60)
        self._furnish()
        return child

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}{self._asked}", timeout=1):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    _asked = "/"

    def _command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def _environment(self) -> Mapping[str, str]:
        return {}

    def _options(self, whose: str) -> dict[str, Any]:
        return {"bucket": f"org-{whose}"}

    def _credentials(self, whose: str) -> dict[str, str]:
        raise NotImplementedError

    def _furnish(self) -> None:
        """Buckets of both customers."""


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(home)}
