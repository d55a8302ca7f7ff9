"""MailDev: a mail server of another house, with names and passwords; what came is read over HTTP."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from humana.embedded.process import Child, free_port, on_free_port, spawn, wait_until
from tests.peers.server import ENVIRONMENT, installed
from tests.peers.storages import NODE


class MailDev:
    """Its letters are kept below `home`. Whoever sends must sign in."""

    host, user, password = "127.0.0.1", "humana", "p@ss:word"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = self.web = 0

    @property
    def url(self) -> str:
        """As HUMANA_SMTP_URL has it."""
        return f"smtp+plain://{self.user}:p%40ss%3Aword@{self.host}:{self.port}"

    def start(self) -> Child:
        """Start it and wait until it answers; CannotStart with its log."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return on_free_port(self._start)

    def came(self) -> list[dict[str, Any]]:
        """Every letter so far, the oldest first: `subject`, `text`, `to`, `headers`."""
        with urllib.request.urlopen(f"http://{self.host}:{self.web}/email", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def _start(self, port: int) -> Child:
        self.port, self.web = port, free_port()
        where = ["--ip", self.host, "--smtp", str(port), "--web", str(self.web)]
        who = ["--incoming-user", self.user, "--incoming-pass", self.password]
        child = spawn(
            "maildev",
            [installed("node"), NODE / "maildev", *where, *who, "--mail-directory", str(self.home / "mail")],
            log=self.home / "logs" / "maildev.log",
            directory=self.home,
            environ={**ENVIRONMENT, "HOME": str(self.home)},
        )
        wait_until(self._answers, child, seconds=60)
        return child

    def _answers(self) -> bool:
        try:
            return self.came() == []
        except OSError:
            return False
