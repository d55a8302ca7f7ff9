"""Units of work: what is written last, what runs after, and in whose name."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from audit.models import AuditEntry
from companions.models import Value
from humana.kernel.errors import NoTenant
from humana.kernel.ports import record_trail
from tenants.context import current_tenant, use_tenant
from tenants.transactions import before_commit, on_tenant_commit, tenant_atomic
from tests.fixtures.organizations import World

Committed = Callable[..., Any]
pytestmark = pytest.mark.django_db


def told(world: World) -> list[str]:
    """The trail since the world was made."""
    with use_tenant(world.context):
        return list(
            AuditEntry.objects.filter(sequence__gt=1).order_by("sequence").values_list("action", flat=True)
        )


def tell(action: str) -> None:
    record_trail(action=action, resource_type="test")


def here() -> str:
    return current_tenant().slug


def test_a_transaction_needs_an_organization() -> None:
    with pytest.raises(NoTenant), tenant_atomic():
        pass
    for act in (before_commit, on_tenant_commit):
        with pytest.raises(NoTenant):
            act(lambda: None)


def test_last_words_come_in_order_after_everything_else(left: World) -> None:
    order: list[str] = []
    with use_tenant(left.context), tenant_atomic():
        before_commit(lambda: order.append("first"))
        with tenant_atomic():
            before_commit(lambda: order.append("second"))
        order.append("work")
    assert order == ["work", "first", "second"]


def test_a_last_word_may_have_another(left: World) -> None:
    order: list[str] = []
    with use_tenant(left.context), tenant_atomic():
        before_commit(lambda: before_commit(lambda: order.append("after all")))
    assert order == ["after all"]


def test_what_is_undone_is_not_told(left: World) -> None:
    with use_tenant(left.context):
        with tenant_atomic():
            tell("kept")
            with pytest.raises(ZeroDivisionError), tenant_atomic():
                tell("undone")
                raise ZeroDivisionError
        with pytest.raises(ZeroDivisionError), tenant_atomic():
            tell("undone as well")
            raise ZeroDivisionError
    assert told(left) == ["kept"]


def test_a_last_word_that_fails_undoes_the_work(left: World) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with use_tenant(left.context):
        before = Value.objects.count()
        with pytest.raises(ZeroDivisionError), tenant_atomic():
            Value.objects.create(title="Haste", description="None.")
            before_commit(fail)
        assert Value.objects.count() == before


def test_alone_it_is_written_at_once(left: World) -> None:
    with use_tenant(left.context):
        tell("alone")
    assert told(left) == ["alone"]


def test_each_organization_is_told_its_own(left: World, right: World) -> None:
    """One transaction on one connection may serve two organizations: never one's trail in the other's."""
    with use_tenant(left.context), tenant_atomic():
        tell("left did")
        with use_tenant(right.context), tenant_atomic():
            tell("right did")
    assert told(left) == ["left did"]
    assert told(right) == ["right did"]


@pytest.mark.pool_only("in two databases the inner one commits first")
def test_what_runs_after_the_commit_runs_in_its_organization(
    left: World, right: World, django_capture_on_commit_callbacks: Committed
) -> None:
    seen: list[str] = []
    with django_capture_on_commit_callbacks(execute=True), use_tenant(left.context), tenant_atomic():
        on_tenant_commit(lambda: seen.append(here()))
        with use_tenant(right.context), tenant_atomic():
            on_tenant_commit(lambda: seen.append(here()))
    assert seen == ["left", "right"]


def test_nothing_runs_after_a_rollback(left: World, django_capture_on_commit_callbacks: Committed) -> None:
    seen: list[str] = []
    with django_capture_on_commit_callbacks(execute=True), use_tenant(left.context):
        with pytest.raises(ZeroDivisionError), tenant_atomic():
            on_tenant_commit(lambda: seen.append("undone"))
            raise ZeroDivisionError
    assert seen == []


@pytest.mark.django_db(transaction=True)
def test_what_runs_on_commit_may_tell_the_trail(left: World) -> None:
    """It starts a transaction of its own: the one before has said its last words."""
    with use_tenant(left.context), tenant_atomic():
        tell("asked")
        on_tenant_commit(lambda: tell("answered"))
    assert told(left) == ["asked", "answered"]


@pytest.mark.writers_only("the thread writes while its parent does")
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_carries_the_context_has_its_own_transaction(right: World) -> None:
    """Its connection is another one, so what it tells is neither lost nor undone with ours."""

    def elsewhere() -> None:
        with tenant_atomic():
            tell("elsewhere")
        connections.close_all()

    with use_tenant(right.context):
        with pytest.raises(ZeroDivisionError), tenant_atomic():
            carried = contextvars.copy_context()
            thread = threading.Thread(target=carried.run, args=[elsewhere])
            thread.start()
            thread.join()
            raise ZeroDivisionError
    assert told(right) == ["elsewhere"]
