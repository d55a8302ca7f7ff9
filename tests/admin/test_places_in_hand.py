"""Operators look at one place of an organization at a time: the main one, or another they choose."""

from __future__ import annotations

import html
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEntry, Outbox
from chats.models import Chat
from companions.models import Companion, Value
from tenants.context import use_tenant
from tenants.models import User
from tests.admin.conftest import Desk
from tests.fixtures.mixed import AT_HOME, IN_DATABASE, IN_SCHEMA, Mixed
from tests.fixtures.organizations import build_world

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = pytest.mark.parametrize("name", [IN_SCHEMA, IN_DATABASE])
THE_BAR, LOOK = "places_in_hand", "Look there"


@pytest.fixture
def desk(mixed: Mixed) -> Desk:
    """In a support session of the mixed organization."""
    name = f"op-{uuid.uuid4().hex[:8]}@humana.example"
    desk = Desk(User.objects.create_user(name, "quiet-harbour-71", name="Olga", is_staff=True))
    desk.take(mixed)  # type: ignore[arg-type]
    desk.begin_support()
    return desk


def look_at(desk: Desk, place: object) -> Any:
    return desk.client.post(reverse("console-place"), {"place": str(place)}, follow=True)


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return html.unescape(answer.content.decode())


@ELSEWHERE
def test_chats_trail_and_messages_of_a_place_are_seen_there(
    mixed: Mixed,
    desk: Desk,
    name: str,
) -> None:
    here, there = mixed.start(AT_HOME, f"at home {name}"), mixed.start(name, f"far off {name}")
    assert there.title not in text(desk.get("chats_chat"))
    bar = text(look_at(desk, mixed.placements[name].id))
    assert f'<option value="{mixed.placements[name].id}" selected>' in bar
    listed = text(desk.get("chats_chat"))
    assert there.title in listed
    assert here.title not in listed
    assert desk.get("chats_chat", there.id).status_code == 200
    assert "chats.chat.started" in text(desk.get("audit_auditentry", resource_id=str(there.id)))
    for page in ("chats_message", "chats_run", "chats_vote", "documents_folder", "audit_usageevent"):
        assert desk.get(page).status_code == 200
    with use_tenant(mixed.elsewhere(name)):
        looks = AuditEntry.objects.filter(action="support.looked", resource_type="chat")
        assert looks.filter(resource_id=str(there.id)).exists(), "the customer reads it beside the chat"
    look_at(desk, mixed.organization.placement_id)
    assert here.title in text(desk.get("chats_chat"))


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are published."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@ELSEWHERE
def test_work_that_was_put_aside_in_a_place_is_tried_again(
    mixed: Mixed,
    desk: Desk,
    name: str,
    eager: None,
) -> None:
    chat = mixed.start(name, "put aside")
    with use_tenant(mixed.elsewhere(name)):
        item = Outbox.objects.create(
            task="chats.title", arguments={"chat_id": str(chat.id)}, state=Outbox.State.QUARANTINED,
            attempts=9, due_at=timezone.now() - timedelta(hours=1),
        )  # fmt: skip
    look_at(desk, mixed.placements[name].id)
    assert desk.act("audit_outbox", "again", item.id).status_code == 302
    with use_tenant(mixed.elsewhere(name)):
        assert Outbox.objects.get(id=item.id).state == Outbox.State.DONE


def test_what_all_places_share_is_kept_in_the_main_one(mixed: Mixed, desk: Desk) -> None:
    look_at(desk, mixed.placements[IN_SCHEMA].id)
    refused = desk.get("companions_value")
    assert refused.status_code == 403
    assert "All places share this" in html.unescape(refused.content.decode())
    refused = desk.client.post(reverse("admin:companions_value_add"), {"title": "Lost", "description": "x"})
    assert refused.status_code == 403
    assert reverse("admin:companions_value_changelist") not in text(desk.get("chats_chat"))
    with use_tenant(mixed.elsewhere(IN_SCHEMA)):
        assert not Value.objects.exists()
    look_at(desk, mixed.organization.placement_id)
    assert "Calm" in text(desk.get("companions_value"))


@ELSEWHERE
def test_a_companion_is_read_whole_where_it_lives(mixed: Mixed, desk: Desk, name: str) -> None:
    companion = mixed.companions[name]
    assert "base_prompt" not in text(desk.get("companions_companion", companion.id))
    look_at(desk, mixed.placements[name].id)
    assert f"You are {name}." in text(desk.get("companions_companion", companion.id))
    assert mixed.placements[name].name in text(desk.get("companions_companion"))
    desk.edit("companions_companion", companion.id, purpose="Answers from there")
    with use_tenant(mixed.context):
        assert Companion.objects.get(id=companion.id).purpose == "Answers from there"


def test_only_an_organization_s_own_places_are_offered(mixed: Mixed, desk: Desk) -> None:
    other = build_world(f"alone-{uuid.uuid4().hex[:8]}")
    for wrong in (other.organization.id, uuid.uuid4(), "", "x"):
        assert look_at(desk, wrong).status_code == 404
    look_at(desk, mixed.placements[IN_SCHEMA].id)
    desk.take(other)
    page = text(desk.client.get(reverse("admin:index")))
    assert LOOK not in page, "it lives in one place"
    assert look_at(desk, mixed.placements[IN_SCHEMA].id).status_code == 404
    desk.take(mixed)  # type: ignore[arg-type]
    page = text(desk.client.get(reverse("admin:index")))
    assert f'<option value="{mixed.organization.placement_id}" selected>' in page, "and begins at main"
    desk.let_go()
    assert LOOK not in text(desk.client.get(reverse("admin:index")))
    assert look_at(desk, mixed.placements[IN_SCHEMA].id).status_code == 403


def test_from_a_place_that_does_not_answer_there_is_a_way_back(
    mixed: Mixed,
    desk: Desk,
    request: pytest.FixtureRequest,
) -> None:
    look_at(desk, mixed.placements[IN_DATABASE].id)
    request.getfixturevalue("database_down")
    desk.client.raise_request_exception = False
    assert desk.get("chats_chat").status_code == 503
    assert LOOK in text(desk.client.get(reverse("admin:index")))
    assert LOOK in text(look_at(desk, mixed.organization.placement_id))
    assert desk.get("chats_chat").status_code == 200
    with use_tenant(mixed.context):
        assert Chat.objects.exists()
