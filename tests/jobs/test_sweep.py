"""The sweep: looks only where a marker says so, loses no marker, and is kept waiting by nobody."""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from audit.models import AuditEntry, IdempotencyKey
from audit.services import sweep
from audit.services.relay import relay_control_events
from tenants import context
from tenants.context import use_tenant
from tenants.models import (
    ControlEvent,
    Isolation,
    Organization,
    PendingWork,
    Placement,
    PlacementJob,
    User,
)
from tenants.services import pending
from tenants.services.events import control_event
from tenants.services.organizations import found_organization
from tenants.services.placing import moving
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db


def happen(world: World) -> None:
    control_event("test.happened", "thing", organization_id=world.organization.id)


def told(world: World) -> int:
    with use_tenant(world.context):
        return AuditEntry.objects.filter(action="test.happened").count()


def marked() -> set[str]:
    rows = PendingWork.objects.filter(kind=PendingWork.Kind.CONTROL_EVENT)
    return set(rows.values_list("organization__slug", flat=True))


def swept() -> None:
    """A sweep after a while: a fresh marker of an organization in another database stays for a minute."""
    let_markers_age()
    sweep.sweep()


def let_markers_age() -> None:
    PendingWork.objects.update(updated_at=timezone.now() - 2 * pending.FRESH)


def test_only_marked_organizations_are_looked_at(
    left: World, right: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept()
    assert marked() == set()
    happen(left)
    assert marked() == {"left"}
    entered: list[str] = []
    enter = pending.use_tenant

    def watched(organization_id: Any) -> Any:
        entered.append(str(organization_id))
        return enter(organization_id)

    monkeypatch.setattr(pending, "use_tenant", watched)
    swept()
    assert told(left) == 1
    assert marked() == set()
    assert entered == [str(left.organization.id)]


def test_one_that_cannot_be_reached_keeps_no_other_waiting(
    left: World, right: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    happen(left)
    happen(right)
    relay = relay_control_events

    def unreachable() -> int:
        here = context.current_tenant()
        if here.slug == "left":
            raise ConnectionError("no route to left")
        return relay()

    monkeypatch.setattr(sweep, "relay_control_events", unreachable)
    with caplog.at_level(logging.ERROR):
        swept()
    assert (told(left), told(right)) == (0, 1)
    assert marked() == {"left"}, "it will be tried again"
    assert "sweep failed" in caplog.text
    monkeypatch.setattr(sweep, "relay_control_events", relay)
    sweep.sweep()
    assert told(left) == 1


def test_what_is_left_over_keeps_its_marker(left: World, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(left)
    monkeypatch.setattr(sweep, "relay_control_events", lambda: 0)
    sweep.sweep()
    assert marked() == {"left"}


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_during_the_sweep_is_not_forgotten() -> None:
    """Its transaction holds the marker, so the sweep's last look waits for it and then sees it."""
    world = build_world("busy")
    swept()
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            happen(world)
            written.set()
            go_on.wait(10)
        connections.close_all()

    def sweep_aside() -> None:
        sweep.sweep()
        connections.close_all()

    PendingWork.objects.create(organization=world.organization, kind=PendingWork.Kind.CONTROL_EVENT)
    let_markers_age()
    writer, sweeper = threading.Thread(target=write), threading.Thread(target=sweep_aside)
    writer.start()
    assert written.wait(10)
    sweeper.start()
    sweeper.join(1)
    assert sweeper.is_alive(), "it waits for whoever holds the marker"
    go_on.set()
    writer.join(10)
    sweeper.join(10)
    with use_tenant(world.context):
        waiting = ControlEvent.objects.filter(action="test.happened", relayed_at=None).exists()
    assert not waiting or "busy" in marked()
    sweep.sweep()
    assert told(world) == 1


def test_answers_to_named_requests_are_forgotten_after_a_day(left: World, right: World) -> None:
    with use_tenant(left.context):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    sweep.forget_idempotency_keys()
    for world, kept in ((left, 0), (right, 1)):
        with use_tenant(world.context):
            assert IdempotencyKey.objects.count() == kept


def nowhere(world: World) -> None:
    """Its database has an alias that nobody knows."""
    placement = Placement.objects.create(
        name=f"Lost {world.slug}",
        schema_name=f"o_lost_{world.slug}",
        isolation=Isolation.DATABASE,
        database=f"at_o{uuid.uuid4().hex}_1",
    )
    Organization.objects.filter(id=world.organization.id).update(placement=placement)


def test_an_organization_that_cannot_be_reached_or_is_being_set_up_keeps_no_answers_of_others(
    left: World, right: World, caplog: pytest.LogCaptureFixture
) -> None:
    owner = User.objects.create_user("dora@waiting.example", None, name="Dora")
    waiting = found_organization(name="Waiting", owner=owner, plan="business")
    assert waiting.state == Organization.State.PROVISIONING
    assert left.organization.id < right.organization.id, "the sweep comes to the lost one first"
    with use_tenant(right.context):
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    nowhere(left)
    with caplog.at_level(logging.ERROR):
        sweep.forget_idempotency_keys()
    with use_tenant(right.context):
        assert not IdempotencyKey.objects.exists()
    told = [one for one in caplog.records if one.message == "idempotency keys not forgotten"]
    assert [getattr(one, "organization", "") for one in told] == [str(left.organization.id)]


def test_one_that_is_being_set_up_has_nothing_to_sweep_yet(
    left: World, caplog: pytest.LogCaptureFixture
) -> None:
    happen(left)
    Organization.objects.filter(id=left.organization.id).update(state=Organization.State.PROVISIONING)
    swept()
    assert (told(left), marked()) == (0, {"left"})
    Organization.objects.filter(id=left.organization.id).update(state=Organization.State.ACTIVE)
    swept()
    assert (told(left), marked()) == (1, set())


def test_a_source_that_cannot_be_let_go_keeps_no_other(
    left: World, right: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    over = timezone.now() - timedelta(seconds=1)
    for world in (left, right):
        PlacementJob.objects.create(
            organization=world.organization, slug=world.slug, kind="move", state="done",
            source=world.organization.placement, keep_until=over,
        )  # fmt: skip
    clear = moving.clear

    def stuck(*, organization: Organization, placement: Placement) -> PlacementJob:
        if organization.slug == "left":
            raise ConnectionError("no route to left")
        return clear(organization=organization, placement=placement)

    monkeypatch.setattr(moving, "clear", stuck)
    with caplog.at_level(logging.ERROR):
        assert moving.clear_due() == 1
    assert [one.slug for one in PlacementJob.objects.filter(kind="clear")] == ["right"]
    assert PlacementJob.objects.exclude(keep_until=None).get().slug == "left", "it is tried again"
    assert "source not let go" in caplog.text
