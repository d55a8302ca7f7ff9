"""Answers that rest on documents and say on which, at the wire and in what is kept."""

from __future__ import annotations

import uuid

import httpx2
import pytest
from django.conf import settings
from django.test import Client

from chats.models import Attachment, Citation, Run
from chats.services.attaching import MOST_ATTACHED, documents_for
from chats.services.conversations import move_chat
from chats.services.explain import why
from chats.services.replies import ask
from chats.sources import sources_of
from companions.services.knowledge import write_asset
from documents.models import Chunk, Folder
from documents.services.passages import keep_passages
from documents.services.purging import purge
from documents.store import Draft, store_of
from humana.kernel.errors import Invalid, NotFound
from tenants.context import current_tenant, use_tenant
from tests.chats.conftest import Desk, read_events
from tests.fixtures.models import ScriptedModel
from tests.fixtures.organizations import build_world
from tests.pages.conftest import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
LEAVE = "# Leave\n\nEverybody has thirty days of leave."


def a_document(owner_id: uuid.UUID, name: str, text: str, folder: Folder | None = None) -> uuid.UUID:
    """As it is once it was read: its text and its passages."""
    card = store_of(current_tenant()).add(
        Draft(
            owner_id=owner_id,
            author_id=owner_id,
            name=name,
            text=text,
            folder_id=folder.id if folder else None,
        )
    )
    keep_passages(kind=Chunk.Of.DOCUMENT, source_id=card.id, version=1, title=name, text=text)
    return card.id


def cookies_of(client: Client) -> dict[str, str]:
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def system(model: ScriptedModel) -> str:
    told: str = model.last.body["messages"][0]["content"]
    return told


def test_an_attached_document_is_told_cited_and_shown(desk: Desk, scripted_model: ScriptedModel) -> None:
    """Upload to cited answer, and the next question still knows it; a title is only started once."""
    world, chat = desk.world, desk.new_chat()
    with use_tenant(world.context):
        write_asset(title="Office", text="The leave desk is on the third floor.")
        document = a_document(world.member.user_id, "Rules [9]\nof leave.txt", LEAVE)
        question = "say:Thirty days [2], ask on the third floor [1][2]. Not [9], not `[1]`."
        run = ask(member=world.member, chat=chat, text=question, document_ids=[document])
    run = desk.until(run, Run.State.DONE)
    prompt = scripted_model.entries[0].body["messages"][0]["content"]
    assert "[1] Office\n> The leave desk" in prompt
    assert "[2] Rules [9] of leave.txt · Leave\n> # Leave\n> \n> Everybody has" in prompt
    with use_tenant(world.context):
        sources = sources_of(world.member, [run.message_id])[run.message_id]
        assert [(one.number, one.kind, one.title, one.place) for one in sources] == [
            (1, "knowledge", "Office", ""),
            (2, "document", "Rules [9] of leave.txt", "Leave"),
        ]
        assert "thirty days" in sources[1].quote
        told = why(member=world.member, message=run.message)
        assert (told.cited, told.unknown) == ([2, 1], 1)
        assert [(one.id, one.ordinals) for one in told.documents] == [(document, [0])]
        later = ask(member=world.member, chat=chat, text="say:Still thirty.")
    later = desk.until(later, Run.State.DONE)
    assert "thirty days of leave" in system(scripted_model)
    (again,) = [one["content"] for one in scripted_model.last.body["messages"] if one["role"] == "assistant"]
    assert "[2]" not in again, "told again, a number would name another source"
    assert "[9]" in again
    with use_tenant(world.context):
        assert not Citation.objects.filter(message_id=later.message_id).exists(), "it cites nothing"


def test_while_it_is_written_its_numbers_lead_to_the_sources(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    """In the events of the page and of programs, and on the page afterwards, which asks who may read now."""
    world, chat = desk.world, desk.new_chat()
    client = signed_in(world.member, "en")
    with use_tenant(world.context):
        document = a_document(world.member.user_id, "Rules.txt", LEAVE)
        question = "say:Thirty days [1], says [7]."
        run = ask(member=world.member, chat=chat, text=question, document_ids=[document])
    told = {name: data for _at, name, data in desk.events(run)}
    (given,) = told["sources"]["sources"]
    assert (given["number"], given["kind"], given["title"]) == (1, "document", "Rules.txt")
    desk.until(run, Run.State.DONE)
    page_events = f"{desk.server.url}/o/{world.slug}/runs/{run.id}/events?language=en"
    with httpx2.stream("GET", page_events, cookies=cookies_of(client), timeout=30) as response:
        blocks = [data["html"] for _at, name, data in read_events(response.iter_lines()) if name == "block"]
    assert f'href="/o/{world.slug}/messages/{run.message_id}/sources/#source-1"' in blocks[-1]
    chat_page = client.get(f"/o/{world.slug}/chats/{chat.id}/").content.decode()
    assert 'aria-label="Source 1: Rules.txt, Leave"' in chat_page
    assert "[7]" in chat_page
    drawer = f"/o/{world.slug}/messages/{run.message_id}/sources/"
    shown = client.get(drawer, headers={"HX-Request": "true"}).content.decode()
    assert "thirty days of leave" in shown
    assert f"/documents/{document}/#p-0" in shown
    kept = client.get(
        f"/api/v1/messages/{run.message_id}/", headers={"Humana-Organization": world.slug}
    ).json()
    assert [(one["number"], one["available"]) for one in kept["citations"]] == [(1, True)]
    with use_tenant(world.context):
        store_of(current_tenant()).trash(document, by=world.member.user_id)
    chat_page, shown = (
        client.get(f"/o/{world.slug}/chats/{chat.id}/").content.decode(),
        client.get(drawer).content.decode(),
    )
    assert 'aria-label="Source 1: no longer available to you"' in chat_page
    assert "Rules.txt" not in chat_page + shown
    assert "thirty days of leave" not in shown
    with use_tenant(world.context):
        cited = Citation.objects.filter(message_id=run.message_id)
        assert "thirty days" in cited.get().quote, "it can still be brought back"
        purge(document)
        assert [(one.number, one.title, one.place, one.quote) for one in cited] == [(1, "", "", "")]
        assert not Citation.objects.exclude(message_id=run.message_id).filter(quote="").exists()
    assert (
        'aria-label="Source 1: no longer' in client.get(f"/o/{world.slug}/chats/{chat.id}/").content.decode()
    )


def test_a_chat_in_a_folder_is_told_of_its_documents_and_those_above(
    desk: Desk, scripted_model: ScriptedModel
) -> None:
    world, chat = desk.world, desk.new_chat()
    with use_tenant(world.context):
        mine = world.member.user_id
        above = Folder.objects.create(owner_id=mine, name="Above")
        folder, beside = (
            Folder.objects.create(owner_id=mine, name=one, parent=above) for one in ("In", "Beside")
        )
        for name, text, where in (
            ("In.txt", "Leave is thirty days.", folder),
            ("Above.txt", "Leave is asked for in May.", above),
            ("Beside.txt", "Leave is a secret.", beside),
            ("Alone.txt", "Leave is nowhere.", None),
        ):
            a_document(mine, name, text, where)
        move_chat(member=world.member, chat=chat, folder=folder)
        run = ask(member=world.member, chat=chat, text="say:Leave")
    desk.until(run, Run.State.DONE)
    prompt = system(scripted_model)
    assert "> Leave is thirty days." in prompt
    assert "> Leave is asked for in May." in prompt
    assert "secret" not in prompt
    assert "nowhere" not in prompt


def test_nobody_attaches_what_they_may_not_read(desk: Desk) -> None:
    """A colleague's and another organization's are missing, in just the same way as one that never was."""
    world, chat, other = desk.world, desk.new_chat(), build_world(f"other-{uuid.uuid4().hex[:8]}")
    with use_tenant(other.context):
        theirs = a_document(other.member.user_id, "Theirs.txt", LEAVE)
    with use_tenant(world.context):
        colleagues = a_document(world.owner.user_id, "Owner's.txt", LEAVE)
        for one in (theirs, colleagues, uuid.uuid4()):
            with pytest.raises(NotFound):
                ask(member=world.member, chat=chat, text="What does it say?", document_ids=[one])
        with pytest.raises(Invalid) as many:
            documents_for(world.member, [uuid.uuid4() for _ in range(MOST_ATTACHED + 1)])
        assert many.value.code == "too_many"
        assert not Attachment.objects.filter(message__chat=chat).exists()
