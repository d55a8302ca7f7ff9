"""The customer is told, by letter and by signed webhook, until it has arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from byoc import endpoints
from byoc.config_keys import MAINTENANCE
from byoc.models import Endpoint, Notice
from byoc.services import notices
from tenants.context import use_tenant
from tests.byoc.rows import connected
from tests.fixtures.organizations import World
from tests.peers.answering import Answering, Asked
from tests.tenants.test_config_effects import say

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FACTS = {"endpoint": "Our model", "kind": "llm", "code": "timeout"}


@pytest.fixture
def receiver() -> Iterator[Answering]:
    answering = Answering()
    answering.start()
    yield answering
    answering.stop()


def webhook(world: World, url: str) -> Endpoint:
    return connected(
        world, url, name="Pager", kind="monitoring", type="webhook", role="alerts", key=SECRET, options={}
    )


def tell(world: World, event: str = "endpoint.failing", **facts: str) -> str:
    with use_tenant(world.context):
        return notices.tell(world.organization.id, event, FACTS | facts)


def rows(world: World, **which: Any) -> list[Notice]:
    with use_tenant(world.context):
        return list(Notice.objects.filter(**which).order_by("recipient"))


def later(minutes: int) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


def verified(asked: Asked) -> dict[str, Any]:
    told: dict[str, Any] = Webhook(SECRET).verify(asked.body, asked.headers)
    return told


def test_whoever_looks_after_endpoints_gets_a_letter_in_the_organizations_language(left: World) -> None:
    left.organization.language = "en"
    left.organization.save()
    tell(left)
    assert mail.outbox == []  # nothing is sent inside the change
    notices.send_due()
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert set(letters) == {left.owner.user.email, left.twin.user.email}  # not the plain member
    letter = letters[left.owner.user.email]
    assert letter.subject == "“Our model” does not answer well"
    assert "timeout" in letter.body
    notices.send_due(now=later(600))
    assert len(mail.outbox) == 2


def test_a_webhook_is_signed_and_says_the_same_event(left: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/200/hook")
    key = tell(left)
    notices.send_due()
    [asked] = receiver.asked
    told = verified(asked)
    assert (asked.method, asked.path, asked.headers["webhook-id"]) == ("POST", "/200/hook", key)
    assert told["type"] == "endpoint.failing"
    assert told["data"] == {**FACTS, "organization": left.slug}
    assert {letter.extra_headers["X-Humana-Event"] for letter in mail.outbox} == {key}


def test_what_was_changed_on_the_way_or_is_old_is_refused(left: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/200/hook")
    tell(left)
    notices.send_due()
    [asked] = receiver.asked
    forged = Asked(asked.method, asked.path, asked.headers, asked.body.replace(b"Our", b"Her"))
    old = {**asked.headers, "webhook-timestamp": str(int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()))}
    for one in (forged, Asked(asked.method, asked.path, old, asked.body)):
        with pytest.raises(WebhookVerificationError):
            verified(one)


def test_it_is_tried_again_until_it_arrives(left: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/next/hook")
    receiver.script.extend([503, 503])
    tell(left)
    notices.send_due()
    notices.send_due()  # not due yet
    assert len(receiver.asked) == 1
    notices.send_due(now=later(5))
    notices.send_due(now=later(60))
    notices.send_due(now=later(600))
    assert len(receiver.asked) == 3
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.asked}) == 1
    [row] = rows(left, channel="webhook")
    assert (row.state, row.attempts) == ("sent", 3)


def test_it_is_given_up_in_the_end(left: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/503/hook")
    tell(left)
    for day in range(1, 12):
        notices.send_due(now=later(day * 60 * 24))
    [row] = rows(left, channel="webhook")
    assert (row.state, row.attempts) == ("failed", len(notices.PAUSES) + 1)
    assert "503" in row.error


def test_a_redirect_is_not_followed(left: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/moved/hook")
    tell(left)
    notices.send_due()
    assert len(receiver.asked) == 1
    assert rows(left, channel="webhook")[0].state == "pending"


def test_a_receiver_that_wants_no_more_gets_no_more(left: World, receiver: Answering) -> None:
    pager = webhook(left, f"{receiver.url}/410/hook")
    tell(left)
    notices.send_due()
    endpoints.forget()
    tell(left)
    notices.send_due(now=later(600))
    assert len(receiver.asked) == 1
    with use_tenant(left.context):
        assert Endpoint.objects.get(id=pager.id).state == "ready"


def test_nobody_is_told_of_anothers(left: World, right: World, receiver: Answering) -> None:
    webhook(right, f"{receiver.url}/200/hook")
    tell(left)
    notices.send_due()
    assert receiver.asked == []
    assert right.owner.user.email not in [letter.to[0] for letter in mail.outbox]


def test_no_secret_is_in_it(left: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/200/hook")
    tell(left)
    notices.send_due()
    kept = json.dumps([row.payload for row in rows(left)]) + receiver.asked[0].body.decode()
    assert SECRET not in kept
    assert receiver.url not in kept


def command(*words: str) -> str:
    out = StringIO()
    call_command("endpoints", *words, stdout=out)
    return out.getvalue()


@pytest.mark.pool_only("elsewhere each has at least a database of its own, and is told")
def test_customers_with_their_own_are_told_by_hand(left: World, right: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/200/hook")
    assert command("notify", "--message", "Maintenance on Sunday", "--dry-run").startswith(left.slug)
    assert (mail.outbox, receiver.asked) == ([], [])
    assert right.slug not in command("notify", "--message", "Maintenance on Sunday").split()
    assert verified(receiver.asked[0])["data"]["message"] == "Maintenance on Sunday"
    assert all("Maintenance on Sunday" in letter.body for letter in mail.outbox)


def test_a_pipeline_stops_at_an_endpoint_that_does_not_serve(left: World, receiver: Answering) -> None:
    connected(left, f"{receiver.url}/200/v1", name="Well")
    told = command("validate", "--organization", left.slug)
    assert f"{left.slug} llm/primary Well ok" in told
    connected(left, f"{receiver.url}/401/v1", name="Shut")
    out = StringIO()
    with pytest.raises(CommandError, match="1 of the endpoints") as raised:
        call_command("endpoints", "validate", "--organization", left.slug, stdout=out)
    assert raised.value.returncode == 1
    assert "Shut FAILED (unauthorized)" in out.getvalue()
    assert "Shut FAILED" in command("probe", "--organization", left.slug)
    with pytest.raises(CommandError, match="no organization"):
        command("validate", "--organization", "nobody")


def test_who_names_a_maintenance_window_reads_it_in_the_notice(left: World, receiver: Answering) -> None:
    webhook(left, f"{receiver.url}/200/hook")
    say(left, MAINTENANCE, "Sundays from 2 to 4")
    tell(left)
    notices.send_due()
    [asked] = receiver.asked
    assert verified(asked)["data"]["maintenance"] == "Sundays from 2 to 4"
    assert all("Sundays from 2 to 4" in letter.body for letter in mail.outbox)
    assert mail.outbox
