"""A long conversation: its end at once, the rest page by page, at the same cost whatever its length."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chats.models import Chat, Message
from chats.services import conversations
from chats.shown import PAGE, shown_page
from humana.rendering.kept import Shelf, shelf
from tenants.context import use_tenant
from tests.fixtures.organizations import World

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def talked(world: World, length: int) -> Chat:
    """A chat with that many messages, in turn."""
    with use_tenant(world.context):
        chat = conversations.start_chat(member=world.member, companion=world.companion)
        rows, parent = [], None
        for number in range(length):
            role = Message.Role.COMPANION if number % 2 else Message.Role.PERSON
            rows.append(Message(chat=chat, parent_id=parent, role=role, text=f"said number {number}."))
            parent = rows[-1].id
        Message.objects.bulk_create(rows)
        Chat.objects.filter(id=chat.id).update(leaf_id=parent, last_message_at=timezone.now())
        chat.refresh_from_db()
    return chat


def client_of(world: World) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.member.user, backend=BACKEND)
    return client


def said_on(page: str) -> list[int]:
    return [int(one) for one in re.findall(r"said number (\d+)\.(?=</p>|</div>)", page)]


def test_one_reads_from_the_end_upwards_and_misses_nothing(left: World) -> None:
    chat, client = talked(left, 100), client_of(left)
    address = f"/o/{left.slug}/chats/{chat.id}/"
    page = client.get(address).content.decode()
    read = said_on(page)
    assert read == list(range(100 - PAGE, 100))
    while found := re.search(r'hx-get="([^"]+/earlier/\?before=[0-9a-f-]+)"', page):
        page = client.get(found[1], headers={"hx-request": "true"}).content.decode()
        read = said_on(page) + read
    assert read == list(range(100))
    with use_tenant(left.context):
        first = Message.objects.filter(chat=chat).order_by("id").first()
    assert first is not None
    without_script = client.get(f"{address}?at={first.id}").content.decode()
    assert said_on(without_script) == list(range(PAGE))
    assert "To the end of the conversation" in without_script
    for odd in (f"?before={uuid.uuid4()}", "?before=x", "?at=%00"):
        assert said_on(client.get(address + odd).content.decode()) == list(range(60, 100)), odd


def test_its_length_costs_no_further_query_and_nothing_of_others_is_read(left: World) -> None:
    def asked(length: int) -> int:
        chat = talked(left, length)
        with use_tenant(left.context):
            connection = connections[left.context.placement.alias]
            with CaptureQueriesContext(connection) as queries:
                page = shown_page(member=left.member, chat=chat)
                assert len(page.shown) == min(length, PAGE)
                assert all(one.pieces[0].html for one in page.shown)
        return len(queries)

    assert asked(10) == asked(90) <= 8


def test_what_is_rendered_is_kept_for_one_organization_within_bounds() -> None:
    small, one, other = Shelf(most=100), uuid.uuid4(), uuid.uuid4()
    for number in range(50):
        assert small.html(one, f"*{number}*") == f"<p><em>{number}</em></p>\n"
    assert small._size <= 100
    big = Shelf()
    big.html(one, "*a*")
    assert len(big._html) == 1
    big.html(other, "*a*")
    assert len(big._html) == 2, "never found for another organization"
    big.html(one, "*a*")
    assert len(big._html) == 2


def test_an_unchanged_conversation_is_not_sent_again(left: World) -> None:
    chat, client = talked(left, 4), client_of(left)
    address = f"/o/{left.slug}/chats/{chat.id}/now/"
    assert client.get(f"{address}?leaf={chat.leaf_id}").status_code == 204
    assert said_on(client.get(f"{address}?leaf={uuid.uuid4()}").content.decode()) == [0, 1, 2, 3]
    shelf.forget()
