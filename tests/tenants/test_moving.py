"""An organization moves from pool to schema to database and back while its people work."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from audit.models import AuditEntry
from audit.services import chain
from audit.services.relay import relay_control_events
from byoc import storage
from byoc.databases import alias_of
from byoc.models import Endpoint
from chats.models import Chat
from companions.models import Value
from documents.models import Folder, Share
from documents.services.sharing import Party, share
from humana.kernel.errors import Conflict
from tenants.context import TenantContext, use_tenant
from tenants.db import aliases, replay
from tenants.models import Isolation, Organization, Placement, PlacementJob
from tenants.owner import owner_connection, owner_settings
from tenants.services.placing import clearing, jobs, moving, removing, reports
from tenants.services.teams import create_team, remove_team
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World, build_world
from tests.tenants.test_copying import rows_at
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes
from tests.tenants.test_removing import rows_left
from tests.tenants.writers import people_at_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(cloned_database: str) -> World:
    return build_world(f"mover-{uuid.uuid4().hex[:8]}")


def begun(world: World, isolation: str, **options: Any) -> PlacementJob:
    return moving.move(organization=world.organization, isolation=isolation, later=False, **options)


def worked_on(job: PlacementJob) -> PlacementJob:
    """What the sweep and a worker do."""
    PlacementJob.objects.filter(id=job.id).update(retry_at=None)
    jobs.work_on(job.id)
    return read(job)


def read(job: PlacementJob) -> PlacementJob:
    return PlacementJob.objects.select_related("organization__placement", "source", "target").get(id=job.id)


def moved(world: World, isolation: str) -> PlacementJob:
    job = worked_on(begun(world, isolation))
    assert job.state == PlacementJob.State.DONE, job.error
    world.organization.refresh_from_db()
    return job


def until_over(job: PlacementJob) -> PlacementJob:
    """A pool of this process may keep a connection to a database for a moment."""
    while (job := worked_on(job)).state == PlacementJob.State.RUNNING:
        aliases.forget_all()
    assert job.state == PlacementJob.State.DONE, job.error
    return job


def window_passes(job: PlacementJob) -> None:
    """The sweep comes after HUMANA_ROLLBACK_HOURS."""
    PlacementJob.objects.filter(id=job.id).update(keep_until=timezone.now() - timedelta(seconds=1))
    moving.clear_due()
    until_over(PlacementJob.objects.get(kind=PlacementJob.Kind.CLEAR, source=job.source))


def given_to_a_team_that_goes(world: World) -> None:
    """The folder that somebody has is a team's too, and the team is dissolved."""
    team = create_team(name="Night watch")
    share(member=world.twin, aim=world.folder, party=Party(team=team), right="read")
    remove_team(team=team)
    assert Share.objects.filter(team_id=team.id).exists()


def test_from_pool_to_schema_to_database_and_home(world: World) -> None:
    with use_tenant(world.context):  # given to somebody who has left since, and to a team that is no more
        assert Share.objects.filter(team_id=None).update(member_id=uuid.uuid4())
        given_to_a_team_that_goes(world)
    before = rows_at(world.context)
    for isolation in (Isolation.SCHEMA, Isolation.DATABASE, Isolation.ROW):
        job = moved(world, isolation)
        assert world.organization.placement.isolation == isolation
        assert world.organization.state == Organization.State.ACTIVE
        assert rows_at(world.context) == before
        assert job.report["rows"] == sum(map(len, before.values()))
        assert reports.is_genuine(job)


def test_a_row_that_names_a_stranger_stops_the_move_and_is_not_lost(world: World) -> None:
    """A customer's own database kept it; the pool would not. Once it is gone the move goes on."""
    moved(world, Isolation.DATABASE)
    stranger = build_world(f"other-{uuid.uuid4().hex[:8]}").owner
    with use_tenant(world.context):
        assert Share.objects.filter(team_id=None).update(member_id=stranger.id)
    job = worked_on(begun(world, Isolation.ROW))
    assert job.state == PlacementJob.State.FAILED
    assert "A row of documents_share names a member or a team of another organization" in job.error
    world.organization.refresh_from_db()
    assert world.organization.placement.isolation == Isolation.DATABASE
    with use_tenant(world.context):
        assert Share.objects.filter(member_id=stranger.id).delete()[0]
    jobs.try_again(job=job)
    assert worked_on(job).state == PlacementJob.State.DONE


def test_the_trail_goes_on_and_tells_of_the_move(world: World) -> None:
    job = moved(world, Isolation.SCHEMA)
    with use_tenant(world.context):
        relay_control_events()
        assert chain.verify().holds
        told = AuditEntry.objects.get(action="organization.moved")
        assert job.report["tables"]["chats_message"]["digest"] in told.payload
        assert "signature" in told.payload


def test_people_keep_the_signed_report_and_can_have_it_checked(world: World, tmp_path: Path) -> None:
    job = moved(world, Isolation.SCHEMA)
    client = Client()
    client.force_login(world.owner.user)
    page = client.get(f"/o/{world.slug}/places/").content.decode()
    address = f"/o/{world.slug}/places/reports/{job.id}/"
    assert address in page
    report = tmp_path / "report.json"
    report.write_bytes(client.get(address).content)
    assert json.loads(report.read_text())["report"]["tables"] == job.report["tables"]
    assert "As it was signed" in told_of(report)
    for before, after in ((world.slug, "another"), ('"rows": ', '"rows": 1'), ('"done"', '"undone"')):
        changed = tmp_path / "changed.json"
        changed.write_text(report.read_text().replace(before, after))
        with pytest.raises(CommandError, match="changed"):
            told_of(changed)
    client.force_login(world.member.user)
    assert client.get(address).status_code == 403


def test_a_job_whose_report_cannot_be_kept_is_not_over(world: World, settings: Any) -> None:
    """A full disk, say: the move has arrived, and the worker comes back for the report."""
    usual, settings.HUMANA_FILES = settings.HUMANA_FILES, "/dev/null"
    storage.forget()
    job = worked_on(begun(world, Isolation.SCHEMA))
    assert (job.state, job.signature) == (PlacementJob.State.RUNNING, "")
    settings.HUMANA_FILES = usual
    storage.forget()
    job = worked_on(job)
    assert job.state == PlacementJob.State.DONE
    assert reports.is_genuine(job)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"signature": 7}', "not JSON"])
def test_what_is_no_report_is_said_to_be_none(content: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with pytest.raises(CommandError, match="cannot be read"):
        told_of(file)
    file.write_text(content)
    with pytest.raises(CommandError):
        told_of(file)


def told_of(file: Path) -> str:
    out = StringIO()
    call_command("check_report", str(file), stdout=out)
    return out.getvalue()


@pytest.mark.battery
def test_twenty_people_work_and_nothing_of_theirs_is_lost_or_doubled(world: World) -> None:
    with people_at_work(world.organization.id, number=20) as people:
        for isolation in (Isolation.SCHEMA, Isolation.DATABASE, Isolation.ROW):
            written = people.writes
            moved(world, isolation)
            assert people.writes > written, "nobody had to stop for the whole of it"
    assert people.found() == people.must_be_there()
    with use_tenant(world.context):
        assert chain.verify().holds
        assert AuditEntry.objects.filter(action="test.worked").count() == len(people.saved)


@contextmanager
def somebody_is_writing(world: World) -> Iterator[threading.Event]:
    """A transaction that began before the flip, and commits when told, or at the end of the block."""
    inside, finish = threading.Event(), threading.Event()

    def person() -> None:
        with use_tenant(world.context), tenant_atomic():
            Value.objects.create(title="Slow", description="but committed")
            inside.set()
            finish.wait(60)
        connections.close_all()

    thread = threading.Thread(target=person)
    thread.start()
    assert inside.wait(5)
    try:
        yield finish
    finally:
        finish.set()
        thread.join()


def there(world: World, title: str) -> bool:
    with use_tenant(world.organization.id):
        return Value.objects.filter(title=title).exists()


def test_a_move_waits_for_who_is_in_the_middle_of_writing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes is done a moment after the mover has asked for the organization."""
    with somebody_is_writing(world) as finish:

        def asked(context: TenantContext) -> Any:
            threading.Timer(0.3, finish.set).start()
            return taken(context)

        taken = moving.taken
        monkeypatch.setattr(moving, "taken", asked)
        moved(world, Isolation.SCHEMA)
    assert there(world, "Slow")


def test_without_the_freeze_it_would_be_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "taken", lambda context: nullcontext(lambda: None))
    with somebody_is_writing(world):
        moved(world, Isolation.SCHEMA)
    assert not there(world, "Slow")


def test_people_read_while_the_last_rows_are_carried(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read_meanwhile: list[int] = []
    arrive = moving._arrive

    def look(*args: Any) -> None:
        thread = threading.Thread(target=person)
        thread.start()
        thread.join(5)
        arrive(*args)

    def person() -> None:
        with use_tenant(world.context):
            read_meanwhile.append(Value.objects.count())
        connections.close_all()

    monkeypatch.setattr(moving, "_arrive", look)
    moved(world, Isolation.SCHEMA)
    assert read_meanwhile == [1]


def test_what_was_read_before_the_move_is_written_after_it(world: World) -> None:
    """A request that began at the old place goes on with the rows it holds."""
    with use_tenant(world.context):
        chat, folder = Chat.objects.get(id=world.chat.id), world.folder
        moved(world, Isolation.DATABASE)
        chat.title = "Renamed"
        chat.save()
        inner = Folder.objects.create(owner_id=world.twin.user_id, name="Inner", parent=folder)
    with use_tenant(world.context):
        assert Folder.objects.get(parent=folder) == inner
        assert Chat.objects.get(id=chat.id).title == "Renamed"


@pytest.mark.pool_only("begins in the pool")
def test_it_can_go_back_at_once_with_what_was_written_since(world: World) -> None:
    pool = world.organization.placement
    moved(world, Isolation.SCHEMA)
    with use_tenant(world.context):
        Value.objects.create(title="Since", description="then")
    job = moved(world, Isolation.ROW)
    assert world.organization.placement == pool
    assert job.report["rounds"][0]["rows"] < 5, "the rest was there"
    assert there(world, "Since")


@pytest.mark.pool_only("begins in the pool")
def test_when_the_window_has_passed_nothing_is_left_behind(world: World) -> None:
    pool = world.organization.placement
    window_passes(moved(world, Isolation.DATABASE))
    assert not any(rows_left(pool, world.organization.id).values())
    assert Placement.objects.filter(id=pool.id).exists()
    own = world.organization.placement
    with use_tenant(world.context):
        database = owner_settings(own.database)["NAME"]
    window_passes(moved(world, Isolation.ROW))
    assert not Placement.objects.filter(id=own.id).exists()
    with use_tenant(world.context):
        assert not Endpoint.objects.exists()
    with owner_connection() as admin:
        assert not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    assert there(world, world.row(Value).title)


@pytest.mark.pool_only("begins in the pool")
def test_until_then_it_stays(world: World) -> None:
    pool = world.organization.placement
    moved(world, Isolation.SCHEMA)
    assert moving.clear_due() == 0
    assert all(rows_left(pool, world.organization.id).values())


def test_a_place_that_somebody_lives_in_is_never_cleared(world: World) -> None:
    job = worked_on(
        clearing.clear(organization=world.organization, placement=world.organization.placement, later=False)
    )
    assert job.state == PlacementJob.State.FAILED
    assert there(world, world.row(Value).title)


def test_a_move_that_fails_can_be_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise Conflict("The disk there is full.")

    monkeypatch.setattr(moving, "_arrive", fail)
    job = worked_on(begun(world, Isolation.SCHEMA))
    assert (job.state, job.error) == (PlacementJob.State.FAILED, "The disk there is full.")
    assert job.target is not None
    with use_tenant(world.organization.id):
        Value.objects.create(title="Meanwhile", description="they go on")
    until_over(moving.undo(job=job, later=False))
    assert read(job).state == PlacementJob.State.UNDONE
    world.organization.refresh_from_db()
    assert world.organization.state == Organization.State.ACTIVE
    assert not Placement.objects.filter(id=job.target.id).exists()
    assert there(world, "Meanwhile")


def test_or_tried_again(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving, "_arrive", lambda *args: 1 / 0)
        job = worked_on(begun(world, Isolation.SCHEMA))
    assert job.state == PlacementJob.State.RUNNING, "by itself"
    assert worked_on(job).state == PlacementJob.State.DONE


def test_who_arrived_is_not_given_up(world: World) -> None:
    job = moved(world, Isolation.SCHEMA)
    with pytest.raises(Conflict, match="move the organization back"):
        moving.undo(job=job, later=False)


@pytest.mark.pool_only("begins in the pool")
def test_what_cannot_be_is_said(world: World) -> None:
    with pytest.raises(Conflict, match="lives there already"):
        begun(world, Isolation.ROW)
    job = begun(world, Isolation.SCHEMA)
    with pytest.raises(Conflict, match="moved"):
        begun(world, Isolation.DATABASE)
    with pytest.raises(Conflict, match="being moved"):
        removing.deprovision(organization=world.organization, later=False)
    worked_on(job)


def test_a_full_pool_and_another_zone_are_refused(world: World) -> None:
    pool = Placement.objects.create(
        name=f"Full {uuid.uuid4().hex[:6]}", schema_name=f"p_{uuid.uuid4().hex[:6]}", isolation=Isolation.ROW,
        capacity=0, zone="eu",
    )  # fmt: skip
    with pytest.raises(Conflict, match="takes no more"):
        begun(world, Isolation.ROW, pool=pool)
    Placement.objects.filter(id=pool.id).update(capacity=None)
    Organization.objects.filter(id=world.organization.id).update(zone="br")
    pool.refresh_from_db()
    with pytest.raises(Conflict, match="zone br"):
        begun(world, Isolation.ROW, pool=pool)
    pool.delete()


@pytest.mark.pool_only("begins in the pool")
def test_one_pool_to_another(world: World, cloned_database: str) -> None:
    pool = Placement.objects.create(
        name=f"Second {uuid.uuid4().hex[:6]}",
        schema_name=f"p_{uuid.uuid4().hex[:6]}",
        isolation=Isolation.ROW,
    )
    with owner_connection() as owner:
        replay.create_schema(owner, pool.schema_name)
    Placement.objects.filter(id=pool.id).update(migrated=world.organization.placement.migrated)
    pool.refresh_from_db()
    before = rows_at(world.context)
    job = worked_on(begun(world, Isolation.ROW, pool=pool))
    assert job.state == PlacementJob.State.DONE, job.error
    world.organization.refresh_from_db()
    assert world.organization.placement == pool
    assert rows_at(world.context) == before


@pytest.mark.pool_only("begins in the pool")
def test_who_is_removed_leaves_nothing_where_they_lived_before(world: World) -> None:
    pool, key = world.organization.placement, world.organization.id
    moved(world, Isolation.SCHEMA)
    schema = world.organization.placement
    until_over(removing.deprovision(organization=world.organization, later=False))
    assert not any(rows_left(pool, key).values())
    assert not Placement.objects.filter(id=schema.id).exists()


@pytest.mark.battery
def test_to_a_file_that_the_organization_brought_and_back(world: World) -> None:
    """Another engine: no row-level security, no marks, the same move."""
    endpoint = Endpoint(organization=world.organization, kind="database", type="sqlite", name="A file")
    with use_tenant(world.context):
        endpoint.save(force_insert=True)
    before = rows_at(world.context)
    with people_at_work(world.organization.id, number=2) as people:
        job = worked_on(begun(world, Isolation.DATABASE, database=alias_of(endpoint)))
        assert job.state == PlacementJob.State.DONE, job.error
        time.sleep(0.2)
        moved(world, Isolation.ROW)
    assert people.found() == people.must_be_there()
    after = rows_at(world.context)
    assert all(set(rows) <= set(after[name]) for name, rows in before.items() if name != "audit_audithead")
    with use_tenant(world.context):
        assert chain.verify().holds
