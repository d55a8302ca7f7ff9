"""A support session that runs out is told to the customer, though nobody ended it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEntry, Outbox
from audit.services.relay import relay_control_events
from audit.services.sweep import sweep
from tenants.context import use_tenant
from tenants.models import SupportSession, User
from tenants.services.support import END_EXPIRED, begin_support, end_support
from tests.fixtures.organizations import PASSWORD, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager")]


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user("olga@humana.example", PASSWORD, name="Olga", is_staff=True)


def endings(world: World) -> list[dict[str, Any]]:
    with use_tenant(world.context):
        relay_control_events()
        rows = AuditEntry.objects.filter(action="support.ended").order_by("sequence")
        return [json.loads(one.payload) for one in rows]


def pass_time(world: World) -> Any:
    """Everything that lies ahead is now a minute ago."""
    moment = timezone.now() - timedelta(minutes=1)
    with use_tenant(world.context):
        Outbox.objects.exclude(task=END_EXPIRED).delete()
        SupportSession.objects.update(expires_at=moment)
        Outbox.objects.filter(task=END_EXPIRED).update(due_at=moment)
    return moment


def test_its_end_is_told_as_of_the_moment_it_ran_out(
    left: World, operator: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    session = begin_support(operator=operator, organization=left.organization, reason="Ticket 42", minutes=30)
    moment = pass_time(left)
    assert endings(left) == []
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert endings(left) == [{"operator": operator.email, "ran_out": moment.isoformat()}]
    with use_tenant(left.context):
        assert SupportSession.objects.get(id=session.id).ended_at == moment
        assert Outbox.objects.get(task=END_EXPIRED).state == Outbox.State.DONE


def test_one_that_was_ended_is_told_once(
    left: World, operator: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    session = begin_support(operator=operator, organization=left.organization, reason="Ticket 42", minutes=30)
    end_support(session=session)
    end_support(session=session)
    pass_time(left)
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert endings(left) == [{"operator": operator.email}]


def test_a_second_session_ends_the_first(left: World, operator: User) -> None:
    for reason in ("Ticket 42", "Ticket 43"):
        begin_support(operator=operator, organization=left.organization, reason=reason, minutes=30)
    assert len(endings(left)) == 1
    with use_tenant(left.context):
        assert SupportSession.objects.get(ended_at=None, operator=operator).reason == "Ticket 43"
