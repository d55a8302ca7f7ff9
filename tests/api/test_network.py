"""Messages and handoffs through the API: sent once however often it is asked, read page by page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from companions.models import CompanionMessage, Handoff
from companions.services.companions import create_companion
from companions.services.delivering import deliver
from tenants.context import use_tenant
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db


def call(world: World, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
    sent = () if body is None else (json.dumps(body),)
    headers = {"authorization": f"Bearer {world.key}", **headers}
    answer: HttpResponse = getattr(Client(), method)(
        f"/api/v1/{path}", *sent, content_type="application/json", headers=headers
    )
    return answer


def test_a_companion_writes_to_another_once(left: World) -> None:
    with use_tenant(left.context):
        davi = create_companion(name="Davi", purpose="Plans", base_prompt="You are Davi.", language="en")
        CompanionMessage.objects.all().delete()
    letter = {
        "sender_id": str(left.companion.id),
        "to_id": str(davi.id),
        "kind": "knowledge_share",
        "text": "Eight rooms are free.",
    }
    answers = [
        call(left, "post", "network/messages/", letter, **{"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [202, 202]
    sent = answers[0].json()
    assert answers[1].json() == sent
    assert (sent["hop"], sent["trace_id"], sent["text"]) == (0, sent["id"], "Eight rooms are free.")
    with use_tenant(left.context):
        assert CompanionMessage.objects.count() == 1
        deliver(davi.id)
    (copy,) = call(left, "get", f"network/deliveries/?sent={sent['id']}").json()["results"]
    assert (copy["state"], copy["recipient_name"], copy["sequence"]) == ("delivered", "Davi", 1)
    assert call(left, "post", f"network/deliveries/{copy['id']}/release/").status_code == 409
    follow = {**letter, "sender_id": str(davi.id), "to_id": str(left.companion.id), "parent_id": sent["id"]}
    assert call(left, "post", "network/messages/", follow).json()["hop"] == 1
    page = call(left, "get", f"network/messages/?trace={sent['id']}&limit=1").json()
    assert page["next"]
    assert len(call(left, "get", f"network/messages/?trace={sent['id']}").json()["results"]) == 2

    rule = {
        "source_id": str(left.companion.id),
        "target_id": str(davi.id),
        "allow": False,
        "rights": ["share"],
    }
    made = call(left, "post", "network/rules/", rule).json()
    denied = call(left, "post", "network/messages/", letter)
    assert (denied.status_code, denied.json()["error"]["code"]) == (403, "denied")
    (end,) = call(left, "get", f"companions/{left.companion.id}/reach/").json()["results"]
    assert (end["rights"], end["reasons"]["share"]) == (["ask", "hand_off"], "denied")
    assert call(left, "delete", f"network/rules/{made['id']}/").status_code == 204
    assert call(left, "post", "network/messages/", letter).status_code == 202


def test_a_conversation_is_handed_over_and_taken(left: World) -> None:
    with use_tenant(left.context):
        davi = create_companion(name="Davi", purpose="Plans", base_prompt="You are Davi.", language="en")
        Handoff.objects.all().delete()
    offer = {
        "chat_id": str(left.chat.id),
        "to_companion_id": str(davi.id),
        "to_member_id": str(left.twin.id),
        "note": "Go on",
    }
    made = call(left, "post", "handoffs/", offer)
    assert made.status_code == 201
    assert call(left, "post", "handoffs/", offer).status_code == 409
    assert made.json()["state"] == "offered"
    taken = call(left, "post", f"handoffs/{made.json()['id']}/accept/").json()
    assert taken["state"] == "accepted"
    said = call(left, "get", f"chats/{taken['new_chat_id']}/messages/").json()["results"]
    assert [one["text"] for one in said][:1] == ["How much is left?"]
    assert call(left, "post", f"handoffs/{taken['id']}/decline/").status_code == 409
    assert call(left, "get", "handoffs/?state=accepted").json()["results"][0]["id"] == taken["id"]
