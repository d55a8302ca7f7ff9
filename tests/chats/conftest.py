"""A person at work on a real web process, its model scripted."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from chats.models import Chat, Message, Run
from chats.services.conversations import start_chat
from chats.services.replies import ask, stop
from companions.models import Companion
from tenants.context import use_tenant
from tenants.services.keys import create_api_key
from tests.fixtures.organizations import World, build_world
from tests.fixtures.server import Server


@dataclass
class Desk:
    """One member, one companion, one server; every call as the member."""

    world: World
    server: Server
    key: str

    def new_chat(self) -> Chat:
        with use_tenant(self.world.context):
            return start_chat(
                member=self.world.member, companion=Companion.objects.get(id=self.world.companion.id)
            )

    def ask(self, text: str, chat: Chat | None = None) -> Run:
        with use_tenant(self.world.context):
            return ask(member=self.world.member, chat=chat or self.new_chat(), text=text)

    def stop(self, run: Run) -> Run:
        with use_tenant(self.world.context):
            return stop(member=self.world.member, run=run)

    def run(self, run: Run) -> Run:
        with use_tenant(self.world.context):
            return Run.objects.select_related("message").get(id=run.id)

    def message(self, run: Run) -> Message:
        return self.run(run).message

    def until(self, run: Run, *states: str, seconds: float = 15) -> Run:
        """Wait until the run is in one of the states."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            now = self.run(run)
            if now.state in states:
                return now
            time.sleep(0.02)
        raise AssertionError(
            f"still {self.run(run).state}; wanted {states}; {self.server.log.read_text()[-1500:]}"
        )

    def events(self, run: Run, after: str = "") -> Iterator[tuple[str, str, Any]]:
        """What a reader of /api/v1 is told: (cursor, name, data)."""
        headers = {"Authorization": f"Bearer {self.key}"} | ({"Last-Event-ID": after} if after else {})
        url = f"{self.server.url}/api/v1/runs/{run.id}/events"
        with httpx2.stream("GET", url, headers=headers, timeout=30) as response:
            assert response.status_code == 200, response.read()
            yield from read_events(response.iter_lines())


def read_events(lines: Iterator[str]) -> Iterator[tuple[str, str, Any]]:
    cursor = name = ""
    for line in lines:
        field, _colon, value = line.partition(": ")
        if field == "id":
            cursor = value
        elif field == "event":
            name = value
        elif field == "data":
            yield cursor, name, json.loads(value)


def desk_at(server: Server) -> Desk:
    """A new organization with its member at work; rows are committed."""
    world = build_world(f"desk-{uuid.uuid4().hex[:8]}")
    return Desk(world, server, create_api_key(member=world.member, name="Desk")[1])


@pytest.fixture
def desk(server: Server, transactional_db: None) -> Desk:
    return desk_at(server)
