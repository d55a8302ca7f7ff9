"""Work that must not be lost: done, tried again, put aside, and picked up by an operator."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from audit.models import AuditEntry, Outbox
from audit.services import outbox, sweep
from audit.services.outbox import ATTEMPT_SECONDS, LOST, MOST_ATTEMPTS, put_in_outbox, settle_outbox
from humana.kernel.errors import EndpointError
from tenants.context import use_tenant
from tenants.jobs import TENANT_TASKS, tenant_task
from tenants.models import ControlEvent, PendingWork
from tenants.transactions import tenant_atomic
from tests.fixtures.messages import published
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db

TASK = "tests.note"
Committed = Callable[..., Any]
done: list[str] = []


@pytest.fixture(autouse=True)
def task(left: World, eager: None) -> Iterator[None]:
    """A task of the tests' own, run where it is published; no other work is waiting."""
    with use_tenant(left.context):
        Outbox.objects.all().delete()

    @tenant_task(TASK)
    def note(what: str = "") -> None:
        if what == "fail":
            raise ZeroDivisionError
        done.append(what)

    done.clear()
    yield
    del current_app.tasks[TASK]
    TENANT_TASKS.discard(TASK)


def put(world: World, what: str = "tea", **given: Any) -> uuid.UUID:
    with use_tenant(world.context), tenant_atomic():
        return put_in_outbox(task=TASK, arguments={"what": what}, **given)


def item(world: World, key: uuid.UUID) -> Outbox:
    with use_tenant(world.context):
        return Outbox.objects.get(id=key)


def change(world: World, key: uuid.UUID, **given: Any) -> None:
    with use_tenant(world.context):
        Outbox.objects.filter(id=key).update(**given)


def long_ago() -> Any:
    return timezone.now() - timedelta(hours=1)


def mark(world: World) -> None:
    PendingWork.objects.get_or_create(organization=world.organization, kind=PendingWork.Kind.OUTBOX)


def swept(committed: Committed) -> None:
    with committed(execute=True):
        sweep.sweep()


def test_it_is_done_once(left: World) -> None:
    key = put(left)
    with use_tenant(left.context):
        assert settle_outbox(key, lambda: done.append("tea"))
        assert not settle_outbox(key, lambda: done.append("again"))
    assert done == ["tea"]
    assert item(left, key).state == Outbox.State.DONE


def test_two_workers_do_not_do_it_at_the_same_time(left: World) -> None:
    key = put(left)

    def work() -> None:
        assert not settle_outbox(key, lambda: done.append("meanwhile"))

    with use_tenant(left.context):
        assert settle_outbox(key, work)
    assert done == []


def test_what_nobody_took_is_published_again_but_not_at_every_sweep(
    left: World, django_capture_on_commit_callbacks: Committed
) -> None:
    key = put(left, due_at=long_ago())
    mark(left)
    current_app.conf.task_always_eager = False  # the message is sent, and no worker takes it
    with published(TASK) as messages:
        with use_tenant(left.context):
            swept(django_capture_on_commit_callbacks)
        assert len(messages) == 1
        swept(django_capture_on_commit_callbacks)
        assert len(messages) == 1, "a broker without workers is not flooded"
    current_app.conf.task_always_eager = True
    change(left, key, due_at=long_ago())
    swept(django_capture_on_commit_callbacks)
    assert done == ["tea"]


def test_what_is_due_later_is_left_alone_and_not_forgotten(
    left: World, django_capture_on_commit_callbacks: Committed
) -> None:
    key = put(left, due_at=timezone.now() + timedelta(hours=1))
    mark(left)
    swept(django_capture_on_commit_callbacks)
    assert done == []
    assert PendingWork.objects.filter(organization=left.organization, kind="outbox").exists()
    change(left, key, due_at=long_ago())
    swept(django_capture_on_commit_callbacks)
    assert done == ["tea"]


def test_a_worker_that_died_costs_time_and_not_the_work(
    left: World, django_capture_on_commit_callbacks: Committed
) -> None:
    """Claimed, and then nothing: the attempt is taken for lost once it is overdue."""
    key = put(left)
    with use_tenant(left.context):
        assert outbox._claim(key)
        assert not outbox._claim(key)
    assert item(left, key).due_at > timezone.now() + timedelta(seconds=ATTEMPT_SECONDS)
    mark(left)
    swept(django_capture_on_commit_callbacks)
    assert done == [], "it may still be working"
    change(left, key, due_at=long_ago())
    swept(django_capture_on_commit_callbacks)
    assert done == ["tea"]
    assert item(left, key).state == Outbox.State.DONE


def test_what_fails_is_tried_again_and_then_put_aside_for_an_operator(
    left: World, django_capture_on_commit_callbacks: Committed
) -> None:
    key = put(left, "fail", due_at=long_ago())
    mark(left)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        swept(django_capture_on_commit_callbacks)
        assert item(left, key).attempts == attempt
        assert item(left, key).error == "ZeroDivisionError"
        change(left, key, due_at=long_ago())
    assert item(left, key).state == Outbox.State.QUARANTINED
    swept(django_capture_on_commit_callbacks)
    assert item(left, key).attempts == MOST_ATTEMPTS, "and then no more"
    event = ControlEvent.objects.get(action="outbox.quarantined")
    assert event.organization_id is None, "operators see it without an organization in hand"
    assert event.payload == {"organization": left.slug, "task": TASK, "error": "ZeroDivisionError"}


def test_work_that_kills_its_worker_is_put_aside_too(
    left: World, django_capture_on_commit_callbacks: Committed
) -> None:
    """Nobody lives to count the failure, so the attempts are counted as they begin."""
    key = put(left)
    mark(left)
    for _ in range(MOST_ATTEMPTS):
        change(left, key, due_at=long_ago(), error=LOST)
        with use_tenant(left.context):
            assert outbox._claim(key)
    change(left, key, due_at=long_ago())
    swept(django_capture_on_commit_callbacks)
    assert done == []
    assert item(left, key).state == Outbox.State.QUARANTINED
    assert item(left, key).error == LOST


def test_what_cannot_help_is_not_tried_again(
    left: World, django_capture_on_commit_callbacks: Committed
) -> None:
    key = put(left)

    def refuse() -> None:
        raise EndpointError("wrong key", permanent=True, code="unauthorized")

    with use_tenant(left.context), pytest.raises(EndpointError):
        settle_outbox(key, refuse)
    assert item(left, key).state == Outbox.State.QUARANTINED


def test_an_operator_gives_it_a_fresh_start(
    left: World, django_capture_on_commit_callbacks: Committed
) -> None:
    key = put(left)
    change(left, key, state=Outbox.State.QUARANTINED, attempts=MOST_ATTEMPTS, error="Timeout")
    with use_tenant(left.context):
        with django_capture_on_commit_callbacks(execute=True):
            assert outbox.try_again(item=item(left, key))
        assert not outbox.try_again(item=item(left, key))
        assert AuditEntry.objects.filter(action="outbox.tried_again", resource_id=str(key)).count() == 1
    assert done == ["tea"]
    assert item(left, key).state == Outbox.State.DONE
