"""Every task: which organization it works in, and that nobody but us can say so."""

from __future__ import annotations

import inspect
import time
import uuid
from typing import Any

import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker

from audit.models import Outbox
from humana.kernel.errors import NoTenant
from tenants.context import use_tenant
from tenants.jobs import ORGANIZATION, OUTBOX, SIGNATURE, TENANT_TASKS, enqueue_on_commit, headers_for
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import every_isolation, every_pair, every_pair_both_ways

pytestmark = pytest.mark.django_db

#: Tasks of the platform: no organization of their own, and why that is right.
PLATFORM_TASKS = {
    "audit.sweep": "reads markers of the control plane and enters each organization named there",
    "audit.forget_idempotency_keys": "enters each organization in turn",
    "tenants.work_on_placement": "enters the organization of the job it is given, a row of the control plane",
    "tenants.wake_placement_jobs": "reads jobs of the control plane and wakes a worker for each",
    "chats.sweep_runs": "reads markers of the control plane and enters each organization named there",
}

current_app.loader.import_default_modules()


def arguments_of(task: str, world: World) -> dict[str, str]:
    """Ids of that world's rows, by the names the task gives them."""
    names = inspect.signature(inspect.unwrap(current_app.tasks[task].run)).parameters
    ids = {"chat_id": world.chat.pk, "run_id": world.run.pk, "message_id": world.question.pk}
    return {name: str(ids[name]) for name in names if name not in {"self", "arguments"}}


def run(task: str, headers: dict[str, str] | None, **arguments: str) -> None:
    current_app.tasks[task].apply(kwargs=arguments, headers=headers, throw=True)


def test_every_task_is_known() -> None:
    ours = {name for name in current_app.tasks if not name.startswith("celery.")}
    assert ours - set(PLATFORM_TASKS) == TENANT_TASKS, "a tenant task, or a reason in PLATFORM_TASKS"
    scheduled = {entry["task"] for entry in current_app.conf.beat_schedule.values()}
    assert scheduled <= set(PLATFORM_TASKS), "what is scheduled names no organization"


def forged(task: str, left: World, right: World) -> list[dict[str, Any] | None]:
    """What somebody with a hand in the broker could send to get into `right`."""
    own, other = headers_for(task, left.organization.id), headers_for("another.task", right.organization.id)
    theirs = str(right.organization.id)
    return [
        None,
        {},
        {ORGANIZATION: theirs},
        {ORGANIZATION: theirs, OUTBOX: "", SIGNATURE: ""},
        {ORGANIZATION: theirs, OUTBOX: "", SIGNATURE: "0" * 64},
        {**own, ORGANIZATION: theirs},
        {**own, OUTBOX: str(uuid.uuid4())},
        {**other},
        {**own, ORGANIZATION: theirs.upper()},
        {**own, ORGANIZATION: "", OUTBOX: str(left.organization.id)},
    ]


def refuses_forged_headers(task: str, left: World, right: World) -> None:
    before = everything_of(right)
    for headers in forged(task, left, right):
        with pytest.raises(NoTenant):
            run(task, headers, **arguments_of(task, right))
    assert everything_of(right) == before


@every_pair
@pytest.mark.parametrize("task", sorted(TENANT_TASKS))
def test_a_forged_organization_is_refused(task: str, left: World, right: World) -> None:
    refuses_forged_headers(task, left, right)


@every_pair
@pytest.mark.parametrize("task", sorted(TENANT_TASKS))
def test_ids_of_another_organization_have_no_effect(task: str, left: World, right: World) -> None:
    before = everything_of(right)
    run(task, headers_for(task, left.organization.id), **arguments_of(task, right))
    assert everything_of(right) == before


@every_pair
def test_an_outbox_item_of_another_organization_is_not_settled(left: World, right: World) -> None:
    item = right.row(Outbox).pk
    before = everything_of(right)
    run(
        "chats.title",
        headers_for("chats.title", left.organization.id, item),
        **arguments_of("chats.title", left),
    )
    assert everything_of(right) == before


@every_pair_both_ways
def test_a_task_run_inside_another_organization_enters_its_own(left: World, right: World) -> None:
    """Eager mode runs tasks wherever they are asked for."""
    with use_tenant(right.context):
        before = everything_of(right)
        run(
            "chats.title",
            headers_for("chats.title", left.organization.id),
            **arguments_of("chats.title", right),
        )
        assert everything_of(right) == before


@every_isolation
@pytest.mark.django_db(transaction=True)
def test_a_worker_enters_by_what_comes_through_the_broker(left: World, right: World) -> None:
    """The real way: an outbox row and a signed message, a worker that settles it in its organization."""
    current_app.control.purge()  # what founding the look-alikes asked for
    before = everything_of(right)
    with use_tenant(left.context), tenant_atomic():
        enqueue_on_commit("chats.title", chat_id=uuid.uuid4())
        item = Outbox.objects.latest("created_at")
    with start_worker(current_app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        for _ in range(200):
            with use_tenant(left.context):
                if Outbox.objects.get(pk=item.pk).state == Outbox.State.DONE:
                    break
            time.sleep(0.05)
    with use_tenant(left.context):
        assert Outbox.objects.get(pk=item.pk).state == Outbox.State.DONE
    assert everything_of(right) == before
