"""What a person sees of the network: who reaches whom, what was said, and what waits for them."""

from __future__ import annotations

import pytest
from django.test import Client

from chats.models import Chat
from companions.models import Companion, CompanionMessage, Delivery, Handoff
from companions.services.companions import create_companion
from companions.services.delivering import deliver
from companions.services.rules import set_rule
from tenants.context import use_tenant
from tests.fixtures.organizations import World
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db


def another(world: World, name: str = "Davi") -> Companion:
    with use_tenant(world.context):
        return create_companion(name=name, purpose="Plans", base_prompt=f"You are {name}.", language="en")


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_who_reaches_whom_is_a_table_and_a_message_leads_to_its_trace(left: World, owner: Client) -> None:
    davi = another(left)
    with use_tenant(left.context):
        set_rule(source_id=left.companion.id, target_id=davi.id, allow=False, rights=["hand_off"])
    page = text(owner, "/o/left/network/?from=clara")
    assert "Whom Clara reaches" in page
    assert "Your organization does not let the one write to the other for this." in page
    assert "Everyone in the organization reaches it." in page
    sent = {
        "sender": left.companion.id,
        "kind": "knowledge_share",
        "text": "Rooms <b>are</b> free",
        "to": davi.id,
    }
    answer = owner.post("/o/left/network/send/", sent)
    assert answer.status_code == 302
    assert "On its way" in text(owner, answer["Location"])
    with use_tenant(left.context):
        deliver(davi.id)
    trace = text(owner, answer["Location"])
    assert "Rooms &lt;b&gt;are&lt;/b&gt; free" in trace
    assert "Delivered" in trace
    assert "Davi" in text(owner, "/o/left/network/")
    assert signed_in(left.member).get(answer["Location"]).status_code == 404, "sent for somebody else"
    for wrong, status in (({"to": "nobody"}, 422), ({"text": " "}, 422), ({"kind": "gossip"}, 422)):
        assert owner.post("/o/left/network/send/", sent | wrong).status_code == status
    with use_tenant(left.context):
        set_rule(source_id=left.companion.id, target_id=davi.id, allow=False)
    refused = owner.post("/o/left/network/send/", sent | {"text": "Half a tho"})
    assert refused.status_code == 403
    assert "Half a tho" in refused.content.decode(), "what was typed is not lost"
    with use_tenant(left.context):
        Delivery.objects.filter(recipient=davi).update(state="quarantined", reason="CannotOpen")
        copy = Delivery.objects.get(recipient=davi)
    assert "Try again" in text(owner, answer["Location"])
    assert owner.post(f"/o/left/network/deliveries/{copy.id}/").status_code == 302
    assert owner.post(f"/o/left/network/deliveries/{copy.id}/").status_code == 409


def test_a_conversation_is_offered_on_its_page_and_waits_on_the_home_page(left: World, owner: Client) -> None:
    davi, bruno = another(left), signed_in(left.member)
    with use_tenant(left.context):
        Handoff.objects.all().delete()
    page = f"/o/left/chats/{left.chat.id}/hand-over/"
    assert page in text(owner, f"/o/left/chats/{left.chat.id}/")
    assert "Bruno" in text(owner, page)
    wanted = {"companion": davi.id, "person": left.member.id, "note": "Ask about the windows"}
    refused = owner.post(page, wanted | {"note": "x" * 2001})
    assert refused.status_code == 422
    assert "x" * 2001 in refused.content.decode(), "what was typed is not lost"
    assert owner.post(page, wanted | {"companion": "nobody"}).status_code == 422
    assert owner.post(page, wanted).status_code == 302
    assert owner.post(page, wanted).status_code == 409
    home = text(bruno, "/o/left/")
    assert "Caio hands “Budget” to you, to go on with Davi." in home
    assert "Ask about the windows" in home
    assert "Withdraw" in text(owner, "/o/left/")
    with use_tenant(left.context):
        handoff = Handoff.objects.get()
    assert signed_in(left.owner).post(f"/o/left/handoffs/{handoff.id}/accept/").status_code == 404
    answer = bruno.post(f"/o/left/handoffs/{handoff.id}/accept/")
    chat = text(bruno, answer["Location"])
    assert "How much is left?" in chat
    assert '<h2 class="who">Clara</h2>' in chat, "what was said was said by whom it was asked"
    assert "Davi" in chat
    assert "Accepted" in text(owner, "/o/left/")
    with use_tenant(left.context):
        assert Chat.objects.filter(owner_id=left.member.user_id, companion=davi).count() == 1
        assert CompanionMessage.objects.filter(kind="workflow_handoff").count() == 1


def test_what_one_hands_to_oneself_goes_on_at_once(left: World, owner: Client) -> None:
    davi, bruno = another(left), signed_in(left.member, "en")
    with use_tenant(left.context):
        Handoff.objects.all().delete()
    page = f"/o/left/chats/{left.chat.id}/hand-over/"
    assert "Caio (yourself)" in text(owner, page)
    answer = owner.post(page, {"companion": davi.id, "person": left.twin.id, "note": ""})
    assert "How much is left?" in text(owner, answer["Location"])
    assert str(left.chat.id) not in answer["Location"]
    assert "Withdraw" not in text(owner, "/o/left/"), "nothing waits for an answer"
    assert "to go on with Davi" not in text(bruno, "/o/left/")
