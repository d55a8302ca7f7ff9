"""An organization's own database goes away: people read its replica, and go on when it is back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from byoc import endpoints, standing
from byoc.contracts import Health
from byoc.databases import endpoint_of
from byoc.models import EgressGrant, Endpoint, Failover, Notice
from byoc.probing import Look, Target
from byoc.queries_health import health_report
from byoc.sealing import credentials_of, sealed_credentials
from byoc.services import health
from byoc.services.endpoints import validate_endpoint
from byoc.services.failover import come_back
from byoc.services.standby import confirm_standby
from chats.models import Chat
from humana.kernel.egress import Guard
from humana.kernel.errors import Conflict, NotAllowed
from humana.kernel.models import new_id
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import ControlEvent
from tests.fixtures.organizations import World, build_world
from tests.peers.replicated_postgres import ReplicatedPostgres, kill, start_again
from tests.tenants.test_customers_servers import address_of, moves_in
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
    with use_tenant(world.context):
        EgressGrant.objects.create(
            organization=world.organization,
            scheme="postgresql",
            host=there.host,
            port=there.port,
            reason="Ours",
        )
        known = credentials_of(books)
        spare.origin, spare.state = f"postgresql://{there.host}:{there.port}", "draft"
        spare.credentials = sealed_credentials(spare, known)
        spare.save()
    endpoints.forget()
    found = validate_endpoint(organization=world.organization, endpoint_id=spare.id)
    assert found.ok == well, found
    assert bool(found.message) or well
