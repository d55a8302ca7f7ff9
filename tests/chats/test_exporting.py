"""A chat to keep: Markdown of what one reads, JSON of all there is, whatever it is called."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from audit.models import AuditEntry
from chats.models import Chat, Message, Run
from chats.services import conversations, replies
from tenants.context import use_tenant
from tenants.services.keys import create_api_key
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HOSTILE = '../../etc/passwd\r\nX-Evil: 1 "; filename="x.exe" <script># ção\u202egpj.exe CON'


@pytest.fixture
def chat(left: World) -> Chat:
    """A question with its answer, and a second version of the question that is shown now."""
    with use_tenant(left.context):
        chat = conversations.start_chat(member=left.member, companion=left.companion)
        run = replies.ask(member=left.member, chat=chat, text="First <b>version</b>")
        Message.objects.filter(id=run.message_id).update(text="An answer with `code`", state="done")
        Run.objects.filter(id=run.id).update(model="small", endpoint="Own", state="done")
        question = Message.objects.get(id=run.message.parent_id)
        replies.edit(member=left.member, message=question, text="Second version")
        Chat.objects.filter(id=chat.id).update(title=HOSTILE)
        chat.refresh_from_db()
    return chat


def test_markdown_is_the_branch_and_json_all_of_it(left: World, chat: Chat) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(left.member.user, backend=BACKEND)
    address = f"/o/{left.slug}/chats/{chat.id}/export/"
    answer = client.post(address, {"form": "markdown"})
    text = answer.content.decode()
    assert "Second version" in text
    assert "First" not in text
    assert left.member.user.get_full_name() in text
    assert text.startswith("# ../../etc/passwd X-Evil")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    name = answer["Content-Disposition"].partition('filename="')[2].rstrip('"')
    assert name.replace(".md", "").replace("-", "").isalnum(), name
    assert name.isascii()
    told = json.loads(client.post(address, {"form": "json"}).content)
    assert [one["text"] for one in told["messages"] if one["role"] == "person"] == [
        "First <b>version</b>",
        "Second version",
    ]
    (answered,) = [one for one in told["messages"] if one["text"].startswith("An answer")]
    assert (answered["model"], answered["endpoint"], answered["by"]) == ("small", "Own", "Clara")
    assert answered["parent_id"] == told["messages"][0]["id"]
    assert client.post(address, {"form": "exe"}).status_code == 422
    with use_tenant(left.context):
        entries = AuditEntry.objects.filter(action="chats.chat.exported", resource_id=str(chat.id))
        assert entries.count() == 2


def test_programs_get_the_same_and_only_the_owner_does(left: World, chat: Chat) -> None:
    mine, theirs = (
        {"authorization": f"Bearer {create_api_key(member=one, name='Export')[1]}"}
        for one in (left.member, left.owner)
    )
    address = f"/api/v1/chats/{chat.id}/export/"
    assert Client().get(address, headers=mine).json()["format"] == "humana.chat/1"
    assert Client().get(f"{address}?form=markdown", headers=mine)["Content-Type"].startswith("text/markdown")
    assert Client().get(f"{address}?form=pdf", headers=mine).status_code == 422
    assert Client().get(address, headers=theirs).status_code == 404
