"""Storages of other houses, for a whole run: started when a test first asks, stopped at the end.

rclone, moto, azurite, fake_gcs    each `needs(…)` by itself; see tests/peers for what each proves
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.peers.azurite import Azurite
from tests.peers.fake_gcs import FakeGCS
from tests.peers.moto import Moto
from tests.peers.rclone import Rclone
from tests.peers.storages import StorageServer
from tests.plugins.needs import require
from tests.plugins.services import Services


def _running(needed: str, server: StorageServer) -> Iterator[Any]:
    require(needed)
    child = server.start()
    yield server
    child.stop()


@pytest.fixture(scope="session")
def rclone(services: Services) -> Iterator[Rclone]:
    yield from _running("rclone", Rclone(services.home / "rclone"))


@pytest.fixture(scope="session")
def moto(services: Services) -> Iterator[Moto]:
    yield from _running("moto", Moto(services.home / "moto"))


@pytest.fixture(scope="session")
def azurite(services: Services) -> Iterator[Azurite]:
    yield from _running("azurite", Azurite(services.home / "azurite"))


@pytest.fixture(scope="session")
def fake_gcs(services: Services) -> Iterator[FakeGCS]:
    yield from _running("fake-gcs", FakeGCS(services.home / "fake-gcs"))
