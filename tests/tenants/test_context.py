"""Where the context reaches, and where it does not."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from contextvars import copy_context

import pytest
from asgiref.sync import sync_to_async

from humana.kernel.errors import NotAllowed, NoTenant, NotFound
from tenants.context import (
    PlacementRef,
    TenantContext,
    current_tenant,
    peek_tenant,
    use_tenant,
    without_tenant,
)
from tenants.permissions import KEYS, require
from tenants.threads import in_thread
from tests.fixtures.organizations import World

POOL = PlacementRef(uuid.uuid4(), "default", "pool_main", "row")
LEFT = TenantContext(uuid.uuid4(), "left", POOL)
RIGHT = TenantContext(uuid.uuid4(), "right", POOL)


def here() -> str | None:
    context = peek_tenant()
    return context.slug if context else None


def test_outside_there_is_none() -> None:
    assert peek_tenant() is None
    with pytest.raises(NoTenant):
        current_tenant()


def test_contexts_nest_and_end_with_their_block() -> None:
    with use_tenant(LEFT):
        with use_tenant(RIGHT):
            assert here() == "right"
            with without_tenant(reason="a test"):
                assert here() is None
            assert here() == "right"
        assert here() == "left"
    assert here() is None


def test_an_error_ends_it_too() -> None:
    with pytest.raises(ZeroDivisionError), use_tenant(LEFT):
        raise ZeroDivisionError
    assert here() is None


def test_a_context_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        LEFT.slug = "right"  # type: ignore[misc]


def test_a_new_thread_begins_outside() -> None:
    seen: list[str | None] = []
    with use_tenant(LEFT):
        thread = threading.Thread(target=lambda: seen.append(here()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_threads_do_not_swap_their_organizations() -> None:
    """The shared stack of django-tenants did."""
    meet = threading.Barrier(2, timeout=5)
    seen: dict[str, list[str | None]] = {}

    def work(context: TenantContext) -> None:
        with use_tenant(context):
            meet.wait()
            with use_tenant(RIGHT if context is LEFT else LEFT):
                meet.wait()
            meet.wait()
            seen[context.slug] = [here()]
        seen[context.slug].append(here())

    threads = [threading.Thread(target=work, args=[context]) for context in (LEFT, RIGHT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"left": ["left", None], "right": ["right", None]}


async def test_tasks_that_take_turns_keep_their_own() -> None:
    async def work(context: TenantContext) -> list[str | None]:
        seen = []
        with use_tenant(context):
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(here())
        return [*seen, here()]

    found = await asyncio.gather(work(LEFT), work(RIGHT), work(LEFT))
    assert found == [["left"] * 3 + [None], ["right"] * 3 + [None], ["left"] * 3 + [None]]


async def test_a_thread_asked_from_a_task_works_in_its_organization() -> None:
    with use_tenant(LEFT):
        assert await in_thread(here) == "left"
        assert await asyncio.to_thread(here) == "left"
        assert await sync_to_async(here)() == "left"
    assert await in_thread(here) is None


async def test_what_a_thread_enters_stays_in_the_thread() -> None:
    def stray() -> None:
        use_tenant(RIGHT).__enter__()

    with use_tenant(LEFT):
        await in_thread(stray)
        assert here() == "left"
    assert await in_thread(here) is None


def test_a_generator_runs_where_it_is_called() -> None:
    """Hence the rule, held in tests/architecture, that nothing yields inside use_tenant."""

    def chunks() -> Iterator[str | None]:
        yield here()
        yield here()

    made = chunks()
    with use_tenant(LEFT):
        assert next(made) == "left"
    assert next(made) is None


def test_a_copy_of_the_context_is_how_work_is_carried_on() -> None:
    with use_tenant(LEFT):
        carried = copy_context()
    assert carried.run(here) == "left"
    assert here() is None


@pytest.mark.django_db
def test_an_organization_that_is_gone_cannot_be_entered() -> None:
    with pytest.raises(NotFound), use_tenant(uuid.uuid4()):
        pass


def test_a_right_reaches_no_further_than_its_organization(left: World, right: World) -> None:
    """The twin owns both; the membership of one opens nothing in the other."""
    with use_tenant(left.context):
        require(left.twin, KEYS.name)
        with pytest.raises(NotAllowed) as refused:
            require(right.twin, KEYS.name)
    assert refused.value.code == "not_a_member"
