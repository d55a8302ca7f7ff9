"""After a removal the whole server is searched for what it was called: nothing is found but the report.

Read by the superuser, whom row-level security hides nothing from: every row of the control plane, every
key and value in Valkey, and which schemas, databases and roles there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from psycopg import sql

from byoc.databases import alias_of
from byoc.models import Endpoint
from chats.signals import QUEUE
from tenants.context import use_tenant
from tenants.models import Isolation, Organization, PlacementJob, Plan, Position, Role, Team, User
from tenants.services.further import add_placement
from tenants.services.organizations import rename_address
from tenants.services.placing import removing
from tests.admin.conftest import Desk
from tests.fixtures.organizations import World, build_world
from tests.plugins.services import Services
from tests.tenants.test_moving import begun, moved, until_over, window_passes, worked_on
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]

NAME = "Cerulean Canary"
PLANS = {Isolation.ROW: Plan.FREE, Isolation.SCHEMA: Plan.BUSINESS, Isolation.DATABASE: Plan.ENTERPRISE}

#: What may still name an organization that is gone, and why.
STAYS = {
    "tenants_placementjob": "the report of the removal",
    "tenants_controlevent": "the platform's own note that it was removed",
    "django_session": "what an operator had in hand; it leads nowhere any more",
    # In Valkey, by how a key begins:
    "celery": "messages to workers, who find no organization and drop them; no worker runs here",
    QUEUE: "the same",
    "humana:platform:": "the operator's session, cached",
}


def life_of(isolation: str) -> World:
    """Of one that has had everything: a former address, further places, moves, a structure, support."""
    world = build_world(f"was-{uuid.uuid4().hex[:8]}", PLANS[Isolation(isolation)])
    Organization.objects.filter(id=world.organization.id).update(name=NAME)
    rename_address(organization=world.organization, slug=f"is-{uuid.uuid4().hex[:8]}")
    world.organization.refresh_from_db()
    with use_tenant(world.context):
        Role.objects.create(organization=world.organization, slug="gardener", name="Gardener")
        team = Team.objects.create(organization=world.organization, name="Day")
        Team.objects.create(organization=world.organization, name="Night", parent=team)
        head = Position.objects.create(organization=world.organization, title="Head")
        Position.objects.create(organization=world.organization, title="Hand", reports_to=head)
        cache.set("anything", "of theirs")
    for there in (Isolation.SCHEMA if isolation == Isolation.ROW else Isolation.ROW, isolation):
        moved(world, there)
    moved(world, Isolation.DATABASE if isolation != Isolation.DATABASE else Isolation.SCHEMA)
    moved(world, isolation)
    for name, now in ((f"{NAME}'s board", True), ("never made", False)):
        add_placement(organization=world.organization, isolation=Isolation.SCHEMA, name=name, now=now)
    world.organization.refresh_from_db()
    return world


def visited(world: World) -> Desk:
    """People and an operator have been there, who has it in hand still."""
    person, name = Desk(world.owner.user), f"op-{uuid.uuid4().hex[:8]}@humana.example"
    assert person.client.get(f"/o/{world.slug}/").status_code == 200
    desk = Desk(User.objects.create_user(name, "quiet-harbour-71", name="Olga", is_staff=True))
    desk.take(world)
    desk.begin_support()
    assert desk.client.get(reverse("admin:index")).status_code == 200
    return desk


def words_for(world: World) -> list[str]:
    key = world.organization.id
    return [str(key), key.hex, world.slug, world.slug.replace("-", "_"), NAME]


@pytest.fixture
def server(services: Services, cloned_database: str) -> Iterator[Any]:
    with services.postgres.connect(cloned_database) as connection:
        connection.autocommit = True
        yield connection


def rows_naming(server: Any, words: list[str]) -> list[tuple[str, str]]:
    """Every row of `public` with one of the words in any column: its table, and the row."""
    tables = server.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace"
    )
    found = []
    for (table,) in tables.fetchall():
        query = sql.SQL("SELECT row::text FROM public.{} AS row WHERE row::text ILIKE ANY(%s)")
        rows = server.execute(query.format(sql.Identifier(table)), [[f"%{word}%" for word in words]])
        found += [(table, row) for (row,) in rows.fetchall()]
    return found


def keys_naming(words: list[str]) -> list[str]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        keys = [(key, client.type(key)) for key in client.scan_iter(count=1000)]
        told = {key.decode(): f"{key!r} {_value(client, key, kind)}" for key, kind in keys}
    return [key for key, text in told.items() if any(word in text for word in words)]


def _value(client: redis.Redis, key: bytes, kind: bytes) -> Any:
    if kind == b"stream":
        return client.xrange(key)
    reading: dict[bytes, Any] = {
        b"string": client.get, b"list": lambda key: client.lrange(key, 0, -1), b"hash": client.hgetall,
        b"set": client.smembers, b"zset": lambda key: client.zrange(key, 0, -1),
    }  # fmt: skip
    return reading[kind](key) if kind in reading else ""


def made_on(server: Any) -> dict[str, set[str]]:
    """Schemas, databases and roles; those of temporary tables are the server's own."""
    names = {"pg_namespace": "nspname", "pg_database": "datname", "pg_roles": "rolname"}
    found = {table: server.execute(f"SELECT {column} FROM {table}") for table, column in names.items()}
    return {
        table: {name for (name,) in rows if not name.startswith(("pg_temp_", "pg_toast_temp_"))}
        for table, rows in found.items()
    }


@pytest.mark.pool_only("each isolation model is tried here")
@pytest.mark.parametrize("isolation", [Isolation.ROW, Isolation.SCHEMA, Isolation.DATABASE])
def test_nothing_that_names_it_is_left_anywhere(isolation: str, server: Any) -> None:
    before = made_on(server)
    world = life_of(isolation)
    former = world.owner.user.email.partition("@")[2].partition(".")[0]
    desk, words, key = visited(world), words_for(world), world.organization.id
    assert {"tenants_team", "tenants_organizationslug", "byoc_endpoint"} <= {
        table for table, _row in rows_naming(server, words)
    }, "the search finds what is there"
    assert any(one.startswith(f"humana:{key.hex}:") for one in keys_naming(words))
    assert made_on(server) != before
    job = until_over(removing.deprovision(organization=world.organization, later=False))
    left = rows_naming(server, words)
    assert {table for table, _row in left} <= STAYS.keys()
    for table, row in left:
        if table == "tenants_placementjob":
            assert str(job.id) in row
        elif table == "tenants_controlevent":
            assert "organization.removing" in row
    assert [one for one in keys_naming(words) if not one.startswith(tuple(STAYS))] == []
    emails = {"tenants_user", "account_emailaddress"}  # people's, made here of the former address
    assert {table for table, _row in rows_naming(server, [former])} <= STAYS.keys() | emails
    assert made_on(server) == before
    assert PlacementJob.objects.filter(slug=world.slug).count() == 1
    assert desk.client.get(reverse("admin:index")).status_code == 200, "what is in hand is let go"


def test_the_file_that_it_lived_in_is_gone(cloned_database: str) -> None:
    """An SQLite database is a file of ours, with its journal."""
    world = build_world(f"gone-{uuid.uuid4().hex[:8]}")
    file = lives_in_a_file(world)
    assert file.exists()
    until_over(removing.deprovision(organization=world.organization, later=False))
    assert list(file.parent.glob(f"{file.stem}*")) == []


def test_the_file_that_it_moved_away_from_is_gone_once_it_is_cleared(cloned_database: str) -> None:
    world = build_world(f"away-{uuid.uuid4().hex[:8]}")
    file = lives_in_a_file(world)
    window_passes(moved(world, Isolation.SCHEMA))
    assert list(file.parent.glob(f"{file.stem}*")) == []


def lives_in_a_file(world: World) -> Path:
    endpoint = Endpoint(organization=world.organization, kind="database", type="sqlite", name="A file")
    with use_tenant(world.context):
        endpoint.save(force_insert=True)
    job = worked_on(begun(world, Isolation.DATABASE, database=alias_of(endpoint)))
    assert job.state == PlacementJob.State.DONE, job.error
    world.organization.refresh_from_db()
    return Path(settings.HUMANA_HOME, "databases", f"{endpoint.id.hex}.sqlite3")
