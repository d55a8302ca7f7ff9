"""Searching in chats: what was said, in whichever branch, and the way there."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chats.models import Chat, Message, MessageWords
from chats.searching import Hit, Search, Wanted, search
from chats.services import conversations, replies
from chats.services.words import catch_up
from chats.snippets import snippet
from tenants.config.snapshot import snapshot
from tenants.config_keys import ENCRYPTION_LEVEL
from tenants.context import use_tenant
from tenants.services.config import change, of_organization
from tenants.services.keys import create_api_key
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def chat(left: World) -> Chat:
    with use_tenant(left.context):
        return conversations.start_chat(member=left.member, companion=left.companion)


def found(world: World, text: str, **wanted: Any) -> list[Hit]:
    return searched(world, text, **wanted).hits


def searched(world: World, text: str, **wanted: Any) -> Search:
    with use_tenant(world.context):
        return search(world.member, Wanted(text, **wanted), most=20)


def ask(world: World, chat: Chat, text: str) -> Message:
    with use_tenant(world.context):
        run = replies.ask(member=world.member, chat=chat, text=text)
        return Message.objects.get(id=run.message.parent_id)


def browser(world: World) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.member.user, backend=BACKEND)
    return client


def test_what_was_said_is_found_without_accents_and_shown_in_its_place(left: World, chat: Chat) -> None:
    said = "Primeiro o resto. " * 20 + "A REUNIÃO de orçamento é às oito, no salão azul." + " E o fim." * 40
    question = ask(left, chat, said)
    (hit,) = found(left, "reuniao orcam")
    assert (hit.chat.id, hit.message and hit.message.id) == (chat.id, question.id)
    assert [bit.text for bit in hit.bits if bit.found] == ["REUNIÃO", "orçamento"]
    assert len("".join(bit.text for bit in hit.bits)) < 220
    assert found(left, "reuniao verde") == [], "all words must stand in one message"
    assert found(left, "  ,;  ") == []
    with use_tenant(left.context):
        assert search(left.twin, Wanted("reuniao"), most=20).hits == [], "chats are their owner's alone"


def test_titles_go_first_and_follow_every_new_name(left: World, chat: Chat) -> None:
    ask(left, chat, "Something about harbours")
    with use_tenant(left.context):
        second = conversations.start_chat(member=left.member, companion=left.companion)
        conversations.rename_chat(member=left.member, chat=second, title="Harbour fees")
    assert [one.chat.id for one in found(left, "harbour")] == [second.id, chat.id]
    with use_tenant(left.context):
        second.refresh_from_db()
        conversations.rename_chat(member=left.member, chat=second, title="Fees")
    assert [one.chat.id for one in found(left, "harbour")] == [chat.id]


def test_filters_narrow_and_what_is_removed_is_found_no_more(left: World, chat: Chat) -> None:
    ask(left, chat, "Lighthouse keepers")
    assert len(found(left, "lighthouse", companion_id=chat.companion_id)) == 1
    assert found(left, "lighthouse", companion_id=uuid.uuid4()) == []
    assert found(left, "lighthouse", folder_id=uuid.uuid4()) == []
    assert found(left, "lighthouse", since=timezone.now() + timedelta(days=1)) == []
    assert found(left, "lighthouse", until=timezone.now() - timedelta(days=1)) == []
    assert found(left, "lighthouse", archived=True) == []
    with use_tenant(left.context):
        conversations.archive_chat(member=left.member, chat=chat, archived=True)
    assert len(found(left, "lighthouse", archived=True)) == len(found(left, "lighthouse")) == 1
    with use_tenant(left.context):
        conversations.remove_chat(member=left.member, chat=chat)
    assert found(left, "lighthouse") == []
    with use_tenant(left.context):
        conversations.restore_chat(member=left.member, chat_id=chat.id)
    assert len(found(left, "lighthouse")) == 1


def test_a_find_on_another_branch_opens_that_branch(left: World, chat: Chat) -> None:
    first = ask(left, chat, "First thoughts on walruses")
    with use_tenant(left.context):
        replies.edit(member=left.member, message=first, text="Second thoughts")
    client = browser(left)
    page = client.get(f"/o/{left.slug}/search/?q=walrus", headers={"hx-request": "true"}).content.decode()
    address = f"/o/{left.slug}/messages/{first.id}/open/"
    assert address in page
    assert "<mark>walruses</mark>" in page
    answer = client.get(address)
    assert answer["Location"] == f"/o/{left.slug}/chats/{chat.id}/?at={first.id}#message-{first.id}"
    shown = client.get(answer["Location"]).content.decode()
    assert "First thoughts on walruses" in shown
    assert "Second thoughts" not in shown


def test_the_page_has_filters_and_programs_ask_with_q(left: World, chat: Chat) -> None:
    ask(left, chat, "Müller über Brücken <b>")
    page = browser(left).get(
        f"/o/{left.slug}/search/?q=brucken&days=7&archived=0&companion={chat.companion_id}"
    )
    assert "<mark>Brücken</mark> &lt;b&gt;" in page.content.decode()
    headers = {"authorization": f"Bearer {create_api_key(member=left.member, name='Search')[1]}"}
    told = Client().get("/api/v1/chats/?q=bruck+muller", headers=headers).json()
    assert [one["id"] for one in told["results"]] == [str(chat.id)]
    assert Client().get("/api/v1/chats/?q=bruck+x", headers=headers).json()["results"] == []
    for wrong in ("q=", "q=" + "x" * 201, "q=a%00", "since=yesterday"):
        assert Client().get(f"/api/v1/chats/?{wrong}", headers=headers).status_code == 422, wrong


def test_words_of_before_are_caught_up_with_and_none_is_kept_where_text_is_sealed(
    left: World, chat: Chat
) -> None:
    ask(left, chat, "Ancient history")
    with use_tenant(left.context):
        kept = MessageWords.objects.filter(chat_id=chat.id)
        assert kept.count() == 2, "the question and the title"
        kept.delete()
        assert not search(left.member, Wanted("ancient"), most=5).hits
        assert catch_up() is False
        assert len(search(left.member, Wanted("ancient"), most=5).hits) == 1
        before = MessageWords.objects.count()
        catch_up()
        assert MessageWords.objects.count() == before, "again does no harm"
        change(
            member=left.owner,
            where=of_organization(left.organization.id),
            key=ENCRYPTION_LEVEL,
            value="sealed",
        )
        snapshot.forget()
        hidden = ask(left, chat, "Quiet words")
        assert not MessageWords.objects.filter(message_id=hidden.id).exists()
        told = search(left.member, Wanted("ancient"), most=5)
        assert (len(told.hits), told.titles_only) == (1, True)
        assert search(left.member, Wanted("quiet"), most=5).hits == []
        catch_up()
        assert not MessageWords.objects.exists(), "what search knew is gone"
    page = browser(left).get(f"/o/{left.slug}/search/?q=ancient").content.decode()
    assert "only the titles of the latest chats" in page
    snapshot.forget()


def test_a_snippet_is_of_the_text_as_it_stands() -> None:
    bits = snippet("Ａlfa\n\n*Ça va*, ſtraße", ["ca", "strasse"])
    assert [(bit.text, bit.found) for bit in bits] == [
        ("Ａlfa *", False),
        ("Ça", True),
        (" va*, ", False),
        ("ſtraße", True),
    ]
    assert snippet("", ["x"]) == []
