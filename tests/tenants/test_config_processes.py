"""A setting changed in one process holds in the others within a second, and costs next to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chats.config_keys import MESSAGE_LIMIT
from humana.env import REPOSITORY
from tenants import freshness
from tenants.config.catalogue import config_keys
from tenants.config.resolver import resolve, resolve_many, subject_of
from tenants.config.snapshot import snapshot
from tenants.context import use_tenant
from tenants.services.config import EVERYWHERE, clear_value, of_organization, set_value
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)

#: Says what holds each time it is asked.
ANOTHER = """
import sys, uuid, django
django.setup()
from chats.config_keys import MESSAGE_LIMIT
from tenants.config.resolver import resolve_for
for line in sys.stdin:
    print(resolve_for(uuid.UUID(line.strip()), MESSAGE_LIMIT), flush=True)
"""


@pytest.fixture
def left(transactional_db: None) -> World:
    """Rows stay for the module: each test has an organization of its own."""
    return build_world(f"calm-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def another() -> Iterator[subprocess.Popen[str]]:
    """A process of its own, as a second web process or a worker is."""
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=REPOSITORY, env={**os.environ, "DJANGO_SETTINGS_MODULE": "humana.settings.test"},
    ) as process:  # fmt: skip
        yield process
        assert process.stdin is not None
        process.stdin.close()


def says(process: subprocess.Popen[str], world: World) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{world.organization.id}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def seconds_until(process: subprocess.Popen[str], world: World, value: int) -> float:
    began = time.monotonic()
    while says(process, world) != value and time.monotonic() - began < 20:
        time.sleep(0.02)
    assert says(process, world) == value
    return time.monotonic() - began


def test_another_process_knows_within_a_second(left: World, another: subprocess.Popen[str]) -> None:
    assert says(another, left) == MESSAGE_LIMIT.default
    where = of_organization(left.organization.id)
    with use_tenant(left.context):
        set_value(member=left.owner, where=where, key=MESSAGE_LIMIT, value=700)
        assert resolve(MESSAGE_LIMIT) == 700, "whoever changes it sees it at once"
    took = [seconds_until(another, left, 700)]
    with use_tenant(left.context):
        clear_value(member=left.owner, where=where, key=MESSAGE_LIMIT)
    took.append(seconds_until(another, left, MESSAGE_LIMIT.default))
    set_value(member=None, where=EVERYWHERE, key=MESSAGE_LIMIT, value=900)
    try:
        took.append(seconds_until(another, left, 900))
    finally:
        clear_value(member=None, where=EVERYWHERE, key=MESSAGE_LIMIT)
    assert max(took) < 1, took


def commands() -> dict[str, int]:
    """What Valkey says it was asked, by command; without the question itself."""
    stats = caches["platform"]._cache.get_client().info("commandstats")
    calls = {name.removeprefix("cmdstat_"): one["calls"] for name, one in stats.items()}
    return {name: number for name, number in calls.items() if not name.startswith(("info", "client"))}


def test_fifty_keys_cost_one_round_trip_and_no_query(left: World) -> None:
    keys = [key for _name, key in config_keys.items()]
    keys = (keys * 50)[:50]
    with use_tenant(left.context):
        resolve_many(keys, subject_of(left.twin))
        for kept in snapshot._kept.values():
            kept.asked_at -= freshness.UNASKED
        before = commands()
        with CaptureQueriesContext(connection) as asked:
            resolve_many(keys, subject_of(left.twin))
        first = {name: n - before.get(name, 0) for name, n in commands().items() if n != before.get(name)}
        before = commands()
        resolve_many(keys, subject_of(left.twin))
    assert first == {"mget": 1}
    assert len(asked) == 0
    assert commands() == before, "within half a second nobody asks again"


def test_what_was_taken_back_was_never_said(left: World) -> None:
    """A change whose transaction fails is told to nobody."""
    with use_tenant(left.context):
        with transaction.atomic():
            set_value(
                member=left.owner,
                where=of_organization(left.organization.id),
                key=MESSAGE_LIMIT,
                value=700,
            )
            transaction.set_rollback(True)
        snapshot.forget()
        assert resolve(MESSAGE_LIMIT) == MESSAGE_LIMIT.default
