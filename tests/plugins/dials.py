"""Whom the tests' own process dials, heard by Python's audit hook: a test that dials the world fails.

    beyond this machine    nobody, unless the environment names it as a server for the tests
    on this machine        anybody; but where `byoc` or `humana.kernel.egress` dials, a guard let it out

Neither uvloop nor libpq is heard: the tests' loops are asyncio's, and what the kernel saw is asked for web
and worker in tests/egress/test_kernel_census.py. Which code dials is read from the stack, so a task that a
library starts for itself counts as the library's. A hook can never be removed, so there is one.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import pytest

from humana.kernel.egress import dials

ROOT = Path(__file__).resolve().parents[2]
GUARDED = (f"{ROOT}/byoc/", f"{ROOT}/humana/kernel/egress/")
VALKEYS_DRIVER = "/site-packages/redis/"
SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "HUMANA_MONGO_URL")

#: Told every dial: its address and port.
listeners: list[Callable[[str, int], None]] = []
_unexplained: list[str] = []
_let_out: set[tuple[str, int]] = set()


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host, port = str(arguments[1][0]), int(arguments[1][1])
        for tell in listeners:
            tell(host, port)
        _judge(host, port)


def _judge(host: str, port: int) -> None:
    if not _is_here(host):
        if host not in _servers():
            _unexplained.append(f"{host} port {port}: beyond this machine")
    elif (code := _guarded_code(sys._getframe(2))) and port not in _ports() and not _was_let_out(host, port):
        _unexplained.append(f"{host} port {port}: no guard let it out, in {code}")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def _guarded_code(frame: FrameType | None) -> str | None:
    """Where our code dials; None where Valkey's driver does, which asks no guard (see `egress`)."""
    while frame is not None and VALKEYS_DRIVER not in frame.f_code.co_filename:
        if frame.f_code.co_filename.startswith(GUARDED):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def _was_let_out(host: str, port: int) -> bool:
    """Once is enough: a driver's pool dials again where its first was let out."""
    _let_out.update((dial.address, dial.port) for dial in list(dials))
    return (host, port) in _let_out


def _ports() -> set[int | None]:
    """Of the servers of the tests, which code of ours reaches through Django and Celery."""
    return {urlsplit(os.environ.get(name, "")).port for name in SERVERS}


def _servers() -> set[str]:
    hosts = {urlsplit(os.environ.get(name, "")).hostname for name in SERVERS}
    return {address for host in hosts if host for address in _addresses(host)}


@cache
def _addresses(host: str) -> frozenset[str]:
    return frozenset({host, *(str(found[4][0]) for found in socket.getaddrinfo(host, None))})


def unexplained() -> list[str]:
    """What nobody has explained since it was last asked."""
    told = _unexplained[:]
    del _unexplained[: len(told)]
    return told


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    """After everything a test had is gone; after the last one, so is what the session had."""
    yield
    if told := unexplained():
        pytest.fail("dialled, and should not have been:\n" + "\n".join(told), pytrace=False)


sys.addaudithook(_hear)
