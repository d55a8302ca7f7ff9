"""An organization's own database goes away: people read its replica, and go on when it is back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from byoc import endpoints, standing
from byoc.contracts import Health
from byoc.databases import endpoint_of
from byoc.models import Endpoint, Failover, Notice
from byoc.probing import Look, Target
from byoc.queries_health import health_report
from byoc.sealing import credentials_of, sealed_credentials
from byoc.services import health
from byoc.services.endpoints import validate_endpoint
from byoc.services.failover import come_back
from byoc.services.spares import spares_of
from byoc.services.standby import confirm_standby
from chats.models import Chat
from humana.kernel.egress import Guard
from humana.kernel.errors import Conflict, NotAllowed
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import ControlEvent, Organization, PlacementJob
from tenants.services.placing import moving
from tests.fixtures.grants import let_dial
from tests.fixtures.organizations import World, build_world
from tests.peers.replicated_postgres import ReplicatedPostgres, kill, start_again
from tests.tenants.test_customers_servers import address_of, moves_in
from tests.tenants.test_moving import read, until_over, worked_on
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [pytest.mark.adapters, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"owner-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def books(world: World, replicated_postgres: ReplicatedPostgres) -> Iterator[Endpoint]:
    """The organization lives in the primary of its own."""
    name = f"books_{uuid.uuid4().hex[:8]}"
    with replicated_postgres.primary.another_database(name):
        moves_in(world, address_of(replicated_postgres.primary, "postgresql", name))
        replicated_postgres.caught_up()
        with use_tenant(world.context):
            endpoint = endpoint_of(world.placement.alias)
        yield endpoint
        aliases.forget_all()
        replicated_postgres.restore()
        standing.forget()


def beside(world: World, primary: Endpoint, pair: ReplicatedPostgres, role: str) -> Endpoint:
    """The replica, entered in that role."""
    with use_tenant(world.context):
        known = credentials_of(primary)
        spare = Endpoint(
            id=new_id(), organization=world.organization, kind="database", type="postgresql", role=role,
            name=f"Our {role}", state="ready", options=primary.options,
            origin=f"postgresql://{pair.replica.host}:{pair.replica.port}",
        )  # fmt: skip
        spare.credentials = sealed_credentials(spare, known)
        spare.save(force_insert=True)
    let_dial(world.organization, spare.origin)
    return spare


def looked(world: World, *seen: tuple[Endpoint, bool], times: int = 3) -> None:
    """What probes found, so many times in a row."""
    for _ in range(times):
        with health.inside_of(world.organization.id):
            looks = [
                Look(
                    Target(world.organization.id, endpoints.spec_of(one), Guard("nobody")),
                    Health(well, 0.1, "" if well else "unreachable"),
                    timezone.now(),
                )
                for one, well in seen
            ]
            health.keep(world.organization.id, looks)


def page(client: Client, world: World, path: str = "") -> str:
    answer = client.get(f"/o/{world.slug}/{path}", headers={"Accept-Language": "en"})
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def test_people_read_the_replica_and_go_on_when_the_primary_is_back(
    world: World, books: Endpoint, replicated_postgres: ReplicatedPostgres
) -> None:
    replica = beside(world, books, replicated_postgres, "replica")
    client = Client()
    client.force_login(world.twin.user)
    chat = f"chats/{world.chat.id}/"
    assert "Read-only for now" not in page(client, world, chat)
    kill(replicated_postgres.primary)
    looked(world, (books, False), (replica, True))
    [told] = health_report(world.organization).stand_ins
    assert (told.way, told.by) == ("read_only", "Our replica")
    text = page(client, world, chat)
    assert "Read-only for now" in text
    assert world.question.text in text
    refused = client.post(
        f"/o/{world.slug}/{chat}messages/", {"text": "Bom dia"}, headers={"Accept-Language": "en"}
    )
    assert refused.status_code == 503
    assert "read-only" in refused.content.decode()
    start_again(replicated_postgres.primary)
    looked(world, (books, True), times=1)
    assert health_report(world.organization).stand_ins  # one good look is not enough
    looked(world, (books, True), times=1)
    assert "Read-only for now" not in page(client, world, chat)
    with use_tenant(world.context):
        Chat.objects.filter(id=world.chat.id).update(title="Written again")
        events = ControlEvent.objects.filter(resource_type="failover").values_list("action", flat=True)
        assert list(events) == ["failover.began", "failover.ended"]
        assert {"failover.began", "failover.ended"} <= set(Notice.objects.values_list("event", flat=True))


def test_a_standby_is_used_once_its_promotion_is_confirmed(
    world: World, books: Endpoint, replicated_postgres: ReplicatedPostgres
) -> None:
    backup = beside(world, books, replicated_postgres, "backup")
    kill(replicated_postgres.primary)
    looked(world, (books, False), (backup, True))
    with use_tenant(world.context):
        assert Failover.objects.get(endpoint=books).state == "proposed"
    asked = {"organization": world.organization, "endpoint_id": books.id}
    with pytest.raises(NotAllowed):
        confirm_standby(**asked, member=world.member)
    with pytest.raises(Conflict, match="Promote it"):
        confirm_standby(**asked, member=world.owner)
    replicated_postgres.promote()
    row = confirm_standby(**asked, member=world.owner)
    assert (row.state, row.way, row.confirmed_by) == ("active", "standby", world.owner.user_id)
    with use_tenant(world.context):
        Chat.objects.filter(id=world.chat.id).update(title="Written in the standby")
    with replicated_postgres.replica.server.connect(books.options["database"]) as administrator:
        titles = administrator.execute(f'SELECT title FROM "{world.placement.schema}".chats_chat')
        assert ("Written in the standby",) in titles.fetchall()
    start_again(replicated_postgres.primary)
    looked(world, (books, True), times=5)
    with pytest.raises(Conflict, match="does not have what was written"):
        come_back(**asked, member=world.owner)
    with use_tenant(world.context):
        assert Chat.objects.get(id=world.chat.id).title == "Written in the standby"


def test_what_was_written_in_the_standby_is_carried_home(
    world: World, books: Endpoint, replicated_postgres: ReplicatedPostgres
) -> None:
    """By two presses on the page of the endpoint: one to work in the standby, one to return."""
    backup = beside(world, books, replicated_postgres, "backup")
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(world.twin.user)
    way = f"/o/{world.slug}/settings/endpoints/{books.id}/"
    kill(replicated_postgres.primary)
    looked(world, (books, False), (backup, True))
    replicated_postgres.promote()
    assert "It is promoted" in page(client, world, f"settings/endpoints/{books.id}/")
    assert "stands in" not in client.post(f"{way}failover/", {"to": str(backup.id)}).content.decode()
    with use_tenant(world.context):
        Chat.objects.filter(id=world.chat.id).update(title="Written in the standby")
    away = client.post(f"{way}return/", follow=True).content.decode()
    assert "The server does not answer" in away, "it is still down, and nothing has begun"
    start_again(replicated_postgres.primary)

    def presses() -> str:
        return client.post(f"{way}return/", follow=True).content.decode()

    def in_zone(zone: str) -> None:
        Organization.objects.filter(id=world.organization.id).update(zone=zone)

    in_zone("br")
    assert "is not in the zone br" in presses()
    in_zone("")
    with replicated_postgres.primary.server.connect(books.options["database"]) as first:
        chats = f'"{world.placement.schema}".chats_chat'
        first.execute(f"ALTER TABLE {chats} ADD COLUMN odd integer".encode())
        assert "does not have the tables" in presses()
        first.execute(f"ALTER TABLE {chats} DROP COLUMN odd".encode())
        with only_read(first):
            assert "takes no changes" in presses()
    assert "being carried back" in presses()
    job = begun_now(world)
    looked(world, (books, True), (backup, True), times=1)
    assert ways_back(books, world) == {"over", "returning"}
    until_over(moving.undo(job=job, later=False))
    looked(world, (books, True), times=1)
    assert ways_back(books, world) == {"over", "active"}, "it was given up: the standby stays in use"
    assert "being carried back" in presses()
    job = begun_now(world)
    assert worked_on(job).state == PlacementJob.State.DONE, read(job).error
    looked(world, (backup, True), times=1)
    world.organization.refresh_from_db()
    with use_tenant(world.organization.context):
        assert Chat.objects.get(id=world.chat.id).title == "Written in the standby"
        home = endpoint_of(world.organization.placement.database)
        assert (home.role, home.origin) == ("primary", books.origin)
        assert Endpoint.objects.get(id=backup.id).state == "draft"
        assert list(spares_of(home)) == []
    assert ways_back(books, world) == {"over"}


def begun_now(world: World) -> PlacementJob:
    return PlacementJob.objects.get(organization=world.organization, kind="move", state="running")


def ways_back(books: Endpoint, world: World) -> set[str]:
    with use_tenant(world.context):
        return set(Failover.objects.filter(endpoint=books).values_list("state", flat=True))


@contextmanager
def only_read(server: psycopg.Connection[Any]) -> Iterator[None]:
    """Whoever connects within the block changes nothing."""
    server.execute("SET default_transaction_read_only = off")
    try:
        _configured(server, b"SET default_transaction_read_only = on")
        yield
    finally:
        _configured(server, b"RESET default_transaction_read_only")


def _configured(server: psycopg.Connection[Any], said: bytes) -> None:
    server.execute(b"ALTER SYSTEM " + said)
    server.execute("SELECT pg_reload_conf()")
    time.sleep(0.5)


def test_while_the_first_takes_changes_no_standby_is_used(
    world: World, books: Endpoint, replicated_postgres: ReplicatedPostgres
) -> None:
    backup = beside(world, books, replicated_postgres, "backup")
    replicated_postgres.promote()
    with pytest.raises(Conflict, match="Switch it off"):
        confirm_standby(
            organization=world.organization, endpoint_id=books.id, standby_id=backup.id, member=world.owner
        )


def test_a_replica_outside_the_zone_is_not_read(
    world: World, books: Endpoint, replicated_postgres: ReplicatedPostgres
) -> None:
    replica = beside(world, books, replicated_postgres, "replica")
    with use_tenant(world.context):
        world.organization.zone = "br"
        world.organization.save()
        Endpoint.objects.filter(id=replica.id).update(zone="us")
    looked(world, (books, False), (replica, True))
    assert health_report(world.organization, now=datetime.now(UTC)).stand_ins == ()


@pytest.mark.parametrize(("follows", "well"), [(True, True), (False, False)])
def test_a_replica_is_validated_against_what_it_should_follow(
    world: World, books: Endpoint, replicated_postgres: ReplicatedPostgres, follows: bool, well: bool
) -> None:
    """The replica itself serves; the primary once more, under the name of a replica, does not."""
    spare = beside(world, books, replicated_postgres, "replica")
    there = replicated_postgres.replica if follows else replicated_postgres.primary
    let_dial(world.organization, f"postgresql://{there.host}:{there.port}")
    with use_tenant(world.context):
        known = credentials_of(books)
        spare.origin, spare.state = f"postgresql://{there.host}:{there.port}", "draft"
        spare.credentials = sealed_credentials(spare, known)
        spare.save()
    endpoints.forget()
    found = validate_endpoint(organization=world.organization, endpoint_id=spare.id)
    assert found.ok == well, found
    assert bool(found.message) or well
