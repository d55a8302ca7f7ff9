"""Every task: which organization it works in, and that nobody but us can say so."""

from __future__ import annotations

import inspect
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from celery import chain, chord, current_app, group
from celery.beat import ScheduleEntry, Scheduler
from celery.contrib.testing.worker import start_worker
from celery.signals import task_failure

from audit.models import Outbox
from companions.models import Capability, CompanionMessage, Delivery, KnowledgeAsset, McpServer
from documents.models import DocumentFile
from humana.kernel.errors import NoTenant
from tenants.context import current_tenant, use_tenant
from tenants.jobs import (
    ORGANIZATION,
    OUTBOX,
    PLACEMENT,
    SIGNATURE,
    TENANT_TASKS,
    enqueue_on_commit,
    headers_for,
    tenant_task,
)
from tenants.transactions import tenant_atomic
from tests.fixtures.organizations import World
from tests.isolation.routes import objects_of
from tests.isolation.snapshots import everything_of
from tests.isolation.worlds import every_isolation, every_pair, every_pair_both_ways

pytestmark = pytest.mark.django_db

#: Tasks of the platform: no organization of their own, and why that is right.
PLATFORM_TASKS = {
    "audit.sweep": "reads markers of the control plane and enters each organization named there",
    "audit.forget_idempotency_keys": "enters each organization in turn",
    "tenants.work_on_placement": "enters the organization of the job it is given, a row of the control plane",
    "tenants.wake_placement_jobs": "reads jobs of the control plane and wakes a worker for each",
    "byoc.sweep_health": "reads the watch of the control plane and enters each organization that is due",
    "byoc.send_notices": "reads the watch of the control plane and enters each organization named there",
    "byoc.forget_old_probes": "enters each organization in turn",
    "byoc.copy_storage": "enters the organization of the copy it is given, a row of the control plane",
    "byoc.bring_files_back": "enters the organization whose failover is coming back",
    "byoc.wake_storage_copies": "reads copies of the control plane and wakes a worker for each",
    "documents.tidy": "enters each organization in turn",
    "companions.sweep_deliveries": "reads markers of the control plane and enters those named there",
    "companions.count_figures": "enters each organization in turn",
    "documents.sweep_meaning": "reads markers of the control plane and enters those named there",
    "documents.look_for_meaning": "enters each organization in turn",
    "chats.sweep_runs": "reads markers of the control plane and enters each organization named there",
}

current_app.loader.import_default_modules()


def arguments_of(task: str, world: World) -> dict[str, str]:
    """Ids of that world's rows, by the names the task gives them."""
    names = inspect.signature(inspect.unwrap(current_app.tasks[task].run)).parameters
    ids = {"chat_id": world.chat.pk, "run_id": world.run.pk, "message_id": world.question.pk}
    ids |= {"companion_id": world.companion.pk, "delivery_id": world.row(Delivery).pk}
    ids |= {"sent_id": world.row(CompanionMessage).pk, "tool_server_id": world.row(McpServer).pk}
    ids |= {"sent_id": world.row(CompanionMessage).pk, "asset_id": world.row(KnowledgeAsset).pk}
    ids |= {"invitation_id": objects_of(world)["invitation_id"], "origin": "https://humana.example"}
    ids |= {"capability_id": world.row(Capability).pk}
    ids |= {"document_id": world.row(DocumentFile).document_id, "file_id": world.row(DocumentFile).pk}
    return {name: str(ids[name]) for name in names if name not in {"self", "arguments"}}


def run(task: str, headers: dict[str, str] | None, **arguments: str) -> None:
    current_app.tasks[task].apply(kwargs=arguments, headers=headers, throw=True)


def test_every_task_is_known() -> None:
    ours = {name for name in current_app.tasks if not name.startswith("celery.")}
    assert ours - set(PLATFORM_TASKS) == TENANT_TASKS, "a tenant task, or a reason in PLATFORM_TASKS"
    scheduled = {entry["task"] for entry in current_app.conf.beat_schedule.values()}
    assert scheduled <= set(PLATFORM_TASKS), "what is scheduled names no organization"


Forgery = tuple[dict[str, Any] | None, dict[str, str]]


def forged(task: str, left: World, right: World) -> list[Forgery]:
    """What somebody with a hand in the broker could send to get into `right`: headers and arguments.

    Each is wrong in one thing only: what the headers were signed for is otherwise what is sent.
    """
    sent = arguments_of(task, right)
    own = headers_for(task, left.organization.id, sent)
    other = headers_for("another.task", right.organization.id, sent)
    theirs, item = str(right.organization.id), right.row(Outbox).pk
    headers: list[dict[str, Any] | None] = [
        None,
        {},
        {ORGANIZATION: theirs},
        {ORGANIZATION: theirs, OUTBOX: "", SIGNATURE: ""},
        {ORGANIZATION: theirs, OUTBOX: "", SIGNATURE: "0" * 64},
        {**own, ORGANIZATION: theirs},
        {**own, OUTBOX: str(item)},
        {**own, OUTBOX: str(uuid.uuid4())},
        {**own, PLACEMENT: str(right.placement.id)},
        {**own, PLACEMENT: str(left.placement.id)},
        {**other},
        {**own, ORGANIZATION: theirs.upper()},
        {**own, ORGANIZATION: "", OUTBOX: str(left.organization.id)},
    ]
    return [(one, sent) for one in headers]


def swapped(task: str, left: World, right: World) -> list[Forgery]:
    """A message of `left`'s sent on with other arguments than it was signed with."""
    ours, theirs = arguments_of(task, left), arguments_of(task, right)
    own = headers_for(task, left.organization.id, ours)
    others = [theirs, {**ours, "more": "1"}, {**ours, "arguments": "{}"}, {}]
    return [(own, one) for one in others if one != ours]


def refuses(task: str, right: World, forgeries: list[Forgery]) -> None:
    before = everything_of(right)
    for headers, arguments in forgeries:
        with pytest.raises(NoTenant):
            run(task, headers, **arguments)
    assert everything_of(right) == before


def refuses_forged_headers(task: str, left: World, right: World) -> None:
    refuses(task, right, forged(task, left, right))


def refuses_other_arguments(task: str, left: World, right: World) -> None:
    refuses(task, right, swapped(task, left, right))


@every_pair
@pytest.mark.parametrize("task", sorted(TENANT_TASKS))
def test_a_forged_organization_is_refused(task: str, left: World, right: World) -> None:
    refuses_forged_headers(task, left, right)


@every_pair
@pytest.mark.parametrize("task", sorted(TENANT_TASKS))
def test_a_message_does_only_what_it_was_signed_for(task: str, left: World, right: World) -> None:
    refuses_other_arguments(task, left, right)


@every_pair
@pytest.mark.parametrize("task", sorted(TENANT_TASKS))
def test_ids_of_another_organization_have_no_effect(task: str, left: World, right: World) -> None:
    before, theirs = everything_of(right), arguments_of(task, right)
    run(task, headers_for(task, left.organization.id, theirs), **theirs)
    assert everything_of(right) == before


@every_pair
def test_an_outbox_item_of_another_organization_is_not_settled(left: World, right: World) -> None:
    item, ours = right.row(Outbox).pk, arguments_of("chats.title", left)
    before = everything_of(right)
    run("chats.title", headers_for("chats.title", left.organization.id, ours, outbox_id=item), **ours)
    assert everything_of(right) == before


@every_pair
def test_a_placement_of_another_organization_is_not_entered(left: World, right: World) -> None:
    """Even where our own signature names it: the organization is then in its main placement."""
    before, theirs = everything_of(right), arguments_of("chats.title", right)
    elsewhere = right.placement.id
    headers = headers_for("chats.title", left.organization.id, theirs, placement_id=elsewhere)
    run("chats.title", headers, **theirs)
    assert everything_of(right) == before


@every_pair_both_ways
def test_a_task_run_inside_another_organization_enters_its_own(left: World, right: World) -> None:
    """Eager mode runs tasks wherever they are asked for."""
    with use_tenant(right.context):
        before, theirs = everything_of(right), arguments_of("chats.title", right)
        run("chats.title", headers_for("chats.title", left.organization.id, theirs), **theirs)
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


# --- what Celery itself sends on: each message is looked at by itself ---------------------------

FIRST, SECOND = "tests.first", "tests.second"
worked: list[tuple[str, str]] = []


@pytest.fixture
def two_tasks() -> Iterator[None]:
    """They note where they worked; the first fails until it was tried three times."""

    @tenant_task(FIRST, autoretry_for=(ZeroDivisionError,), retry_backoff=False, default_retry_delay=0)
    def first(fails: str = "0") -> None:
        worked.append((FIRST, current_tenant().slug))
        if [name for name, _slug in worked].count(FIRST) <= int(fails):
            raise ZeroDivisionError

    @tenant_task(SECOND)
    def second() -> None:
        worked.append((SECOND, current_tenant().slug))

    worked.clear()
    yield
    for name in (FIRST, SECOND):
        del current_app.tasks[name]
        TENANT_TASKS.discard(name)


@pytest.fixture
def eager() -> Iterator[None]:
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def link(name: str, world: World | None = None) -> Any:
    """A step of a canvas, with headers of its own where a world is named."""
    headers = headers_for(name, world.organization.id, {}) if world else {}
    return current_app.tasks[name].si().set(headers=headers)


@every_pair
@pytest.mark.usefixtures("two_tasks")
def test_what_is_tried_again_is_in_the_same_organization(left: World, right: World) -> None:
    arguments = {"fails": "2"}
    with use_tenant(right.context):
        headers = headers_for(FIRST, left.organization.id, arguments)
        current_app.tasks[FIRST].apply(kwargs=arguments, headers=headers)
    assert worked == [(FIRST, left.slug)] * 3


@pytest.mark.usefixtures("two_tasks")
@pytest.mark.django_db(transaction=True)
def test_what_comes_again_through_the_broker_is_in_the_same_organization(left: World, right: World) -> None:
    current_app.control.purge()
    arguments = {"fails": "2"}
    headers = headers_for(FIRST, left.organization.id, arguments)
    with start_worker(current_app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        current_app.tasks[FIRST].apply_async(kwargs=arguments, headers=headers)
        current_app.tasks[SECOND].apply_async(headers=headers_for(SECOND, right.organization.id, {}))
        for _ in range(200):
            if len(worked) == 4:
                break
            time.sleep(0.05)
    assert sorted(worked) == sorted([*[(FIRST, left.slug)] * 3, (SECOND, right.slug)])


def canvases(left: World, right: World | None) -> dict[str, Any]:
    """The first step is signed for `left`; the second for `right`, or not at all."""
    first, second = link(FIRST, left), link(SECOND, right)
    return {
        "chain": chain(first, second),
        "group": group(first, second),
        "chord": chord([first], second),
    }


@every_pair
@pytest.mark.usefixtures("two_tasks", "eager")
@pytest.mark.parametrize("kind", ["chain", "group", "chord"])
def test_each_step_of_a_canvas_is_in_the_organization_of_its_own_header(
    kind: str, left: World, right: World
) -> None:
    canvases(left, right)[kind].apply_async()
    assert sorted(worked) == [(FIRST, left.slug), (SECOND, right.slug)]


@every_isolation
@pytest.mark.usefixtures("two_tasks", "eager")
@pytest.mark.parametrize("kind", ["chain", "group", "chord"])
def test_a_step_without_a_header_of_its_own_is_refused(kind: str, left: World) -> None:
    """Those of the canvas as a whole, which Celery may hand on to each, are signed for one task."""
    for options in ({}, {"headers": headers_for(FIRST, left.organization.id, {})}):
        worked.clear()
        with failures_of(SECOND) as refused:
            canvases(left, None)[kind].apply_async(**options)
        assert [type(one) for one in refused] == [NoTenant]
        assert {name for name, _slug in worked} <= {FIRST}


@contextmanager
def failures_of(name: str) -> Iterator[list[BaseException]]:
    """Why the task failed, each time within the block."""
    seen: list[BaseException] = []

    def note(exception: BaseException, **_: Any) -> None:
        seen.append(exception)

    task_failure.connect(note, sender=current_app.tasks[name], weak=False)
    try:
        with suppress(NoTenant):
            yield seen
    finally:
        task_failure.disconnect(note, sender=current_app.tasks[name])


@pytest.mark.usefixtures("two_tasks", "eager")
def test_the_clock_enters_no_organization(left: World) -> None:
    """Whatever the schedule says: its messages carry no signature."""
    entry = ScheduleEntry(name="a mistake", task=SECOND, schedule=1.0, app=current_app)
    answer = Scheduler(current_app, lazy=True).apply_async(entry, advance=False)
    assert isinstance(answer.result, NoTenant)
    assert worked == []
