"""The commands for placements reach every one: of mixed organizations, and those kept for a way back."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import Outbox
from audit.services import sweep
from audit.services.outbox import put_in_outbox
from audit.services.trail import record_trail
from byoc.models import Endpoint
from companions.models import Value
from tenants.context import use_tenant
from tenants.db import aliases
from tenants.models import Isolation, PendingWork, Placement, PlacementJob, Plan
from tenants.owner import owner_connection
from tenants.services.organizations import found_organization
from tenants.services.pending import mark_pending
from tenants.services.placing import moving
from tenants.transactions import tenant_atomic
from tests.companions.conftest import mixed  # noqa: F401
from tests.fixtures.mixed import IN_DATABASE, IN_SCHEMA, Mixed
from tests.fixtures.organizations import World, build_world
from tests.tenants.schemas import ADD_FIELD, next_release
from tests.tenants.test_moving import moved, until_over
from tests.tenants.test_provisioning import _databases_of_their_own  # noqa: F401  what they made goes

pytestmark = pytest.mark.django_db(transaction=True)


def report(command: str, **options: Any) -> dict[str, dict[str, Any]]:
    """What it told, by schema; with nothing in this process known from before."""
    aliases.forget_all()
    out = io.StringIO()
    with suppress(CommandError):
        call_command(command, "--json", stdout=out, **options)
    return {one["schema"]: one for one in json.loads(out.getvalue())}


@pytest.fixture
def kept(cloned_database: str) -> World:
    """It lived in a database of its own until a moment ago, and may go back there for 72 hours."""
    world = build_world(f"kept-{uuid.uuid4().hex[:8]}", Plan.ENTERPRISE)
    moved(world, Isolation.ROW)
    return world


def kept_source(world: World) -> Placement:
    return moving.kept(world.organization)[0]


def test_further_placements_are_migrated_and_audited(mixed: Mixed) -> None:  # noqa: F811
    migrated, audited = report("migrate_placements"), report("audit_placements")
    for place in mixed.placements.values():
        assert migrated[place.schema_name]["result"] == "already"
        assert audited[place.schema_name]["problems"] == []


def test_a_database_kept_for_a_way_back_is_migrated_and_audited(kept: World) -> None:
    source = kept_source(kept)
    assert source.database != "default"
    assert report("migrate_placements")[source.schema_name]["result"] == "already"
    assert report("audit_placements")[source.schema_name]["problems"] == []


def test_the_way_back_is_open_after_a_release_too(kept: World) -> None:
    with next_release(ADD_FIELD):
        assert report("migrate_placements")[kept_source(kept).schema_name]["result"] == "migrated"
        job = until_over(moving.move_back(organization=kept.organization, later=False))
    assert job.state == PlacementJob.State.DONE
    kept.organization.refresh_from_db()
    with use_tenant(kept.organization.id):
        assert Value.objects.exists()


@pytest.fixture
def gone_from_dns(mixed: Mixed) -> Iterator[Placement]:  # noqa: F811
    """The name of the server where a companion lives leads nowhere."""
    _point_at(mixed, "postgresql://nowhere.invalid:5432")
    yield mixed.placements[IN_DATABASE]
    _point_at(mixed, "")


def _point_at(mixed: Mixed, origin: str) -> None:  # noqa: F811
    with use_tenant(mixed.context):
        key, _version = mixed.placements[IN_DATABASE].database.removeprefix("at_o").split("_")
        assert Endpoint.objects.filter(id=uuid.UUID(key)).update(origin=origin) == 1
    aliases.forget_all()


def test_a_name_that_leads_nowhere_is_a_line_of_its_own(gone_from_dns: Placement) -> None:
    migrated, audited = report("migrate_placements"), report("audit_placements")
    schema = gone_from_dns.schema_name
    assert {one for one, told in migrated.items() if told["result"] != "already"} == {schema}
    assert {one for one, told in audited.items() if told["problems"]} == {schema}
    assert audited[schema]["problems"][0].startswith("the database could not be asked: ")


def test_an_alias_that_nobody_has_is_a_line_of_its_own(mixed: Mixed) -> None:  # noqa: F811
    lost = Placement.objects.create(
        name="Lost", schema_name="o_lost_1", isolation="database", database=f"at_o{uuid.uuid4().hex}_1"
    )
    try:
        migrated, audited = report("migrate_placements"), report("audit_placements")
    finally:
        lost.delete()
    assert {one for one, told in migrated.items() if told["result"] != "already"} == {"o_lost_1"}
    assert {one for one, told in audited.items() if told["problems"]} == {"o_lost_1"}


@pytest.fixture
def schema_lost(mixed: Mixed) -> Iterator[None]:  # noqa: F811
    """Nobody knows where the first of the further placements is."""
    first = Placement.objects.filter(id=mixed.placements[IN_SCHEMA].id)
    first.update(database=f"at_o{uuid.uuid4().hex}_1")
    yield
    first.update(database="default")


def test_a_sweep_goes_on_to_the_place_after_one_that_is_lost(
    mixed: Mixed,  # noqa: F811
    schema_lost: None,
) -> None:
    there = mixed.context.further(mixed.placements[IN_DATABASE].ref)
    overdue = timezone.now() - timedelta(minutes=5)
    with use_tenant(there), tenant_atomic():
        item = put_in_outbox(task="chats.title", arguments={}, due_at=overdue)
        mark_pending(mixed.organization.id, PendingWork.Kind.OUTBOX)
    sweep.sweep()
    with use_tenant(there):
        assert Outbox.objects.get(id=item).due_at > timezone.now(), "a worker was woken"
    assert PendingWork.objects.filter(organization=mixed.organization).exists(), "the lost one is asked again"


def verified(mixed: Mixed) -> tuple[list[str], str]:  # noqa: F811
    """The lines of `audit_verify`, and how it ended."""
    aliases.forget_all()
    out, ending = io.StringIO(), ""
    try:
        call_command("audit_verify", organization=mixed.organization.slug, stdout=out)
    except CommandError as error:
        assert error.returncode == 1
        ending = str(error)
    return out.getvalue().splitlines(), ending


def name_of(mixed: Mixed, companion: str) -> str:  # noqa: F811
    return f"{mixed.organization.slug} ({mixed.placements[companion].name})"


def test_the_trail_is_verified_in_every_placement(mixed: Mixed) -> None:  # noqa: F811
    lines, ending = verified(mixed)
    names = [mixed.organization.slug, name_of(mixed, IN_SCHEMA), name_of(mixed, IN_DATABASE)]
    assert [line.split(": ")[0] for line in lines] == names
    assert all("the chain holds" in line for line in lines)
    assert ending == ""


@pytest.fixture
def forged(mixed: Mixed) -> Iterator[None]:  # noqa: F811
    """Who owns the tables changed what was written in a further placement."""
    mixed.start(IN_SCHEMA, "forged")
    first = f"{mixed.placements[IN_SCHEMA].schema_name}.audit_auditentry SET {{}} WHERE sequence = 1"
    change, back = "actor_label = actor_label || '!'", "actor_label = rtrim(actor_label, '!')"
    with owner_connection() as owner:
        owner.execute("SELECT set_config('humana.organization', %s, false)", [mixed.organization.id.hex])
        assert owner.execute(f"UPDATE {first.format(change)}".encode()).rowcount == 1
        yield
        owner.execute(f"UPDATE {first.format(back)}".encode())


def test_a_trail_forged_in_a_further_placement_is_found(mixed: Mixed, forged: None) -> None:  # noqa: F811
    lines, ending = verified(mixed)
    assert lines[0].startswith(f"{mixed.organization.slug}: the chain holds")
    assert lines[1].startswith(f"{name_of(mixed, IN_SCHEMA)}: broken at 1: ")
    assert ending == f"Not as it was written: {name_of(mixed, IN_SCHEMA)}."


def test_a_trail_that_cannot_be_asked_is_not_said_to_hold(
    mixed: Mixed,  # noqa: F811
    forged: None,
    gone_from_dns: Placement,
) -> None:
    lines, ending = verified(mixed)
    silent = name_of(mixed, IN_DATABASE)
    assert lines[2].startswith(f"{silent}: could not be asked: ")
    assert ending == f"Not as it was written: {name_of(mixed, IN_SCHEMA)}. Could not be asked: {silent}.", (
        "and the others were"
    )


def test_an_organization_that_is_being_set_up_has_no_trail_to_verify(mixed: Mixed) -> None:  # noqa: F811
    founded = found_organization(name="Waiting", owner=mixed.owner.user, plan=Plan.BUSINESS)
    out = io.StringIO()
    call_command("audit_verify", stdout=out)
    assert mixed.organization.slug in out.getvalue()
    assert founded.slug not in out.getvalue()


@pytest.fixture
def grown_old(mixed: Mixed) -> None:  # noqa: F811
    """The trail of a further placement holds two entries, both of long ago."""
    place = mixed.placements[IN_SCHEMA]
    with owner_connection() as owner:
        owner.execute("SELECT set_config('humana.organization', %s, false)", [mixed.organization.id.hex])
        for table in ("audit_auditentry", "audit_audithead"):
            owner.execute(f"DELETE FROM {place.schema_name}.{table}".encode())
    there = replace(mixed.context.further(place.ref), retention_days=1)
    for number in range(2):
        with use_tenant(there), tenant_atomic():
            then = timezone.now() - timedelta(days=800)
            record_trail(action="test.noted", resource_type="note", resource_id=number, at=then)


def purge(mixed: Mixed, out: io.StringIO) -> None:  # noqa: F811
    day = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%d")
    call_command("purge_trail", "--organization", mixed.organization.slug, "--before", day, stdout=out)


def test_the_trail_is_purged_in_every_placement(mixed: Mixed, grown_old: None) -> None:  # noqa: F811
    out = io.StringIO()
    purge(mixed, out)
    assert out.getvalue().splitlines() == [
        f"{mixed.organization.slug}: 0 entries removed",
        f"{name_of(mixed, IN_SCHEMA)}: 2 entries removed",
        f"{name_of(mixed, IN_DATABASE)}: 0 entries removed",
    ]
    assert verified(mixed)[1] == ""


def test_a_trail_that_cannot_be_purged_keeps_no_other(
    mixed: Mixed,  # noqa: F811
    grown_old: None,
    gone_from_dns: Placement,
) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was removed there: ") as refusal:
        purge(mixed, out)
    assert name_of(mixed, IN_DATABASE) in str(refusal.value)
    assert f"{name_of(mixed, IN_SCHEMA)}: 2 entries removed" in out.getvalue()
