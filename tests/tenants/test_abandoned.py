"""A server that is gone for good, or was never there, keeps no organization from moving or going."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from psycopg import sql

from audit.models import AuditEntry
from audit.services.relay import relay_control_events
from byoc.models import Endpoint
from byoc.services.databases import Address, bring_database
from humana.kernel.errors import Conflict, EndpointError, NotFound
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import ControlEvent, Isolation, Organization, Placement, PlacementJob
from tenants.services.further import add_placement
from tenants.services.placing import clearing, leaving, moving, preparing, removing, reports
from tenants.services.placing.places import own_placement
from tests.fixtures.organizations import World, build_world
from tests.peers.customer_postgres import CustomerPostgres
from tests.peers.mariadb import MariaDB
from tests.tenants.test_customers_servers import brings, moves_in, on_mariadb, one_role  # noqa: F401
from tests.tenants.test_moving import begun, moved, until_over, worked_on
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"owner-{uuid.uuid4().hex[:8]}")


class Server:
    """A customer's, which can be switched off."""

    def __init__(self, address: Address, peer: CustomerPostgres) -> None:
        self.address, self._peer = address, peer

    @contextmanager
    def off(self) -> Iterator[None]:
        self._let_in(False)
        aliases.forget_all()
        try:
            yield
        finally:
            self._let_in(True)

    def _let_in(self, anybody: bool) -> None:
        name = sql.Identifier(self.address.database)
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(name, sql.SQL(str(anybody).lower()))
        with self._peer.server.connect("postgres") as administrator:
            administrator.execute(allow)
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [self.address.database],
            )

    def schemas(self) -> set[str]:
        """What is there of organizations."""
        with self._peer.server.connect(self.address.database) as administrator:
            rows = administrator.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'o\\_%'")
            return {name for (name,) in rows.fetchall()}


@pytest.fixture
def theirs(one_role: Address, customer_postgres: CustomerPostgres) -> Server:  # noqa: F811
    return Server(one_role, customer_postgres)


def until_it_stops(job: PlacementJob) -> PlacementJob:
    while job.state == PlacementJob.State.RUNNING:
        job = worked_on(job)
    return job


def said(command: str, *arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def clearing_of(job: PlacementJob) -> PlacementJob:
    """The window for the way back has passed."""
    PlacementJob.objects.filter(id=job.id).update(keep_until=timezone.now() - timedelta(seconds=1))
    moving.clear_due()
    return PlacementJob.objects.get(kind=PlacementJob.Kind.CLEAR, source=job.source)


@pytest.mark.pool_only("begins in the pool")
def test_what_cannot_be_cleared_is_left_and_the_organization_moves_again(
    world: World, theirs: Server
) -> None:
    moves_in(world, theirs.address)
    place = world.organization.placement
    back = moved(world, Isolation.ROW)
    with theirs.off():
        job = until_it_stops(clearing_of(back))
        assert job.state == PlacementJob.State.FAILED
        assert "kind" not in job.error, "a sentence, not the name of an error"
        with pytest.raises(Conflict):
            begun(world, Isolation.SCHEMA)
        told = said("move_organization", world.slug, abandon=True)
    assert f":{theirs.address.port}/{theirs.address.database}" in told
    job.refresh_from_db()
    assert job.state == PlacementJob.State.DONE
    assert reports.is_genuine(job)
    assert theirs.schemas() == {place.schema_name}, "as it was"
    assert not Placement.objects.filter(id=place.id).exists()
    with use_tenant(world.context):
        assert not Endpoint.objects.exists(), "how to sign in there is forgotten"
        relay_control_events()
        entry = AuditEntry.objects.get(action="organization.rows_left")
        assert theirs.address.database in entry.payload
    moved(world, Isolation.SCHEMA)


def test_an_alias_that_nobody_knows_is_refused_before_anything_is_made(world: World) -> None:
    places = Placement.objects.count()
    for alias in ("at_typo", "default", f"at_o{uuid.uuid4().hex}_1"):
        with pytest.raises(NotFound):
            begun(world, Isolation.DATABASE, database=alias)
        with pytest.raises(NotFound):
            add_placement(organization=world.organization, isolation=Isolation.DATABASE, database=alias)
    assert Placement.objects.count() == places
    world.organization.refresh_from_db()
    assert world.organization.state == Organization.State.ACTIVE


def test_another_organizations_database_is_one_that_nobody_knows(world: World, theirs: Server) -> None:
    other = build_world(f"owner-{uuid.uuid4().hex[:8]}")
    alias = bring_database(organization=other.organization, name="Theirs", address=theirs.address)
    with pytest.raises(NotFound):
        begun(world, Isolation.DATABASE, database=alias)


@pytest.mark.pool_only("begins in the pool")
def test_a_move_to_where_nobody_knows_any_more_is_given_up(world: World, theirs: Server) -> None:
    """Its endpoint went meanwhile: what was to be cleared there is left, whatever it is."""
    job = begun(world, Isolation.DATABASE, database=brings(world, theirs.address))
    with use_tenant(world.context):
        Endpoint.objects.all().delete()
    assert until_it_stops(job).state == PlacementJob.State.FAILED
    cleared = until_it_stops(moving.undo(job=job, later=False))
    assert cleared.state == PlacementJob.State.FAILED
    leaving.abandon(job=cleared)
    cleared = worked_on(cleared)
    assert cleared.state == PlacementJob.State.DONE, cleared.error
    moved(world, Isolation.SCHEMA)


def test_who_lives_at_a_dead_server_is_removed_without_it(world: World, theirs: Server) -> None:
    moves_in(world, theirs.address)
    place, key = world.organization.placement, world.organization.id
    with theirs.off():
        with pytest.raises(CommandError, match="abandon"):
            with_no_pauses("remove_organization", world.slug, yes=True)
        told = said("remove_organization", world.slug, abandon=True)
    assert theirs.address.database in told
    assert not Organization.objects.filter(id=key).exists()
    assert not Placement.objects.filter(id=place.id).exists()
    assert theirs.schemas() == {place.schema_name}
    event = ControlEvent.objects.get(action="organization.rows_left", resource_id=str(key))
    assert theirs.address.database in str(event.payload)


def with_no_pauses(command: str, *arguments: str, **options: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda seconds: None)
        said(command, *arguments, **options)


def test_of_several_places_only_the_dead_one_is_left(world: World, theirs: Server) -> None:
    alias = brings(world, theirs.address)
    far = add_placement(
        organization=world.organization, isolation=Isolation.DATABASE, database=alias, now=True
    )
    near = add_placement(organization=world.organization, isolation=Isolation.SCHEMA, now=True)
    world.organization.refresh_from_db()
    in_a_pool = world.organization.placement.isolation == Isolation.ROW
    with theirs.off():
        job = until_it_stops(removing.deprovision(organization=world.organization, later=False))
        assert job.state == PlacementJob.State.FAILED
        leaving.abandon(job=job)
        job = worked_on(job)
    assert job.state == PlacementJob.State.DONE, job.error
    assert len(job.report["left_at"]) == 1
    assert theirs.schemas() == {far.schema_name}
    assert not Placement.objects.filter(id__in=[near.id, far.id]).exists()
    if in_a_pool:
        assert job.report["rows"]["chats_message"] >= 1


def test_what_is_theirs_is_left_where_an_operator_says_so(world: World, theirs: Server) -> None:
    moves_in(world, theirs.address)
    place = world.organization.placement
    told = said("remove_organization", world.slug, yes=True, leave_theirs=True)
    assert theirs.address.database in told
    assert theirs.schemas() == {place.schema_name}
    assert not Organization.objects.filter(id=world.organization.id).exists()


def test_otherwise_nothing_of_it_is_left_on_their_server(world: World, theirs: Server) -> None:
    moves_in(world, theirs.address)
    assert theirs.schemas() == {world.organization.placement.schema_name}
    told = said("remove_organization", world.slug, yes=True)
    assert "left" not in told
    assert theirs.schemas() == set()


@pytest.mark.pool_only("where the organization lives would be its own server too")
def test_what_is_ours_is_never_left(world: World) -> None:
    job = clearing.clear(organization=world.organization, placement=world.organization.placement, later=False)
    job = until_it_stops(job)  # the organization lives there
    assert job.state == PlacementJob.State.FAILED
    with pytest.raises(Conflict):
        leaving.abandon(job=job)
    PlacementJob.objects.filter(id=job.id).update(report={"abandoned": True})
    job.refresh_from_db()
    PlacementJob.objects.filter(id=job.id).update(state=PlacementJob.State.RUNNING)
    assert until_it_stops(worked_on(job)).state == PlacementJob.State.FAILED
    PlacementJob.objects.filter(id=job.id).delete()


def test_nor_is_a_database_of_its_own_on_our_server(world: World) -> None:
    job = begun(world, Isolation.DATABASE)
    cleared = moving.undo(job=job, later=False)
    PlacementJob.objects.filter(id=cleared.id).update(state=PlacementJob.State.FAILED)
    with pytest.raises(Conflict):
        leaving.abandon(job=cleared)
    PlacementJob.objects.filter(id=cleared.id).update(state=PlacementJob.State.RUNNING)
    cleared.refresh_from_db()
    until_over(cleared)


def test_a_removal_that_only_waits_is_not_given_up(world: World) -> None:
    job = removing.deprovision(organization=world.organization, later=False)
    with pytest.raises(Conflict):
        leaving.abandon(job=job)
    until_over(job)


def test_the_address_is_asked_for_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("another\n"))
    with pytest.raises(CommandError, match="another address"):
        said("remove_organization", world.slug)
    assert Organization.objects.get(id=world.organization.id).state == Organization.State.ACTIVE
    monkeypatch.setattr("sys.stdin", StringIO(f"{world.slug}\n"))
    assert "removed, with" in said("remove_organization", world.slug)
    with pytest.raises(CommandError, match="no organization"):
        said("remove_organization", world.slug, yes=True)


def test_a_removal_that_was_cut_off_goes_on_when_called_again(world: World) -> None:
    job = removing.deprovision(organization=world.organization, later=False)
    removing._erase(PlacementJob.objects.select_related("organization", "source").get(id=job.id))
    assert not Organization.objects.filter(id=world.organization.id).exists()
    assert "removed, with" in said("remove_organization", world.slug)
    job.refresh_from_db()
    assert job.state == PlacementJob.State.DONE


def test_what_their_server_says_is_told_as_a_sentence(
    world: World,
    theirs: Server,
    customer_postgres: CustomerPostgres,
) -> None:
    """Somebody takes the user's right to make schemas away after the database has joined."""
    alias = brings(world, theirs.address)
    with customer_postgres.server.connect("postgres") as administrator:
        name = sql.Identifier(theirs.address.database)
        administrator.execute(sql.SQL("ALTER DATABASE {} OWNER TO postgres").format(name))
    refused_at_the_tables(world, alias)


@pytest.mark.needs("mariadb")
def test_so_is_what_mariadb_says_of_a_user_who_may_not_make_tables(
    world: World, request: pytest.FixtureRequest
) -> None:
    """The right to make any was taken away after the database has joined."""
    address: Address = request.getfixturevalue("on_mariadb")
    server: MariaDB = request.getfixturevalue("mariadb")
    user, books = f"clerk_{uuid.uuid4().hex[:6]}", address.database
    server._administrate(f"CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY 'pw'")
    server._administrate(f"GRANT ALL ON `{books}`.* TO '{user}'@'127.0.0.1'")
    alias = brings(world, replace(address, user=user, password="pw"))
    server._administrate(f"REVOKE CREATE ON `{books}`.* FROM '{user}'@'127.0.0.1'")
    refused_at_the_tables(world, alias)


def refused_at_the_tables(world: World, alias: str) -> None:
    placement = own_placement(organization=world.organization, isolation=Isolation.DATABASE, database=alias)
    with pytest.raises(EndpointError):
        preparing.make_schema(placement, world.organization)
    placement.delete()
