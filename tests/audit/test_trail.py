"""Writing the trail: with the change or not at all, as its last word, by nobody else's hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import ProgrammingError, connection, transaction

from audit.models import AuditEntry, AuditHead
from audit.services import chain, trail
from humana.kernel.actor import Actor, acting_as
from humana.kernel.ports import record_trail
from tenants.context import TenantContext, use_tenant
from tenants.models import PendingWork
from tenants.services.pending import mark_pending
from tenants.transactions import before_commit, tenant_atomic
from tests.audit.conftest import note
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def noted() -> list[str]:
    rows = AuditEntry.objects.filter(action="test.noted").order_by("sequence")
    return list(rows.values_list("resource_id", flat=True))


def test_an_entry_comes_with_its_change_and_goes_with_its_rollback(left: World) -> None:
    with use_tenant(left.context):
        with tenant_atomic():
            note(1)
            assert noted() == [], "appended only just before the commit"
        with pytest.raises(ZeroDivisionError), tenant_atomic():
            note(2)
            raise ZeroDivisionError
        with tenant_atomic():
            with pytest.raises(ZeroDivisionError), tenant_atomic():
                note(3)
                raise ZeroDivisionError
            note(4)
        assert noted() == ["1", "4"]
        assert chain.verify().holds


def test_an_entry_says_who_from_where_and_why_it_is_kept(left: World) -> None:
    person = Actor(
        kind="user", label="Ana", user_id=left.owner.user_id, address="203.0.113.7", agent="curl/8"
    )
    strict = TenantContext(
        left.context.organization_id, left.slug, left.context.placement, ("HIPAA", "LGPD"), None
    )
    with use_tenant(strict), acting_as(person):
        record_trail(action="test.noted", resource_type="note", resource_id=7, payload={"name": "Ação"})
        entry = AuditEntry.objects.latest("sequence")
    assert (entry.actor_kind, entry.actor_label, entry.actor_id) == ("user", "Ana", person.user_id)
    assert (entry.address, entry.agent, entry.resource_id) == ("203.0.113.7", "curl/8", "7")
    assert json.loads(entry.payload) == {"name": "Ação"}
    assert entry.regulations == ["HIPAA", "LGPD"]
    assert entry.encryption_required
    assert entry.keep_until is not None
    assert (entry.keep_until - entry.at).days == 6 * 365 + 2, "the longest of the two"


@pytest.mark.parametrize("days", [0, 30, 2_147_483_647])
def test_any_retention_an_organization_can_ask_for_can_be_written(left: World, days: int) -> None:
    asked = TenantContext(left.context.organization_id, left.slug, left.context.placement, (), days)
    with use_tenant(asked):
        note(1)
        entry = AuditEntry.objects.latest("sequence")
        assert chain.verify().holds
    assert entry.keep_until is not None
    assert (entry.keep_until - entry.at).days == min(days, trail.MOST_DAYS)


def test_the_hash_is_the_same_in_every_time_zone(left: World) -> None:
    moment = datetime(2026, 3, 1, 22, 30, tzinfo=timezone(timedelta(hours=-3)))
    with use_tenant(left.context):
        record_trail(action="test.noted", resource_type="note", at=moment)
        entry = AuditEntry.objects.latest("sequence")
        assert entry.at == moment.astimezone(UTC)
        assert chain.verify().holds


@pytest.mark.postgresql_only("one role owns the tables elsewhere")
def test_the_application_adds_and_reads_and_does_nothing_else(left: World) -> None:
    with use_tenant(left.context):
        note(1)
        for change in (
            "UPDATE audit_auditentry SET action = 'x'",
            "DELETE FROM audit_auditentry",
            "TRUNCATE audit_auditentry",
            "ALTER TABLE audit_auditentry DISABLE ROW LEVEL SECURITY",
            "DROP TABLE audit_auditentry",
        ):
            refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
            with refused, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)
        assert noted() == ["1"]


def test_the_head_says_where_the_chain_ends(left: World) -> None:
    with use_tenant(left.context):
        note(1)
        last, head = AuditEntry.objects.latest("sequence"), AuditHead.objects.get()
    assert (head.sequence, head.hash) == (last.sequence, last.hash)


def test_entries_come_after_every_other_last_word(left: World) -> None:
    """So whoever holds the head of the chain waits for no other row, whatever was asked for first."""
    seen: list[list[str]] = []
    with use_tenant(left.context):
        PendingWork.objects.all().delete()
        with tenant_atomic():
            note(1)
            mark_pending(left.organization.id, PendingWork.Kind.OUTBOX)
            before_commit(lambda: seen.append(noted()))
        assert seen == [[]]
        assert noted() == ["1"]
