"""The chain: many writers make one, and whoever touches it is found out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections

from audit.models import AuditEntry, AuditHead
from audit.services import chain, trail
from tenants.context import use_tenant
from tenants.transactions import tenant_atomic
from tests.audit.conftest import Hand, note
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, EACH = 8, 50


def write_at_once(world: World) -> list[BaseException]:
    """Eight threads, fifty transactions each, one entry in each; what went wrong."""
    failures: list[BaseException] = []
    together = threading.Barrier(THREADS)

    def write(writer: int) -> None:
        together.wait()
        try:
            for number in range(EACH):
                with use_tenant(world.context), tenant_atomic():
                    note(f"{writer}/{number}")
        except IntegrityError as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_eight_writers_make_one_chain_without_gap_or_fork(written: World) -> None:
    with use_tenant(written.context):
        before = AuditHead.objects.get().sequence
        assert write_at_once(written) == []
        sequences = list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True))
        assert sequences == list(range(1, before + THREADS * EACH + 1))
        told = AuditEntry.objects.filter(resource_id__contains="/").values_list("resource_id", flat=True)
        assert len(set(told)) == THREADS * EACH
        assert chain.verify() == chain.Verdict(before + THREADS * EACH)


def test_without_the_lock_writers_collide_but_make_no_fork(
    written: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off: two take one place, and the unique sequence refuses the second."""
    monkeypatch.setattr(trail, "locked_head", lambda: AuditHead.objects.get())
    collided = write_at_once(written)
    with use_tenant(written.context):
        one_writer_at_a_time = connections[written.placement.alias].vendor == "sqlite"
        assert bool(collided) != one_writer_at_a_time
        sequences = AuditEntry.objects.values_list("sequence", flat=True)
        assert len(sequences) == len(set(sequences))


LONG_AGO = "'2001-02-03 04:05:06'"
ANOTHER_NAME = "'00000000000040008000000000000001'"
A_NEW_NAME = "'00000000000040008000000000000002'"
NO_HASH = f"'{'0' * 64}'"

#: What somebody with a superuser's hand in the database may try. `{own}` names the organization.
TAMPERING: dict[str, tuple[str, int]] = {
    "says somebody else did it": (
        "UPDATE audit_auditentry SET actor_label = 'x' WHERE {own} AND sequence = 3",
        3,
    ),
    "says something else": ("UPDATE audit_auditentry SET action = 'x' WHERE {own} AND sequence = 3", 3),
    "changes the payload": ("UPDATE audit_auditentry SET payload = '[]' WHERE {own} AND sequence = 3", 3),
    "makes it older": (
        f"UPDATE audit_auditentry SET at = {LONG_AGO} WHERE {{own}} AND sequence = 3",
        3,
    ),
    "lets it go earlier": (
        f"UPDATE audit_auditentry SET keep_until = {LONG_AGO} WHERE {{own}} AND sequence = 3",
        3,
    ),
    "gives it another name": (
        f"UPDATE audit_auditentry SET id = {ANOTHER_NAME} WHERE {{own}} AND sequence = 3",
        3,
    ),
    "forges a hash": (f"UPDATE audit_auditentry SET hash = {NO_HASH} WHERE {{own}} AND sequence = 3", 3),
    "takes one out": ("DELETE FROM audit_auditentry WHERE {own} AND sequence = 3", 3),
    "takes the first": ("DELETE FROM audit_auditentry WHERE {own} AND sequence = 1", 2),
    "takes the last": ("DELETE FROM audit_auditentry WHERE {own} AND sequence = 6", 6),
    "takes all": ("DELETE FROM audit_auditentry WHERE {own}", 1),
    "closes the gap": (
        "DELETE FROM audit_auditentry WHERE {own} AND sequence = 3;"
        " UPDATE audit_auditentry SET sequence = sequence - 1 WHERE {own} AND sequence > 3;"
        " UPDATE audit_audithead SET sequence = sequence - 1 WHERE {own}",
        3,
    ),
    "adds one at the end": (
        f"INSERT INTO audit_auditentry SELECT {A_NEW_NAME}, created_at, updated_at, organization_id,"
        " sequence + 1, at, actor_kind, actor_id, actor_label, action, resource_type, resource_id, address,"
        " agent, request_id, regulations, keep_until, encryption_required, payload, NULL, hash, hash"
        " FROM audit_auditentry WHERE {own} AND sequence = 6",
        7,
    ),
    "moves the head back": ("UPDATE audit_audithead SET sequence = 3 WHERE {own}", 4),
    "forges the head": (f"UPDATE audit_audithead SET hash = {NO_HASH} WHERE {{own}}", 6),
    "forgets the head": ("DELETE FROM audit_audithead WHERE {own}", 1),
}


@pytest.mark.parametrize(("statements", "found_at"), TAMPERING.values(), ids=TAMPERING)
def test_who_tampers_is_found_at_the_first_wrong_entry(
    written: World, by_hand: Hand, statements: str, found_at: int
) -> None:
    with use_tenant(written.context):
        assert chain.verify() == chain.Verdict(6)
    for statement in statements.split(";"):
        assert by_hand(written, statement)
    with use_tenant(written.context):
        verdict = chain.verify()
    assert verdict.broken_at == found_at
    assert verdict.why


def test_a_column_the_hash_does_not_cover_would_go_unnoticed(
    written: World, by_hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard switched off: a digest that says nothing finds nothing."""
    statement, _place = TAMPERING["changes the payload"]
    by_hand(written, statement)
    honest: Callable[[Any], str] = chain.digest
    monkeypatch.setattr(chain, "digest", lambda entry: entry.hash)
    with use_tenant(written.context):
        assert chain.verify().holds
        monkeypatch.setattr(chain, "digest", honest)
        assert not chain.verify().holds


def test_a_trail_that_was_never_written_holds(fresh: World) -> None:
    with use_tenant(fresh.context):
        assert chain.verify() == chain.Verdict(0)


def test_the_command_says_where_and_its_exit_code_whether(
    written: World, by_hand: Hand, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("audit_verify", organization=written.slug)
    assert capsys.readouterr().out == f"{written.slug}: the chain holds, 6 entries\n"
    statement, place = TAMPERING["takes one out"]
    by_hand(written, statement)
    with pytest.raises(CommandError, match=written.slug) as refused:
        call_command("audit_verify")
    assert refused.value.returncode == 1
    assert f"{written.slug}: broken at {place}: entries are missing" in capsys.readouterr().out
    with pytest.raises(CommandError) as unknown:
        call_command("audit_verify", organization="nobody-here")
    assert unknown.value.returncode == 2
