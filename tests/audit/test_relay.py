"""What happens in the control plane reaches the organization's trail exactly once."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from audit.models import AuditEntry
from audit.services.relay import anything_to_relay, relay_control_events
from humana.kernel.actor import Actor, acting_as
from humana.kernel.ports import record_trail
from tenants.context import use_tenant
from tenants.models import ControlEvent
from tenants.services.events import control_event
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def happen(world: World, *resources: str) -> None:
    for resource in resources:
        control_event("test.happened", "thing", resource, organization_id=world.organization.id)


def told(world: World) -> list[str]:
    with use_tenant(world.context):
        rows = AuditEntry.objects.filter(action="test.happened").order_by("sequence")
        return list(rows.values_list("resource_id", flat=True))


def relay(world: World) -> int:
    with use_tenant(world.context):
        return relay_control_events()


def test_an_event_is_told_once_with_who_and_when(left: World) -> None:
    relay(left)
    with acting_as(Actor(kind="operator", label="olga@humana.example", address="203.0.113.7")):
        happen(left, "7")
    assert relay(left) == 1
    assert relay(left) == 0
    with use_tenant(left.context):
        event = ControlEvent.objects.get(action="test.happened")
        entry = AuditEntry.objects.get(action="test.happened")
    assert event.relayed_at is not None
    assert (entry.source_id, entry.at) == (event.id, event.created_at)
    assert (entry.actor_kind, entry.actor_label) == ("operator", "olga@humana.example")
    assert (entry.resource_id, entry.address) == ("7", "203.0.113.7")


def test_each_organization_is_told_its_own(left: World, right: World) -> None:
    happen(left, "1")
    happen(right, "2")
    control_event("test.happened", "thing", "3", organization_id=None)
    relay(left)
    relay(right)
    assert (told(left), told(right)) == (["1"], ["2"]), "what is the platform's stays there"


def test_a_mark_that_was_lost_doubles_nothing(left: World) -> None:
    """As when the trail is in another database, and the process died between the two commits."""
    happen(left, "1", "2")
    relay(left)
    with use_tenant(left.context):
        ControlEvent.objects.update(relayed_at=None)
    assert relay(left) > 0
    assert told(left) == ["1", "2"]


def test_the_database_itself_refuses_a_second_entry_of_one_event(left: World) -> None:
    happen(left, "1")
    relay(left)
    with use_tenant(left.context):
        source = AuditEntry.objects.get(action="test.happened").source_id
        with pytest.raises(IntegrityError, match=r"audit_source_once|source_id"), transaction.atomic():
            record_trail(action="test.happened", resource_type="thing", source_id=source)


@pytest.mark.django_db(transaction=True)
def test_four_relays_at_once_tell_each_event_once(written: World) -> None:
    relay(written)
    happen(written, *map(str, range(60)))
    ControlEvent.objects.filter(organization=written.organization).update(relayed_at=None)
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        try:
            relay(written)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    relay(written)
    assert sorted(told(written), key=int) == [str(number) for number in range(60)]
    with use_tenant(written.context):
        assert not anything_to_relay()
        assert not ControlEvent.objects.filter(relayed_at__gt=timezone.now()).exists()
