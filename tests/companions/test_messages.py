"""Companions write to each other: judged when sent and when delivered, in order, once, never too far."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from audit.models import AuditEntry
from companions.config_keys import (
    MESSAGE_ASKED,
    MESSAGE_CHARACTERS,
    MESSAGE_HOPS,
    MESSAGE_WAITS,
    MESSAGES_FOLLOWING,
)
from companions.models import Companion, CompanionMessage, Delivery
from companions.services import sending, waking
from companions.services.companions import create_companion, pause_companion, remove_companion
from companions.services.delivering import MOST_ATTEMPTS, deliver, deliver_to_all
from companions.services.judging import line_of
from companions.services.quarantine import release_delivery
from companions.services.rules import drop_rule, set_rule
from companions.services.sending import send_message
from humana.kernel.errors import Conflict, HumanaError, Invalid, NotAllowed, TooMany
from tenants.config.catalogue import ConfigKey
from tenants.config.snapshot import snapshot
from tenants.context import without_tenant
from tenants.models import ControlEvent, Membership, PendingWork
from tenants.services.config import change, of_organization
from tenants.services.pending import FRESH
from tests.companions.conftest import Bakery
from tests.fixtures.messages import published

SHARE, ASK = CompanionMessage.Kind.KNOWLEDGE_SHARE, CompanionMessage.Kind.COLLABORATION_REQUEST
Committed = Callable[..., Any]
Configured = Callable[[ConfigKey[int], int], None]


@pytest.fixture
def three(bakery: Bakery) -> list[Companion]:
    """Ana, Bia and Cau, who reach each other."""
    return [
        create_companion(name=name, purpose="Bakes", base_prompt=f"You are {name}.", language="en")
        for name in ("Ana", "Bia", "Cau")
    ]


@pytest.fixture
def configured(bakery: Bakery) -> Iterator[Configured]:
    """Says what holds in the bakery from now on, in its administrator's name."""

    def say(key: ConfigKey[int], value: int) -> None:
        where = of_organization(bakery.organization.id)
        change(member=bakery.person("owner"), where=where, key=key, value=value)
        snapshot.forget()

    yield say
    snapshot.forget()


@pytest.fixture
def eager() -> Iterator[None]:
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def copies(companion: Companion) -> list[Delivery]:
    return list(Delivery.objects.filter(recipient=companion).order_by("sequence"))


def states(companion: Companion) -> list[str]:
    return [copy.state for copy in copies(companion)]


def told(action: str) -> list[dict[str, Any]]:
    rows = AuditEntry.objects.filter(action=action).order_by("sequence")
    return [json.loads(row.payload) for row in rows]


def test_what_is_shared_arrives_with_its_permissions_and_is_noted(
    bakery: Bakery, three: list[Companion], django_capture_on_commit_callbacks: Committed, eager: None
) -> None:
    ana, bia, _cau = three
    with django_capture_on_commit_callbacks(execute=True):
        sent = send_message(
            member=bakery.person("member"), sender=ana, kind=SHARE, text="Rye\r\nneeds time", to=bia
        )
    (copy,) = copies(bia)
    assert (copy.state, copy.sequence, copy.message.payload) == ("delivered", 1, "Rye\nneeds time")
    assert (sent.trace_id, sent.hop, sent.permissions) == (sent.id, 0, ["ask", "hand_off", "share"])
    assert told("companions.message.sent")[0]["permissions"] == sent.permissions
    assert [one["delivery"] for one in told("companions.message.delivered")] == [str(copy.id)]
    assert "Rye" not in json.dumps(told("companions.message.sent")), "the trail says who, never what"
    assert PendingWork.objects.filter(kind=PendingWork.Kind.DELIVERY).exists()
    PendingWork.objects.update(updated_at=timezone.now() - 2 * FRESH)
    waking.sweep_deliveries()
    assert not PendingWork.objects.filter(kind=PendingWork.Kind.DELIVERY).exists()


def test_copies_arrive_in_the_order_of_their_inbox_each_once(bakery: Bakery, three: list[Companion]) -> None:
    ana, bia, cau = three
    for number in range(3):
        for sender in (ana, cau):
            send_message(member=bakery.person("owner"), sender=sender, kind=SHARE, text=str(number), to=bia)
    assert [copy.sequence for copy in copies(bia)] == [1, 2, 3, 4, 5, 6]
    for _again in range(3):
        deliver(bia.id)
    assert states(bia) == ["delivered"] * 6
    assert [one["number"] for one in told("companions.message.delivered")] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"text": " "}, "empty"),
        ({"text": "x" * (sending.MOST_CHARACTERS + 1)}, "too_long"),
        ({"text": "a\x00b"}, "bad_characters"),
        ({"kind": "workflow_handoff"}, "unknown"),
        ({"kind": "gossip"}, "unknown"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "out_of_range"),
        ({"expires_at": timezone.now() + timedelta(days=31)}, "out_of_range"),
        ({"to": "itself"}, "itself"),
        ({"to": "removed"}, "not_found"),
        ({"to": "paused"}, "paused"),
        ({"to": "restricted"}, "restricted"),
        ({"member": "auditor"}, "missing_permission"),
    ],
)
def test_what_may_not_be_sent_is_refused_and_nothing_is_half_done(
    bakery: Bakery, three: list[Companion], wrong: dict[str, Any], code: str
) -> None:
    ana, bia, cau = three
    named = {"itself": ana, "removed": bia, "paused": cau, "restricted": cau}
    if wrong.get("to") == "removed":
        remove_companion(companion=bia)
    if wrong.get("to") == "paused":
        pause_companion(companion=cau)
    if wrong.get("to") == "restricted":
        Companion.objects.filter(id=cau.id).update(access="restricted")
    given: dict[str, Any] = {
        "member": "owner",
        "sender": ana,
        "kind": SHARE,
        "text": "hello",
        "to": bia,
    } | wrong
    given["to"] = named.get(given["to"], bia) if isinstance(given["to"], str) else given["to"]
    with pytest.raises(HumanaError) as refused:
        send_message(**{**given, "member": bakery.person(given["member"])})
    assert refused.value.code == code
    assert not CompanionMessage.objects.exists()
    assert not Delivery.objects.exists()


def test_the_organization_says_how_long_a_message_is_and_waits(
    bakery: Bakery, three: list[Companion], configured: Configured
) -> None:
    ana, bia, _cau = three
    configured(MESSAGE_CHARACTERS, 100)
    configured(MESSAGE_WAITS, 3_600)
    with pytest.raises(Invalid) as long:
        send_message(member=bakery.person("owner"), sender=ana, kind=SHARE, text="x" * 101, to=bia)
    assert long.value.code == "too_long"
    sent = send_message(member=bakery.person("owner"), sender=ana, kind=SHARE, text="x" * 100, to=bia)
    assert sent.expires_at <= timezone.now() + timedelta(hours=1)


def test_what_changed_meanwhile_counts_at_delivery(bakery: Bakery, three: list[Companion]) -> None:
    ana, bia, cau = three
    owner, member = bakery.person("owner"), bakery.person("member")

    def sent(to: Companion, **extras: Any) -> CompanionMessage:
        return send_message(member=member, sender=ana, kind=SHARE, text="hello", to=to, **extras)

    sent(bia, expires_at=timezone.now() + timedelta(hours=1))
    CompanionMessage.objects.update(expires_at=timezone.now())
    sent(bia)
    rule = set_rule(member=owner, source_id=ana.id, target_id=bia.id, allow=False)
    deliver(bia.id)
    assert [(one.state, one.reason) for one in copies(bia)] == [("expired", "expired"), ("refused", "denied")]
    with pytest.raises(NotAllowed) as denied:
        sent(bia)
    assert denied.value.code == "denied"
    drop_rule(member=owner, rule=rule)
    sent(bia)
    Membership.objects.filter(id=member.id).update(state=Membership.State.SUSPENDED)
    deliver(bia.id)
    Membership.objects.filter(id=member.id).update(state=Membership.State.ACTIVE)
    sent(bia)
    sent(cau)
    remove_companion(companion=cau)
    pause_companion(companion=bia)
    deliver(bia.id)
    deliver(cau.id)
    assert [one.reason for one in copies(bia)[2:]] == ["not_yours", "paused"]
    assert [(one.state, one.reason) for one in copies(cau)] == [("refused", "gone")]
    assert len(told("companions.message.refused")) == 4
    assert told("companions.message.delivered") == []


def test_nobody_reaches_through_another_whom_it_does_not_reach_itself(
    bakery: Bakery, three: list[Companion]
) -> None:
    ana, bia, cau = three
    owner = bakery.person("owner")
    set_rule(member=owner, source_id=ana.id, target_id=cau.id, allow=False, rights=["share"])
    first = send_message(member=owner, sender=ana, kind=SHARE, text="Rye", to=bia)
    with pytest.raises(Invalid) as untold:
        send_message(member=owner, sender=bia, kind=SHARE, text="Rye", to=cau, parent=first)
    assert untold.value.code == "not_told", "not before it was delivered"
    deliver(bia.id)
    with pytest.raises(NotAllowed) as narrowed:
        send_message(member=owner, sender=bia, kind=SHARE, text="Ana says: rye", to=cau, parent=first)
    assert narrowed.value.code == "not_yours"
    assert send_message(member=owner, sender=bia, kind=SHARE, text="My own", to=cau).hop == 0
    CompanionMessage.objects.filter(id=first.id).update(permissions=["share"])
    first.refresh_from_db()
    with pytest.raises(NotAllowed) as granted:
        send_message(member=owner, sender=bia, kind=ASK, text="And you?", to=ana, parent=first)
    assert granted.value.code == "not_granted"


def test_a_message_that_goes_round_and_round_ends(
    bakery: Bakery, three: list[Companion], configured: Configured
) -> None:
    ana, bia, _cau = three
    owner, ends, parent = bakery.person("owner"), [ana, bia], None
    for hop in range(MESSAGE_HOPS.default + 1):
        sender, to = ends[hop % 2], ends[1 - hop % 2]
        parent = send_message(member=owner, sender=sender, kind=SHARE, text="again", to=to, parent=parent)
        deliver(to.id)
    with pytest.raises(TooMany) as hops:
        send_message(member=owner, sender=ana, kind=SHARE, text="again", to=bia, parent=parent)
    assert hops.value.code == "too_many_hops"
    configured(MESSAGE_HOPS, 6)
    last = send_message(member=owner, sender=ana, kind=SHARE, text="again", to=bia, parent=parent)
    deliver(bia.id)
    configured(MESSAGE_HOPS, 2)
    with pytest.raises(TooMany):
        send_message(member=owner, sender=bia, kind=SHARE, text="again", to=ana, parent=last)
    assert len(line_of(last)) == 7, "whatever is configured, it is judged by all that it came from"
    configured(MESSAGES_FOLLOWING, 7)
    first = CompanionMessage.objects.get(hop=0)
    with pytest.raises(TooMany) as many:
        send_message(member=owner, sender=bia, kind=SHARE, text="again", to=ana, parent=first)
    assert many.value.code == "too_many_messages"


def test_to_all_reaches_those_who_are_reached_after_what_came_before(
    bakery: Bakery, three: list[Companion], configured: Configured
) -> None:
    ana, bia, cau = three
    owner, dan = (
        bakery.person("owner"),
        create_companion(name="Dan", purpose="Bakes", base_prompt="You are Dan.", language="en"),
    )
    Companion.objects.filter(id=dan.id).update(access="restricted")
    send_message(member=owner, sender=cau, kind=SHARE, text="before", to=bia)
    everybody = send_message(member=owner, sender=ana, kind=SHARE, text="to all")
    send_message(member=owner, sender=cau, kind=SHARE, text="after", to=bia)
    assert everybody.to_all
    assert {one.recipient_id for one in everybody.deliveries.all()} == {bia.id, cau.id}
    deliver_to_all(everybody.id)
    assert states(bia) == ["pending", "pending", "pending"], "it waits for what came before"
    assert states(cau) == ["delivered"]
    deliver(bia.id)
    assert [one["number"] for one in told("companions.message.delivered")] == [1, 2, 3]
    deliver_to_all(everybody.id)
    assert len(told("companions.message.to_all")) == 1, "and nothing is delivered twice"
    later = send_message(member=owner, sender=ana, kind=SHARE, text="to all")
    set_rule(source_id=ana.id, target_id=bia.id, allow=False)
    deliver_to_all(later.id)
    assert told("companions.message.to_all")[1] == {"delivered": 1, "refused": 1, "expired": 0}
    configured(MESSAGE_ASKED, 1)
    with pytest.raises(TooMany):
        send_message(member=owner, sender=cau, kind=ASK, text="Who knows rye?")
    Companion.objects.update(access="restricted")
    with pytest.raises(Conflict) as nobody:
        send_message(member=owner, sender=ana, kind=SHARE, text="to all")
    assert nobody.value.code == "nobody_reached"


@pytest.mark.pool_only("spoils a row by a statement of its own")
def test_what_cannot_be_delivered_is_put_aside_and_lets_the_others_pass(
    bakery: Bakery, three: list[Companion], eager: None, django_capture_on_commit_callbacks: Committed
) -> None:
    ana, bia, _cau = three
    owner = bakery.person("owner")
    sick = send_message(member=owner, sender=ana, kind=SHARE, text="sick", to=bia)
    send_message(member=owner, sender=ana, kind=SHARE, text="well", to=bia)
    spoil = "UPDATE companions_companionmessage SET payload = %s WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(spoil, ["\x01zsealed in a way nobody knows", sick.id])
    for _attempt in range(MOST_ATTEMPTS - 1):
        deliver(bia.id)
        assert states(bia) == ["pending", "pending"], "what comes after waits for it"
    deliver(bia.id)
    assert states(bia) == ["quarantined", "delivered"]
    assert copies(bia)[0].reason == "CannotOpen"
    with without_tenant(reason="operators see it without an organization in hand"):
        assert ControlEvent.objects.get(action="message.quarantined").payload["error"] == "CannotOpen"
    with connection.cursor() as cursor:
        cursor.execute(spoil, ["well again", sick.id])
    with pytest.raises(NotAllowed):
        release_delivery(member=bakery.person("member"), delivery_id=copies(bia)[0].id)
    with django_capture_on_commit_callbacks(execute=True):
        assert release_delivery(member=owner, delivery_id=copies(bia)[0].id)
    assert [(one.sequence, one.state, one.attempts) for one in copies(bia)] == [
        (2, "delivered", 0),
        (3, "delivered", 0),
    ]
    assert not release_delivery(member=owner, delivery_id=copies(bia)[0].id)


@pytest.mark.pool_only("in a database of its own a commit of a test is a commit, and wakes")
def test_what_nobody_was_woken_for_is_found_and_the_broker_is_not_flooded(
    bakery: Bakery, three: list[Companion], django_capture_on_commit_callbacks: Committed, eager: None
) -> None:
    ana, bia, cau = three
    owner = bakery.person("owner")
    send_message(member=owner, sender=ana, kind=SHARE, text="lost", to=bia)  # its callbacks never run
    send_message(member=owner, sender=cau, kind=SHARE, text="lost to all")
    PendingWork.objects.get_or_create(organization=bakery.organization, kind=PendingWork.Kind.DELIVERY)
    waking.sweep_deliveries()
    assert set(states(bia)) == {"pending"}, "not yet overdue"
    Delivery.objects.update(due_at=timezone.now())
    current_app.conf.task_always_eager = False
    with published(waking.DELIVER) as woken:
        for _sweep in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                waking.sweep_deliveries()
    assert len(woken) == 1
    current_app.conf.task_always_eager = True
    Delivery.objects.update(due_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        waking.sweep_deliveries()
    deliver(bia.id)
    assert set(states(bia) + states(ana)) == {"delivered"}
    waking.sweep_deliveries()
    assert not PendingWork.objects.filter(kind=PendingWork.Kind.DELIVERY).exists()
