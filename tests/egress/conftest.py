"""Names that resolve to what a test says."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

Names = Callable[..., list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """`names(host, [first answer], [second answer], …)`; the last answer stays. Returns the log."""
    real, asked = socket.getaddrinfo, list[str]()
    answers: dict[str, list[list[str]]] = {}

    def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in answers:
            return real(host, port, *rest, **more)
        asked.append(host)
        addresses = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        found: list[Any] = []
        for address in addresses:
            found += real(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return found

    def answer(host: str, *rounds: list[str]) -> list[str]:
        answers[host] = list(rounds)
        return asked

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answer
