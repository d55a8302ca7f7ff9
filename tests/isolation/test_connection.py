"""What one connection believes about itself, whatever interrupts it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import Mock, patch

import pytest
from django.db import DatabaseError, connection, transaction

from chats.models import Chat
from tenants.context import TenantContext, use_tenant, without_tenant
from tenants.db.backend.entering import EnteringCursor
from tenants.db.leaving import is_cleared
from tests.fixtures.organizations import World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql_only("about search path and organization of a connection"),
]


def seen() -> tuple[str, set[str]]:
    """The organization the server has, and those whose rows it shows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('humana.organization')")
        entered = cursor.fetchone()[0]
        if not entered:
            return "", set()
        cursor.execute("SELECT DISTINCT organization_id FROM chats_chat")
        return entered, {row[0].hex for row in cursor.fetchall()}


def only(context: TenantContext) -> tuple[str, set[str]]:
    return context.organization_id.hex, {context.organization_id.hex}


@pytest.fixture(autouse=True)
def _fresh_connection(look_alikes: object) -> None:
    connection.close()


def test_entering_costs_no_message_of_its_own(left: World, right: World) -> None:
    for context in (left.context, right.context, left.context):
        with use_tenant(context):
            assert messages(Chat.objects.count) == 1
            assert messages(Chat.objects.count) == 1


def messages(act: Callable[[], object], by: Any = connection) -> int:
    """How often this connection waited for the server."""
    by.ensure_connection()
    waited = Mock(wraps=by.connection.wait)
    with patch.object(by.connection, "wait", waited):
        act()
    return waited.call_count


def test_a_switch_in_a_lost_transaction_does_not_stay(left: World, right: World) -> None:
    with use_tenant(left.context):
        assert seen() == only(left.context)
    with pytest.raises(ZeroDivisionError), transaction.atomic(), use_tenant(right.context):
        assert seen() == only(right.context)
        raise ZeroDivisionError
    with use_tenant(right.context):
        assert seen() == only(right.context)
    with use_tenant(left.context):
        assert seen() == only(left.context)


def test_a_switch_in_a_lost_savepoint_does_not_stay(left: World, right: World) -> None:
    with use_tenant(left.context), transaction.atomic():
        assert seen() == only(left.context)
        with use_tenant(right.context):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                assert seen() == only(right.context)
                raise ZeroDivisionError
            assert seen() == only(right.context)
        assert seen() == only(left.context)


def test_stepping_out_in_the_middle_of_a_transaction(left: World) -> None:
    with use_tenant(left.context), transaction.atomic():
        assert seen() == only(left.context)
        with without_tenant(reason="a test"):
            assert seen() == ("", set())
        assert seen() == only(left.context)


def test_a_server_side_cursor_keeps_to_the_organization_it_was_opened_in(left: World, right: World) -> None:
    with use_tenant(left.context):
        rows = Chat.objects.iterator(chunk_size=1)
        first = next(rows)
    with use_tenant(right.context):
        assert seen() == only(right.context)
        assert {row.organization_id for row in [first, *rows]} == {left.organization.id}


def test_entering_that_the_server_refuses_is_not_passed_over(left: World) -> None:
    """The statement after it would run in the organization before."""
    with use_tenant(left.context):
        assert seen() == only(left.context)
    nowhere = replace(left.context, placement=replace(left.context.placement, schema='pool"main'))
    with use_tenant(nowhere), pytest.raises(DatabaseError):
        seen()
    with use_tenant(left.context):
        assert seen() == only(left.context)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, TimeoutError])
def test_entering_that_is_interrupted_is_repeated(
    interruption: type[BaseException], left: World, right: World
) -> None:
    """Ctrl-C and the time limits of Celery come as exceptions, after the server has already switched."""
    with use_tenant(left.context):
        assert seen() == only(left.context)
    with (
        use_tenant(right.context),
        pytest.raises(interruption),
        patch.object(EnteringCursor, "nextset", Mock(side_effect=interruption)),
    ):
        seen()
    with use_tenant(left.context):
        assert seen() == only(left.context)


@pytest.mark.parametrize("text", ["SELECT 1", "UPDATE pool_main.chats_chat SET title = 'theirs'"])
def test_a_statement_that_fails_leaves_nobody_where_it_was_to_run(
    text: str, left: World, right: World
) -> None:
    """The settings came in its message, so the server takes them back with it."""
    with use_tenant(left.context):
        assert seen() == only(left.context)
    with use_tenant(right.context), pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(f"{text}; SELECT 1 / 0")
    with use_tenant(left.context):
        assert seen() == only(left.context)
        assert not Chat.objects.filter(title="theirs").exists()
    with use_tenant(right.context):
        assert seen() == only(right.context)
        assert not Chat.objects.filter(title="theirs").exists()


def test_copying_out_and_many_at_once_enter_first(left: World, right: World) -> None:
    for context in (left.context, right.context):
        with use_tenant(context), connection.cursor() as cursor:
            with cursor.copy("COPY (SELECT DISTINCT organization_id FROM chats_chat) TO STDOUT") as rows:
                assert [uuid.UUID(bytes(row).decode().strip()) for row in rows] == [context.organization_id]
    for context in (left.context, right.context):
        with use_tenant(context), transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE chats_chat SET pinned = %s WHERE title <> %s", [(True, ""), (False, "")]
            )
            assert cursor.rowcount > 0
            transaction.set_rollback(True)


def test_a_failed_transaction_can_still_be_rolled_back(left: World, right: World) -> None:
    with use_tenant(left.context):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert seen() == only(left.context)
        with transaction.atomic():
            with pytest.raises(DatabaseError), transaction.atomic():
                with connection.cursor() as cursor, pytest.raises(DatabaseError):
                    cursor.execute("SELECT 1 / 0")
                with use_tenant(right.context):
                    seen()
            assert seen() == only(left.context)


# --- handing back: the next to take a connection finds nothing of the last one ------------------


def left_behind(raw: Any) -> tuple[str, str]:
    """What that very connection has when the pool gives it again, asked past Django.

    Its workers clear it meanwhile, and the pool may sooner give another, which was never used.
    """
    with ExitStack() as others:
        ends = time.monotonic() + 10
        while others.enter_context(connection.pool.connection()) is not raw:
            assert time.monotonic() < ends, "the connection never came back"
        row = raw.execute(
            "SELECT current_setting('search_path'), current_setting('humana.organization', true)"
        )
        return tuple(row.fetchone())


def test_a_connection_handed_back_is_in_no_organization(left: World) -> None:
    with use_tenant(left.context):
        assert seen() == only(left.context)
    raw = connection.connection
    connection.close()
    assert left_behind(raw) == ("public", "")


def test_one_handed_back_in_the_middle_of_a_failed_transaction_too(left: World) -> None:
    with use_tenant(left.context):
        assert seen() == only(left.context)
        raw = connection.connection
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.close()
            seen()
    assert left_behind(raw) == ("public", "")


def test_coming_back_costs_nothing_where_nobody_entered(left: World) -> None:
    """Signing in and keys are read outside every organization: no statement before, none after."""
    take_one_handed_back(left)
    statements = _statements_of(lambda: connection.cursor().execute("SELECT 1"))
    assert statements == ["SELECT 1"]


def take_one_handed_back(world: World) -> None:
    """The pool may give one that was never used, whose first statement says where it is."""
    ends = time.monotonic() + 10
    connection.close()
    connection.ensure_connection()
    while not is_cleared(connection.connection):
        assert time.monotonic() < ends, "no connection came back"
        with use_tenant(world.context):
            seen()
        connection.close()
        connection.ensure_connection()


def test_one_that_cannot_be_cleared_never_goes_back(left: World) -> None:
    with use_tenant(left.context):
        assert seen() == only(left.context)
        raw = connection.connection
        raw.pgconn.finish()
    connection.close()
    assert raw.closed
    with use_tenant(left.context):
        assert seen() == only(left.context)


def _statements_of(work: Callable[[], object]) -> list[str]:
    told: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        told.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return told
