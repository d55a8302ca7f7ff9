"""Each guard is switched off in turn, alone, and the matrix notices. A guard nobody misses is none.

The first test of each pair is in the other modules: with the guard on, the same check passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, models, transaction

from audit.models import AuditEntry
from chats.models import Chat, Draft, Message, Vote
from companions.models import Companion
from tenants import cache as cache_module
from tenants import jobs, queries, scoping
from tenants.context import use_tenant
from tenants.db import leaving
from tenants.db.backend.base import DatabaseWrapper, SchemaWrapper
from tenants.db.catalogue import rights, tables
from tenants.models import Membership
from tests.architecture.catalogue import wrong
from tests.fixtures.organizations import World
from tests.isolation import test_sql as sql
from tests.isolation.cells import INSIDE, OUTSIDE, Case
from tests.isolation.pools import pool_of
from tests.isolation.routes import PAGES, routes
from tests.isolation.test_cache import keep_and_look
from tests.isolation.test_interleaving import state_of
from tests.isolation.test_pages import outsiders_are_refused
from tests.isolation.test_tasks import refuses_forged_headers
from tests.isolation.traffic import Ledger, lose_a_savepoint, refused_at_commit

pytestmark = [pytest.mark.guards, pytest.mark.django_db(transaction=True)]
Patch = pytest.MonkeyPatch
#: A tree, a leaf, one that others point at, one that is append-only.
FEW = [Companion, Chat, Message, Draft, AuditEntry]


@pytest.fixture(autouse=True)
def _fresh_connection(look_alikes: object) -> Iterator[None]:
    connection.close()
    yield
    connection.close()


def noticed(check: Callable[[], Any]) -> bool:
    """Whether the check fails, in whatever way a test can. Nothing that it does stays."""
    try:
        with transaction.atomic():
            check()
            transaction.set_rollback(True)
    except (Exception, pytest.fail.Exception):  # noqa: BLE001
        return True
    return False


def cells(names: str, left: World, right: World, models: list[Any] = FEW) -> set[str]:
    """Which of these cells of the ORM matrix notice something, for a few models."""
    return {name for name in names.split() if any(_notices(name, Case(one, right, left)) for one in models)}


def _notices(name: str, case: Case) -> bool:
    if name.startswith("outside."):
        return noticed(lambda: OUTSIDE[name.removeprefix("outside.")](case))
    with use_tenant(case.here.context):
        return noticed(lambda: INSIDE[name](case))


@contextmanager
def altered(owner_sql: sql.Connection, off: str, on: str) -> Iterator[None]:
    """The owner changes a table for the block; both statements are committed."""
    owner_sql.execute(off)  # type: ignore[call-overload]
    try:
        yield
    finally:
        owner_sql.execute(on)  # type: ignore[call-overload]


def test_with_every_guard_on_nothing_is_noticed(left: World, right: World) -> None:
    assert cells(" ".join(INSIDE), left, right) == set()
    assert cells(" ".join(f"outside.{name}" for name in OUTSIDE), left, right) == set()


# --- in Python ----------------------------------------------------------------------------------


@pytest.fixture
def _no_filter(monkeypatch: Patch) -> None:
    def unfiltered(self: Any) -> Any:
        return scoping.ScopedQuerySet(self.model, using=self._db)

    monkeypatch.setattr(scoping.ScopedManager, "get_queryset", unfiltered)
    monkeypatch.setattr(scoping.EverythingManager, "get_queryset", unfiltered)


@pytest.mark.usefixtures("_no_filter")
def test_the_filter_of_the_managers(left: World, right: World) -> None:
    """Row-level security still holds, so only the cell that reads the SQL can tell."""
    assert cells("says_whose read list_all", left, right) == {"says_whose"}


def test_the_stamp_on_insert(left: World, right: World, monkeypatch: Patch) -> None:
    def trusting(self: Any, instance: Any, add: bool) -> Any:
        instance.organization_id = instance.organization_id or scoping.current_tenant().organization_id
        return instance.organization_id

    monkeypatch.setattr(scoping.OrganizationField, "pre_save", trusting)
    assert cells("create_for_them", left, right) == {"create_for_them"}


def test_the_look_at_whose_row_is_deleted(left: World, right: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(scoping.OrganizationScoped, "delete", models.Model.delete)
    assert cells("delete", left, right) == {"delete"}


def test_the_router(left: World, right: World, monkeypatch: Patch) -> None:
    """Without it a query outside every context would look for the table in public."""
    monkeypatch.setattr("tenants.routing.PlacementRouter._alias", lambda self, model: "default")
    assert cells("outside.built_inside_run_outside", left, right)


def test_forgetting_what_a_savepoint_undid(left: World, right: World, monkeypatch: Patch) -> None:
    """django-tenants' part: what was set inside is gone, and must not be believed."""
    monkeypatch.setattr(
        DatabaseWrapper, "savepoint_rollback", super(SchemaWrapper, DatabaseWrapper).savepoint_rollback
    )
    ledger = Ledger([left.context, right.context])
    with pytest.raises(AssertionError):
        _played(ledger, lose_a_savepoint)


def test_forgetting_what_a_rollback_undid(left: World, right: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(DatabaseWrapper, "rollback", super(SchemaWrapper, DatabaseWrapper).rollback)
    ledger = Ledger([left.context, right.context])
    with pytest.raises(AssertionError):
        _played(ledger, refused_at_commit)


def _played(ledger: Ledger, action: Any) -> None:
    for here, other in (ledger.contexts, ledger.contexts[::-1]):
        action(ledger, here, other)
    assert [line for line in ledger.wrong if "None" not in line] == []


def test_leaving_before_a_connection_is_handed_back(left: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(leaving, "_clear", lambda connection: None)
    with pool_of(1) as pool:
        with use_tenant(left.context):
            Chat.objects.count()
        connection.close()
        with pool.connection() as raw:
            assert state_of(raw) == (left.organization.id.hex, '"pool_main", public')


def test_the_prefix_of_the_cache(left: World, right: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(cache_module, "peek_tenant", lambda: None)
    cache.clear()
    assert noticed(lambda: keep_and_look(left.context, right.context))
    cache.clear()


def test_the_signature_of_a_task(left: World, right: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(jobs, "same", lambda one, other: True)
    assert noticed(lambda: refuses_forged_headers("chats.title", left, right))


def test_membership_read_by_the_middleware(left: World, right: World, monkeypatch: Patch) -> None:
    """Any account opens any organization: the page's address is believed."""

    def believed(*, user: Any, slug: str) -> Membership:
        return queries._memberships().get(organization__slug=slug, role="member")

    page = next(route for route in routes(PAGES) if route.template.endswith("/companions/"))
    monkeypatch.setattr("tenants.doors.membership_at", believed)
    assert noticed(lambda: outsiders_are_refused(page, left.owner.user, right))


def test_the_state_of_a_membership(left: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(queries, "may_enter", lambda member: True)
    with transaction.atomic():
        Membership.objects.filter(pk=left.member.pk).update(state="suspended")
        assert queries.membership_at(user=left.member.user, slug="left").state == "suspended"
        transaction.set_rollback(True)


# --- in PostgreSQL ------------------------------------------------------------------------------


def test_row_level_security(
    left: World, right: World, owner_sql: sql.Connection, app_sql: sql.Connection
) -> None:
    off, on = (f"ALTER TABLE chats_chat {how} ROW LEVEL SECURITY" for how in ("DISABLE", "ENABLE"))
    with altered(owner_sql, off, on):
        assert noticed(lambda: sql.test_rows_are_not_seen_next_door(Chat, left, right, app_sql))
        app_sql.rollback()
        assert noticed(lambda: sql.test_rows_are_not_given_to_next_door(Chat, left, right, app_sql))
        app_sql.rollback()
        assert cells("raw_list", left, right, [Chat]) == {"raw_list"}
        assert wrong(tables.rows_are_isolated, owner_sql)
    assert wrong(tables.rows_are_isolated, owner_sql) == []


@pytest.mark.usefixtures("_no_filter")
def test_row_level_security_and_the_filter(left: World, right: World, owner_sql: sql.Connection) -> None:
    """With both gone rows are really shown: the cells look where it hurts."""
    off, on = (f"ALTER TABLE chats_draft {how} ROW LEVEL SECURITY" for how in ("DISABLE", "ENABLE"))
    with altered(owner_sql, off, on):
        assert {"read", "list_all", "update", "delete"} <= cells(
            "read list_all update delete", left, right, [Draft]
        )


@pytest.mark.parametrize("half", ["USING", "WITH CHECK"])
def test_each_half_of_the_policy(
    half: str, left: World, right: World, owner_sql: sql.Connection, app_sql: sql.Connection
) -> None:
    policy = "ALTER POLICY organization_isolation ON chats_draft"
    check = {
        "USING": sql.test_rows_are_not_seen_next_door,
        "WITH CHECK": sql.test_rows_are_not_given_to_next_door,
    }
    with altered(owner_sql, f"{policy} {half} (true)", f"{policy} {half} ({tables.ISOLATED})"):
        assert noticed(lambda: check[half](Draft, left, right, app_sql))
        app_sql.rollback()
    assert wrong(tables.rows_are_isolated, owner_sql) == []


def test_forcing_it_on_the_owner(left: World, owner_sql: sql.Connection) -> None:
    off, on = (f"ALTER TABLE chats_chat {how} ROW LEVEL SECURITY" for how in ("NO FORCE", "FORCE"))
    assert sql.count(owner_sql, Chat, left) == 0
    with altered(owner_sql, off, on):
        assert sql.count(owner_sql, Chat, left) == 1
        assert wrong(tables.rows_are_isolated, owner_sql)


def test_the_organization_in_references(left: World, right: World, owner_sql: sql.Connection) -> None:
    off = "ALTER TABLE chats_vote DROP CONSTRAINT chats_vote_message_id_org_fk"
    on = (
        "ALTER TABLE chats_vote ADD CONSTRAINT chats_vote_message_id_org_fk"
        " FOREIGN KEY (organization_id, message_id) REFERENCES chats_message (organization_id, id)"
        " DEFERRABLE INITIALLY DEFERRED"
    )
    with altered(owner_sql, off, on):
        assert cells("point_at_them", left, right, [Vote]) == {"point_at_them"}
        assert wrong(tables.references_carry_the_organization, owner_sql)
    assert wrong(tables.references_carry_the_organization, owner_sql) == []


def test_grants_of_the_trail(
    left: World, right: World, owner_sql: sql.Connection, app_sql: sql.Connection
) -> None:
    on, off = (
        "REVOKE UPDATE ON audit_auditentry FROM humana_app",
        "GRANT UPDATE ON audit_auditentry TO humana_app",
    )
    with altered(owner_sql, off, on):
        sql.enter(app_sql, left)
        assert sql.changed(app_sql, "UPDATE {} SET action = 'forged'", AuditEntry) >= 1
        app_sql.rollback()
        assert wrong(rights.grants_are_exact, owner_sql)
    sql.enter(app_sql, left)
    assert sql.changed(app_sql, "UPDATE {} SET action = 'forged'", AuditEntry) == 0
