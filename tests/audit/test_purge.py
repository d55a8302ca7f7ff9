"""The only way out of the trail: by the owner, from its beginning, told in the trail itself."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError
from django.utils import timezone

from audit.models import AuditEntry, AuditHead
from audit.services import chain, purge
from audit.services.purge import Reason, purge_trail
from audit.services.trail import record_trail
from humana.kernel.errors import Misconfigured
from tenants.context import TenantContext, use_tenant
from tenants.transactions import tenant_atomic
from tests.audit.conftest import Hand, note
from tests.fixtures.organizations import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = timezone.now() - timedelta(days=400)


def keeping(world: World, days: int) -> TenantContext:
    """The organization with a retention of so many days."""
    return TenantContext(world.context.organization_id, world.slug, world.context.placement, (), days)


def grow_old(world: World, *, days: int, entries: int = 4) -> None:
    """Entries of long ago, to be kept for `days`."""
    with use_tenant(keeping(world, days)):
        for number in range(entries):
            with tenant_atomic():
                record_trail(action="test.noted", resource_type="note", resource_id=number, at=LONG_AGO)


def sequences(world: World) -> list[int]:
    with use_tenant(world.context):
        return list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True))


def test_retention_keeps_what_must_be_kept(written: World) -> None:
    assert purge_trail(organization=written.context, before=timezone.now()) == 0
    assert sequences(written) == [1, 2, 3, 4, 5, 6]


def test_the_first_entry_that_must_stay_keeps_all_that_follow(fresh: World) -> None:
    grow_old(fresh, days=30, entries=3)
    grow_old(fresh, days=800, entries=1)
    grow_old(fresh, days=30, entries=2)
    assert purge_trail(organization=fresh.context, before=timezone.now()) == 3
    assert sequences(fresh) == [4, 5, 6, 7]
    with use_tenant(fresh.context):
        checkpoint = AuditEntry.objects.latest("sequence")
        assert chain.verify() == chain.Verdict(4)
    told = json.loads(checkpoint.payload)
    assert checkpoint.action == "trail.purged"
    assert (told["through"], told["removed"], told["reason"]) == (3, 3, "retention")


def test_a_trail_can_leave_whole_and_go_on(fresh: World) -> None:
    grow_old(fresh, days=800)
    assert purge_trail(organization=fresh.context, before=timezone.now(), reason=Reason.REMOVAL) == 4
    assert sequences(fresh) == [5]
    with use_tenant(fresh.context):
        note("afterwards")
        assert chain.verify() == chain.Verdict(2)
    assert purge_trail(organization=fresh.context, before=LONG_AGO, reason=Reason.REMOVAL) == 0
    assert sequences(fresh) == [5, 6], "nothing to remove leaves no checkpoint"


def test_other_organizations_keep_theirs(fresh: World) -> None:
    other = build_world(f"{fresh.slug}-too")
    grow_old(fresh, days=30)
    purge_trail(organization=fresh.context, before=timezone.now(), reason=Reason.REMOVAL)
    assert sequences(other) == [1]


def test_without_a_signed_checkpoint_a_missing_beginning_is_found(fresh: World, by_hand: Hand) -> None:
    """Who has the database but not the installation's key cannot explain a cut."""
    grow_old(fresh, days=30)
    purge_trail(organization=fresh.context, before=timezone.now(), reason=Reason.REMOVAL)
    grow_old(fresh, days=30, entries=2)
    with use_tenant(fresh.context):
        told = json.loads(AuditEntry.objects.get(action="trail.purged").payload)
        hashes = dict(AuditEntry.objects.values_list("sequence", "hash"))
        forged = told | {"through": 6, "hash": hashes[6]}
        with tenant_atomic():
            record_trail(action="trail.purged", resource_type="trail", payload=forged)
        assert chain.verify().holds
    by_hand(fresh, "DELETE FROM audit_auditentry WHERE {own} AND sequence <= 6")
    with use_tenant(fresh.context):
        verdict = chain.verify()
    assert verdict.broken_at == 7
    assert "no checkpoint" in verdict.why


def test_a_checkpoint_that_is_no_json_explains_nothing(fresh: World, by_hand: Hand) -> None:
    grow_old(fresh, days=30)
    purge_trail(organization=fresh.context, before=timezone.now(), reason=Reason.REMOVAL)
    by_hand(fresh, "UPDATE audit_auditentry SET payload = '{{' WHERE {own}")
    with use_tenant(fresh.context):
        assert not chain.verify().holds


@pytest.mark.postgresql_only("one role owns the tables elsewhere")
def test_only_the_owner_can_do_it(fresh: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    grow_old(fresh, days=30)
    settings.DATABASE_OWNER_URL = ""
    with pytest.raises(Misconfigured):
        purge_trail(organization=fresh.context, before=timezone.now())

    monkeypatch.setattr(purge, "as_owner", lambda alias: nullcontext())
    with pytest.raises(ProgrammingError, match="permission denied"):
        purge_trail(organization=fresh.context, before=timezone.now())
    assert len(sequences(fresh)) == 4


def test_the_command(fresh: World, capsys: pytest.CaptureFixture[str]) -> None:
    grow_old(fresh, days=30)
    day = (LONG_AGO + timedelta(days=2)).strftime("%Y-%m-%d")
    call_command("purge_trail", "--organization", fresh.slug, "--before", day)
    assert capsys.readouterr().out == f"{fresh.slug}: 4 entries removed\n"
    with use_tenant(fresh.context):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_label) == ("trail.purged", "purge_trail")
    tomorrow = (datetime.now(tz=LONG_AGO.tzinfo) + timedelta(days=2)).strftime("%Y-%m-%d")
    for wrong in (
        ["--organization", "nobody-here", "--before", day],
        ["--organization", fresh.slug, "--before", "soon"],
        ["--organization", fresh.slug, "--before", tomorrow],
        ["--organization", fresh.slug, "--before", day, "--reason", "boredom"],
    ):
        with pytest.raises(CommandError):
            call_command("purge_trail", *wrong)


@pytest.mark.postgresql_only("one role owns the tables elsewhere")
def test_the_application_role_works_again_afterwards(fresh: World) -> None:
    grow_old(fresh, days=30)
    purge_trail(organization=fresh.context, before=timezone.now())
    with use_tenant(fresh.context), pytest.raises(ProgrammingError, match="permission denied"):
        AuditEntry.objects.all().delete()
    with use_tenant(fresh.context):
        assert AuditHead.objects.get().sequence == 5
